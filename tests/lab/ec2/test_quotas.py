"""The AWS lab enforces the quotas of the deployment file, and counts as EC2 does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.described import permission
from support.ec2_calls import add, attached, code, new_group, new_interface, new_list, rules
from support.ec2_server import LocalEc2
from support.live_ec2 import GROUP, LIST, text

from esacloud import workflow
from esacloud.aws.limits import Limits
from esacloud.change.live import Connection
from esacloud.lab.ec2.lab import furnish
from esacloud.lab.ec2.quotas import DEFAULT, limits_of, set_limits

FULL = "RulesPerSecurityGroupLimitExceeded"


@pytest.fixture
def ec2(local: LocalEc2) -> Iterator[LocalEc2]:
    """A server with room for four rules in a group and two groups at a network interface."""
    set_limits(local.vpc, Limits(4, 2))
    yield local
    set_limits(local.vpc, DEFAULT)


def test_a_vpc_of_which_nobody_spoke_has_the_defaults_of_ec2() -> None:
    assert limits_of("vpc-00000000000000000") == Limits(60, 5)


def test_families_and_directions_are_counted_apart(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    four = [f"10.0.{number}.0/24" for number in range(4)]
    six = [f"2001:db8:{number}::/64" for number in range(4)]
    add(ec2, group, *four, *six)
    assert code(ec2, add, ec2, group, "10.9.0.0/24") == FULL
    assert code(ec2, add, ec2, group, "2001:db8:9::/64") == FULL
    add(ec2, group, *four[:3], *six[:3], direction="egress")  # beside the two that a new group has
    assert code(ec2, add, ec2, group, four[3], direction="egress") == FULL


def test_a_group_counts_one_in_both_families(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    add(ec2, group, group, "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24")
    assert code(ec2, add, ec2, group, "10.0.3.0/24") == FULL
    add(ec2, group, "fd00:1::/64", "fd00:2::/64", "fd00:3::/64")
    assert code(ec2, add, ec2, group, new_group(ec2)) == FULL


@pytest.mark.parametrize(
    ("family", "fits", "full"), [("IPv4", "fd00::/64", "10.0.0.0/24"), ("IPv6", "10.0.0.0/24", "fd00::/64")]
)
def test_a_prefix_list_counts_its_maximum_in_its_own_family(ec2: LocalEc2, family: str, fits: str, full: str) -> None:
    group = new_group(ec2)
    add(ec2, group, new_list(ec2, 4, family))
    add(ec2, group, fits)
    assert code(ec2, add, ec2, group, full) == FULL


def test_a_list_of_aws_counts_its_published_weight(ec2: LocalEc2) -> None:
    known = {
        one["PrefixListName"]: one["PrefixListId"] for one in ec2.client.describe_managed_prefix_lists()["PrefixLists"]
    }
    group = new_group(ec2)
    add(ec2, group, known["com.amazonaws.eu-central-1.s3"], known["com.amazonaws.eu-central-1.dynamodb"])
    assert code(ec2, add, ec2, group, known["com.amazonaws.global.cloudfront.origin-facing"]) == FULL
    set_limits(ec2.vpc, Limits(57, 2))
    add(ec2, group, known["com.amazonaws.global.cloudfront.origin-facing"])
    assert code(ec2, add, ec2, group, "10.0.0.0/24") == FULL


def test_a_refused_authorize_keeps_nothing_of_any_permission(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    add(ec2, group, "10.0.0.0/24")
    before = rules(ec2, group)
    desired = [
        permission("tcp/25", "10.0.1.0/24", "fd00::/64"),
        permission("tcp/26", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"),
    ]
    assert code(ec2, ec2.client.authorize_security_group_ingress, GroupId=group, IpPermissions=desired) == FULL
    assert rules(ec2, group) == before


def test_a_rule_is_not_changed_to_a_list_that_is_too_long(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    add(ec2, group, new_list(ec2, 2), "10.0.0.0/24")
    before = rules(ec2, group)
    (rule,) = (name for name, found in before.items() if "PrefixListId" in found)
    ports = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25}

    def change(entries: int) -> None:
        desired = {"SecurityGroupRuleId": rule, "SecurityGroupRule": {**ports, "PrefixListId": new_list(ec2, entries)}}
        ec2.client.modify_security_group_rules(GroupId=group, SecurityGroupRules=[desired])

    assert code(ec2, change, 4) == FULL
    assert rules(ec2, group) == before
    change(3)


def test_what_is_over_a_lowered_quota_stays_and_only_the_full_family_takes_no_more(ec2: LocalEc2) -> None:
    group = new_group(ec2)
    add(ec2, group, "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24")
    set_limits(ec2.vpc, Limits(2, 2))
    assert code(ec2, add, ec2, group, "10.0.3.0/24") == FULL
    add(ec2, group, "fd00::/64")
    ec2.client.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/25", "10.0.0.0/24")])
    assert len(rules(ec2, group)) == 3


def test_a_network_interface_takes_as_many_groups_as_the_quota(ec2: LocalEc2) -> None:
    groups = [new_group(ec2) for _ in range(3)]
    interface = new_interface(ec2, *groups[:2])
    call = ec2.client.modify_network_interface_attribute
    refused = code(ec2, call, NetworkInterfaceId=interface, Groups=groups)
    assert refused == "SecurityGroupsPerInterfaceLimitExceeded"
    assert attached(ec2, interface) == groups[:2]
    assert code(ec2, new_interface, ec2, *groups) == "SecurityGroupsPerInterfaceLimitExceeded"


def test_furnishing_tells_the_lab_the_quotas_and_the_sizes_of_the_file(local: LocalEc2) -> None:
    lists = {"IPv4": LIST, "IPv6": "pl-0123456789abcdef6"}

    def servers(entries: int) -> list[str]:
        six = f"{{prefix_list: {lists['IPv6']}, max_entries: 9, family: ipv6}}"
        return [GROUP, f"{{prefix_list: {LIST}, max_entries: {entries}}}", six]

    where = Connection(client=local.client)
    for quotas, entries, expected in (
        ("    quotas: {rules_per_group: 40, groups_per_interface: 3}\n", 7, Limits(40, 3)),
        ("", 8, DEFAULT),
    ):
        deployment = workflow.read_deployment("file.yaml", text("quotas", servers(entries), aws=quotas))
        furnish(where, deployment, workflow.lower(deployment, "aws"))
        assert limits_of(deployment.clouds["aws"].values["vpc"]) == expected
        found = local.client.describe_managed_prefix_lists(PrefixListIds=list(lists.values()))["PrefixLists"]
        assert {one["PrefixListId"]: (one["MaxEntries"], one["AddressFamily"]) for one in found} == {
            lists["IPv4"]: (entries, "IPv4"),
            lists["IPv6"]: (9, "IPv6"),
        }
