"""Filters of Describe calls in the AWS lab find what EC2's documentation says."""

from __future__ import annotations

from typing import Any

import pytest
from support.ec2_calls import add, code, new_group, new_list
from support.ec2_server import LocalEc2

from esacloud.lab.ec2.filters import matches


def found(ec2: LocalEc2, *filters: tuple[str, list[str]]) -> set[str]:
    desired: list[dict[str, Any]] = [{"Name": name, "Values": values} for name, values in filters]
    return {group["GroupId"] for group in ec2.client.describe_security_groups(Filters=desired)["SecurityGroups"]}


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("a*c", "abbc", True),
        ("a?c", "abc", True),
        ("a?c", "abbc", False),
        (r"a\*c", "abc", False),
        (r"a\*c", "a*c", True),
        ("a.c", "abc", False),
        ("(a+b)", "(a+b)", True),
        ("[ab]", "a", False),
        ("A", "a", False),
        ("a", "ab", False),
        ("*", None, False),
        ("*", "", True),
        ("a\\", "a\\", True),
    ],
)
def test_wildcards_are_those_of_ec2_and_all_else_is_text(pattern: str, value: str | None, expected: bool) -> None:
    assert matches(pattern, value) is expected


def test_names_and_descriptions_are_found_by_any_of_several_values(local: LocalEc2) -> None:
    description = "esacloud: gate-1 (data1) [v1+2]"
    one = new_group(local, GroupName="gate-1 data1", Description=description)
    two = new_group(local, GroupName="gate-1 data1 2", Description="other")
    assert found(local, ("group-name", ["gate-1 data1", "gate-1 data1 2", "none"])) == {one, two}
    assert found(local, ("group-name", ["gate-1 data1*"])) == {one, two}
    assert found(local, ("group-name", ["gate-1 data1"])) == {one}
    assert found(local, ("description", [description])) == {one}
    assert found(local, ("description", ["esacloud: gate-?*"])) == {one}
    assert found(local, ("group-name", ["gate-1 data1*"]), ("description", ["other"])) == {two}


def test_groups_are_found_by_whom_their_rules_name(local: LocalEc2) -> None:
    named, both, neither = new_group(local), new_group(local), new_group(local)
    listed = new_list(local, 1)
    add(local, both, named, "fd00:5::/64")
    add(local, both, named, listed, direction="egress")
    add(local, neither, neither)
    for prefix in ("", "egress."):
        assert found(local, (f"{prefix}ip-permission.group-id", [named, "sg-0000000000000dead"])) == {both}
    assert found(local, ("ip-permission.group-id", [neither])) == {neither}
    assert found(local, ("ip-permission.ipv6-cidr", ["fd00:5::/64"])) == {both}
    assert found(local, ("egress.ip-permission.prefix-list-id", [listed])) == {both}
    assert found(local, ("ip-permission.prefix-list-id", [listed])) == set()


def test_tags_are_found_by_key_and_value_with_regard_to_case(local: LocalEc2) -> None:
    one, two = new_group(local), new_group(local)
    local.client.create_tags(Resources=[one], Tags=[{"Key": "esacloud:x", "Value": "gate[1]"}])
    local.client.create_tags(Resources=[two], Tags=[{"Key": "esacloud:x", "Value": "gate1"}])
    assert found(local, ("tag:esacloud:x", ["gate[1]"])) == {one}
    assert found(local, ("tag:esacloud:x", ["gate*", "none"])) == {one, two}
    assert found(local, ("tag:esacloud:X", ["gate1"])) == set()
    assert found(local, ("tag-key", ["esacloud:x"])) == {one, two}
    assert found(local, ("tag-key", ["esacloud:x"]), ("tag-value", ["gate1"])) == {two}


def test_a_filter_that_ec2_does_not_have_is_refused(local: LocalEc2) -> None:
    assert code(local, found, local, ("colour", ["red"])) == "InvalidParameterValue"
