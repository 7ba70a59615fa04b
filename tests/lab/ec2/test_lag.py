"""Reads of the AWS lab lag behind writes, in the ways that a test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.described import permission
from support.ec2_calls import add, attached, code, new_group, new_interface
from support.ec2_server import LocalEc2, local_ec2
from support.live_ec2 import VPC, live_ec2

from esacloud.lab.ec2.lag import Lag
from esacloud.lab.ec2.requests import LAG_HEADER, NO_LAG
from esacloud.lab.ec2.settings import settings, using


class Clock:
    """Seconds that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ec2(local: LocalEc2) -> LocalEc2:
    return local


@contextmanager
def lagging(**how: Any) -> Iterator[Lag]:
    with using(Lag(**how)) as changed:
        yield changed.lag


def networks(ec2: LocalEc2, group: str) -> set[str]:
    """The networks of a group's ingress rules, as DescribeSecurityGroups shows them."""
    (found,) = ec2.client.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return {one["CidrIp"] for rule in found["IpPermissions"] for one in rule["IpRanges"]}


def test_a_read_shows_the_state_of_so_many_seconds_ago(ec2: LocalEc2) -> None:
    clock, group = Clock(), new_group(ec2)
    with lagging(seconds=2, clock=clock):
        add(ec2, group, "10.0.0.0/24")
        clock.now += 1
        add(ec2, group, "10.0.1.0/24")
        seen = []
        for _ in range(5):
            seen.append(networks(ec2, group))
            clock.now += 0.75
    both = {"10.0.0.0/24", "10.0.1.0/24"}
    assert seen == [set(), set(), {"10.0.0.0/24"}, both, both]


