"""The AWS lab changes all rules of a request, or none."""

from __future__ import annotations

import pytest
from support.described import permission
from support.ec2_calls import add, code, new_group, rules
from support.ec2_server import LocalEc2

ABSENT = "InvalidPermission.NotFound"


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_failed_authorize_keeps_nothing(local: LocalEc2, direction: str) -> None:
    group = new_group(local)
    add(local, group, "10.0.1.0/24", service="tcp/26", direction=direction)
    before = rules(local, group, direction)
    call = getattr(local.client, f"authorize_security_group_{direction}")
    desired = [permission("tcp/25", "10.0.0.0/24"), permission("tcp/26", "10.0.2.0/24", "10.0.1.0/24")]
    assert code(local, call, GroupId=group, IpPermissions=desired) == "InvalidPermission.Duplicate"
    assert rules(local, group, direction) == before
    desired[1] = permission("tcp/26", "sg-0000000000000dead")
    assert code(local, call, GroupId=group, IpPermissions=desired) == "InvalidGroup.NotFound"
    assert rules(local, group, direction) == before


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_failed_revoke_keeps_everything(local: LocalEc2, direction: str) -> None:
    group = new_group(local)
    add(local, group, "10.0.0.0/24", "10.0.1.0/24", direction=direction)
    before = rules(local, group, direction)
    call = getattr(local.client, f"revoke_security_group_{direction}")
    desired = [permission("tcp/25", "10.0.0.0/24"), permission("tcp/25", "10.0.9.0/24")]
    assert code(local, call, GroupId=group, IpPermissions=desired) == ABSENT
    ids = [*before, "sgr-00000000000000000"]
    assert code(local, call, GroupId=group, SecurityGroupRuleIds=ids) == "InvalidSecurityGroupRuleId.NotFound"
    assert rules(local, group, direction) == before
    call(GroupId=group, IpPermissions=[permission("tcp/25", "10.0.0.0/24"), permission("tcp/25", "10.0.1.0/24")])
    assert len(rules(local, group, direction)) == len(before) - 2


def test_an_authorize_answers_with_every_rule_that_it_made(local: LocalEc2) -> None:
    group = new_group(local)
    desired = [permission("tcp/25", "10.0.0.0/24", "fd00::/64"), permission("tcp/26", group)]
    made = local.client.authorize_security_group_ingress(GroupId=group, IpPermissions=desired)["SecurityGroupRules"]
    assert {rule["SecurityGroupRuleId"] for rule in made} == rules(local, group).keys()
    assert len(made) == 3


def test_the_default_egress_of_the_other_family_is_not_found_in_a_vpc_without_it(local: LocalEc2) -> None:
    vpc = local.client.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    group = new_group(local, vpc)
    call = local.client.revoke_security_group_egress
    both = [permission("-1", "0.0.0.0/0"), permission("-1", "::/0")]
    assert code(local, call, GroupId=group, IpPermissions=both) == ABSENT
    call(GroupId=group, IpPermissions=both[:1])
    assert not rules(local, group, "egress")


def test_in_a_default_vpc_a_revoke_names_what_it_did_not_find(local: LocalEc2) -> None:
    (vpc,) = local.client.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"]
    group = new_group(local, vpc["VpcId"])
    add(local, group, "10.0.0.0/24")
    desired = [permission("tcp/25", "10.0.0.0/24", "10.0.1.0/24")]
    answer = local.client.revoke_security_group_ingress(GroupId=group, IpPermissions=desired)
    (unknown,) = answer["UnknownIpPermissions"]
    assert [one["CidrIp"] for one in unknown["IpRanges"]] == ["10.0.1.0/24"]
    assert not rules(local, group)


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_description_for_an_absent_rule_is_refused_and_none_is_changed(local: LocalEc2, direction: str) -> None:
    group = new_group(local)
    add(local, group, "10.0.0.0/24", direction=direction)
    before = rules(local, group, direction)
    there, absent = permission("tcp/25", "10.0.0.0/24"), permission("tcp/25", "10.0.9.0/24")
    there["IpRanges"][0]["Description"] = absent["IpRanges"][0]["Description"] = "why"
    call = getattr(local.client, f"update_security_group_rule_descriptions_{direction}")
    assert code(local, call, GroupId=group, IpPermissions=[there, absent]) == ABSENT
    assert rules(local, group, direction) == before
    call(GroupId=group, IpPermissions=[there])
    assert "why" in [rule.get("Description") for rule in rules(local, group, direction).values()]


def test_descriptions_are_changed_and_taken_away_by_ids_of_rules(local: LocalEc2) -> None:
    group = new_group(local)
    add(local, group, "10.0.0.0/24", group)
    call = local.client.update_security_group_rule_descriptions_ingress
    for text in ("why", None):
        desired = [{"SecurityGroupRuleId": name, **({"Description": text} if text else {})} for name in rules(local, group)]
        call(GroupId=group, SecurityGroupRuleDescriptions=desired)
        assert [rule.get("Description") for rule in rules(local, group).values()] == [text, text]
    absent = [{"SecurityGroupRuleId": "sgr-00000000000000000", "Description": "x"}]
    refused = code(local, call, GroupId=group, SecurityGroupRuleDescriptions=absent)
    assert refused == "InvalidSecurityGroupRuleId.NotFound"
