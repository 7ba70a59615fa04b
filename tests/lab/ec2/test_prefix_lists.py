"""Prefix lists of the AWS lab: what they are found by, and how long they are."""

from __future__ import annotations

from typing import Any

from support.ec2_calls import code, new_list
from support.ec2_server import LocalEc2

ABSENT = "pl-0000000000000dead"


def sizes(ec2: LocalEc2, **asked: Any) -> dict[str, tuple[str, int]]:
    found = ec2.client.describe_managed_prefix_lists(**asked)["PrefixLists"]
    return {each["PrefixListId"]: (each["PrefixListName"], each["MaxEntries"]) for each in found}


def test_prefix_lists_are_found_by_id_and_by_filter(local: LocalEc2) -> None:
    one, two = new_list(local, 3), new_list(local, 4)
    assert [size for _, size in sizes(local, PrefixListIds=[one, two]).values()] == [3, 4]
    filters = [{"Name": "prefix-list-id", "Values": [one, ABSENT]}]
    assert list(sizes(local, Filters=filters)) == [one]
    assert code(local, sizes, local, PrefixListIds=[one, ABSENT]) == "InvalidPrefixListID.NotFound"


def test_a_list_gets_another_maximum_and_keeps_its_name(local: LocalEc2) -> None:
    made = new_list(local, 3)
    ((name, _),) = sizes(local, PrefixListIds=[made]).values()
    local.client.modify_managed_prefix_list(PrefixListId=made, MaxEntries=7)
    assert sizes(local, PrefixListIds=[made]) == {made: (name, 7)}
    call = local.client.modify_managed_prefix_list
    assert code(local, call, PrefixListId=ABSENT, MaxEntries=7) == "InvalidPrefixListID.NotFound"