def test_the_first_reads_after_a_change_show_the_state_before_it(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    with lagging(reads=2):
        add(ec2, group, "10.0.0.0/24")
        assert [networks(ec2, group) for _ in range(3)] == [set(), set(), {"10.0.0.0/24"}]


def test_every_change_is_hidden_for_its_own_reads(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    with lagging(reads=2):
        add(ec2, group, "10.0.0.0/24")
        assert networks(ec2, group) == set()
        add(ec2, group, "10.0.1.0/24")
        assert networks(ec2, group) == set()
        assert networks(ec2, group) == {"10.0.0.0/24"}
        assert networks(ec2, group) == {"10.0.0.0/24", "10.0.1.0/24"}


def test_a_group_that_is_not_shown_yet_is_not_found_by_id_and_missing_by_filter(ec2: LocalEc2) -> None:
    with lagging(reads=3):
        group = new_group(ec2)
        assert code(ec2, lambda: ec2.client.describe_security_groups(GroupIds=[group])) == "InvalidGroup.NotFound"
        filters = [{"Name": "group-id", "Values": [group]}]
        assert ec2.client.describe_security_groups(Filters=filters)["SecurityGroups"] == []
        assert ec2.client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"] == []
        assert networks(ec2, group) == set()


def test_a_deleted_group_is_still_shown_with_its_tags(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    ec2.client.create_tags(Resources=[group], Tags=[{"Key": "lag", "Value": "before"}])
    with lagging(reads=1):
        ec2.client.create_tags(Resources=[group], Tags=[{"Key": "lag", "Value": "after"}])
        assert ec2.groups("lag", "after") == []
        assert [one["GroupId"] for one in ec2.groups("lag", "after")] == [group]
        ec2.client.delete_security_group(GroupId=group)
        assert [one["GroupId"] for one in ec2.groups("lag", "after")] == [group]
        assert code(ec2, lambda: networks(ec2, group)) == "InvalidGroup.NotFound"


def test_descriptions_and_modified_rules_lag_too(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    rule = permission("tcp/25", "10.0.0.0/24")
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    filters = [{"Name": "group-id", "Values": [group]}]

    def shown() -> tuple[str, str | None]:
        found = ec2.client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        (one,) = (one for one in found if not one["IsEgress"])
        return one["CidrIpv4"], one.get("Description")

    with lagging(reads=1):
        rule["IpRanges"][0]["Description"] = "why"
        ec2.client.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[rule])
        assert [shown(), shown()] == [("10.0.0.0/24", None), ("10.0.0.0/24", "why")]
        (one,) = (
            one
            for one in ec2.client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
            if not one["IsEgress"]
        )
        desired = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "CidrIpv4": "10.0.9.0/24"}
        ec2.client.modify_security_group_rules(
            GroupId=group,
            SecurityGroupRules=[{"SecurityGroupRuleId": one["SecurityGroupRuleId"], "SecurityGroupRule": desired}],
        )
        assert [shown(), shown()] == [("10.0.0.0/24", "why"), ("10.0.9.0/24", None)]


def test_the_groups_of_a_network_interface_lag_and_are_found_by_the_old_list(ec2: LocalEc2) -> None:
    old, new = new_group(ec2), new_group(ec2)
    made = new_interface(ec2, old)

    def found_by(group: str) -> list[str]:
        filters = [{"Name": "group-id", "Values": [group]}]
        found = ec2.client.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        return [one["NetworkInterfaceId"] for one in found]

    with lagging(reads=4):
        ec2.client.modify_network_interface_attribute(NetworkInterfaceId=made, Groups=[new])
        assert attached(ec2, made) == [old]
        assert found_by(old) == [made]
        assert found_by(new) == []
        attribute = ec2.client.describe_network_interface_attribute(NetworkInterfaceId=made, Attribute="groupSet")
        assert [one["GroupId"] for one in attribute["Groups"]] == [old]
        assert attached(ec2, made) == [new]
        assert found_by(new) == [made]


def test_writes_see_the_true_state(ec2: LocalEc2) -> None:
    with lagging(seconds=3600):
        group = new_group(ec2)
        add(ec2, group, "10.0.0.0/24")
        assert code(ec2, lambda: add(ec2, group, "10.0.0.0/24")) == "InvalidPermission.Duplicate"
        gone = [permission("tcp/25", "10.0.1.0/24")]
        revoke = ec2.client.revoke_security_group_ingress
        assert code(ec2, lambda: revoke(GroupId=group, IpPermissions=gone)) == "InvalidPermission.NotFound"


def test_writes_may_lag_as_well(ec2: LocalEc2) -> None:
    with lagging(reads=2, writes=True):
        group = new_group(ec2)
        for _ in range(2):
            assert code(ec2, lambda: add(ec2, group, "10.0.0.0/24")) == "InvalidGroup.NotFound"
        add(ec2, group, "10.0.0.0/24")
        assert code(ec2, lambda: add(ec2, "sg-0000000000000dead", "10.0.0.0/24")) == "InvalidGroup.NotFound"
    assert networks(ec2, group) == {"10.0.0.0/24"}
    interface = new_interface(ec2, group)
    attach = ec2.client.modify_network_interface_attribute
    with lagging(reads=2, writes=True):
        other = new_group(ec2)
        assert code(ec2, lambda: add(ec2, group, other)) == "InvalidGroup.NotFound"
        assert code(ec2, attach, NetworkInterfaceId=interface, Groups=[group, other]) == "InvalidGroup.NotFound"
        attach(NetworkInterfaceId=interface, Groups=[group, other])
    assert attached(ec2, interface) == [group, other]


def test_flapping_reads_are_old_or_true_by_chance_and_the_same_for_one_seed(ec2: LocalEc2) -> None:
    clock, group = Clock(), new_group(ec2)
    runs = []
    with lagging(seconds=2, flapping=7, clock=clock) as lag:
        for _ in range(2):
            add(ec2, group, "10.0.0.0/24")
            runs.append(["10.0.0.0/24" in networks(ec2, group) for _ in range(30)])
            clock.now += 2
            assert networks(ec2, group) == {"10.0.0.0/24"}
            ec2.client.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/25", "10.0.0.0/24")])
            clock.now += 2
            lag.flapping = 7
    assert runs[0] == runs[1]
    assert 5 < sum(runs[0]) < 25


def test_a_test_may_say_of_each_read_how_old_it_is(ec2: LocalEc2) -> None:
    group, asked = new_group(ec2), []

    def behind(number: int, action: str) -> int:
        asked.append((number, action))
        return [0, 1, 2, 9, 0][number]

    with lagging(behind=behind):
        add(ec2, group, "10.0.0.0/24")
        add(ec2, group, "10.0.1.0/24")
        seen = [len(networks(ec2, group)) for _ in range(5)]
    assert seen == [2, 1, 0, 0, 2]
    assert asked == [(number, "DescribeSecurityGroups") for number in range(5)]


def test_a_lag_may_change_and_be_forgotten_while_the_server_runs(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    with lagging() as lag:
        add(ec2, group, "10.0.0.0/24")
        assert len(networks(ec2, group)) == 1
        lag.seconds = 3600
        add(ec2, group, "10.0.1.0/24")
        assert len(networks(ec2, group)) == 1
        lag.forget()
        assert len(networks(ec2, group)) == 2
        add(ec2, group, "10.0.2.0/24")
        lag.seconds = 0
        assert len(networks(ec2, group)) == 3


def test_a_refused_command_is_no_change(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    with lagging(behind=lambda number, action: 1):
        add(ec2, group, "10.0.0.0/24")
        assert code(ec2, lambda: add(ec2, group, "10.0.0.0/24")) == "InvalidPermission.Duplicate"
        assert networks(ec2, group) == set()


def test_reads_and_writes_of_many_threads_end_in_the_true_state(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    with lagging(seconds=0.01), ThreadPoolExecutor(8) as pool:
        work = [pool.submit(add, ec2, group, f"10.1.{number}.0/24") for number in range(20)]
        work += [pool.submit(networks, ec2, group) for _ in range(20)]
        for one in work:
            one.result()
    assert networks(ec2, group) == {f"10.1.{number}.0/24" for number in range(20)}


def test_a_client_may_ask_for_the_true_state_and_hides_no_other_read_by_it(ec2: LocalEc2) -> None:
    group = new_group(ec2)

    def ask(request: Any, **_: Any) -> None:
        request.headers[LAG_HEADER] = NO_LAG

    with lagging(reads=1):
        add(ec2, group, "10.0.0.0/24")
        ec2.client.meta.events.register("before-sign.ec2", ask)
        try:
            assert networks(ec2, group) == {"10.0.0.0/24"}
        finally:
            ec2.client.meta.events.unregister("before-sign.ec2", ask)
        assert [len(networks(ec2, group)) for _ in range(2)] == [0, 1]


def test_what_comes_through_the_faulty_proxy_lags_as_well(tmp_path: Path) -> None:
    with live_ec2(tmp_path) as live, lagging(reads=1):
        live.furnish()
        made = live.faulty.create_security_group(GroupName="through the proxy", Description="test", VpcId=VPC)["GroupId"]
        filters = [{"Name": "group-id", "Values": [made]}]
        seen = [live.faulty.describe_security_groups(Filters=filters)["SecurityGroups"] for _ in range(2)]
        assert [len(found) for found in seen] == [0, 1]


def test_a_server_is_given_its_lag_and_the_next_one_has_none() -> None:
    with local_ec2(Lag(reads=1)) as ec2:
        group = new_group(ec2)
        assert code(ec2, lambda: networks(ec2, group)) == "InvalidGroup.NotFound"
        assert networks(ec2, group) == set()
    assert not settings.lag.active
