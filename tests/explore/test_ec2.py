"""The EC2 in memory: what it refuses, with which code, and that a refused call changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from explore.ec2 import Account, Client, Ec2, Group, PrefixList, Refused, Rule, call
from explore.transitions import ENI, VPC, WEB, account

LIST = "pl-0aaaaaaaaaaaaaaaa"


def ec2(**settings: Any) -> Ec2:
    return Ec2(account({ENI: [WEB]}, lists=((LIST, PrefixList(5)),), **settings))


def create(client: Client, name: str = "one") -> str:
    return str(client.create_security_group(GroupName=name, Description="made here", VpcId=VPC)["GroupId"])


def permission(*networks: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"IpProtocol": "udp", "FromPort": 123, "ToPort": 123, "IpRanges": [{"CidrIp": one} for one in networks], **more}
    ]


def refused(ec2: Ec2, method: str, **parameters: Any) -> str:
    """The code of a call that is refused, and of which nothing is seen afterwards."""
    before = ec2.account
    with pytest.raises(ClientError) as caught:
        getattr(ec2.client, method)(**parameters)
    assert ec2.account == before
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize(("ipv6", "egress"), [(True, {"0.0.0.0/0", "::/0"}), (False, {"0.0.0.0/0"})])
def test_a_new_group_begins_with_all_egress(ipv6: bool, egress: set[str]) -> None:
    cloud = ec2(ipv6=ipv6)
    made = cloud.account.groups
    group = cloud.client.describe_security_groups(GroupIds=[create(cloud.client)])["SecurityGroups"][0]
    (rule,) = group["IpPermissionsEgress"]
    assert rule["IpProtocol"] == "-1"
    assert "FromPort" not in rule
    assert {one["CidrIp"] for one in rule["IpRanges"]} | {one["CidrIpv6"] for one in rule["Ipv6Ranges"]} == egress
    assert group["IpPermissions"] == []
    assert len(cloud.account.groups) == len(made) + 1


def test_a_name_is_unique_in_its_vpc_whatever_its_case() -> None:
    cloud = ec2()
    create(cloud.client)
    taken = {"GroupName": "ONE", "Description": "again", "VpcId": VPC}
    assert refused(cloud, "create_security_group", **taken) == "InvalidGroup.Duplicate"
    other = {"GroupName": "two", "Description": "elsewhere", "VpcId": "vpc-0"}
    assert refused(cloud, "create_security_group", **other) == "InvalidVpcID.NotFound"


def test_a_group_that_is_made_again_has_another_id() -> None:
    cloud = ec2()
    first = create(cloud.client)
    cloud.client.delete_security_group(GroupId=first)
    assert create(cloud.client) != first


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"IpRanges": [{"CidrIp": f"10.0.0.{number}/32"} for number in range(6)]}, 6),
        ({"Ipv6Ranges": [{"CidrIpv6": f"fd00::{number}/128"} for number in range(6)]}, 6),
        ({"PrefixListIds": [{"PrefixListId": LIST}]}, 5),
    ],
)
def test_rules_count_by_family_and_prefix_lists_with_all_their_entries(rule: dict[str, Any], fits: int) -> None:
    form = {"IpProtocol": "udp", "FromPort": 123, "ToPort": 123, **rule}
    for quota, full in ((fits, False), (fits - 1, True)):
        cloud = ec2(rules_per_group=quota)
        call_ = {"GroupId": WEB, "IpPermissions": [form]}
        if full:
            assert refused(cloud, "authorize_security_group_egress", **call_) == "RulesPerSecurityGroupLimitExceeded"
        else:
            cloud.client.authorize_security_group_egress(**call_)


def test_a_reference_to_a_group_counts_in_both_families() -> None:
    cloud = ec2(rules_per_group=1)
    itself = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": WEB}]}]
    cloud.client.authorize_security_group_egress(GroupId=WEB, IpPermissions=itself)
    for more in ({"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, {"Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}]}):
        form = [{"IpProtocol": "udp", "FromPort": 123, "ToPort": 123, **more}]
        code = refused(cloud, "authorize_security_group_egress", GroupId=WEB, IpPermissions=form)
        assert code == "RulesPerSecurityGroupLimitExceeded"


def test_a_call_about_many_rules_is_done_wholly_or_not_at_all() -> None:
    cloud = ec2()
    cloud.client.authorize_security_group_egress(GroupId=WEB, IpPermissions=permission("10.0.0.1/32"))
    both = {"GroupId": WEB, "IpPermissions": permission("10.0.0.2/32", "10.0.0.1/32")}
    assert refused(cloud, "authorize_security_group_egress", **both) == "InvalidPermission.Duplicate"
    assert refused(cloud, "revoke_security_group_egress", **both) == "InvalidPermission.NotFound"
    described = "update_security_group_rule_descriptions_egress"
    assert refused(cloud, described, **both) == "InvalidPermission.NotFound"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, "InvalidParameterValue"),
        (
            {"IpProtocol": "tcp", "FromPort": 9, "ToPort": 8, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            "InvalidParameterValue",
        ),
        ({"IpProtocol": "bogus", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, "InvalidPermission.Malformed"),
        ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0.0/8"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a > b"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-0"}]}, "InvalidGroup.NotFound"),
        ({"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-0"}]}, "InvalidPrefixListID.NotFound"),
        ({"IpProtocol": "-1"}, "InvalidParameterValue"),
    ],
)
def test_a_rule_that_is_none_is_refused(form: dict[str, Any], code: str) -> None:
    assert refused(ec2(), "authorize_security_group_egress", GroupId=WEB, IpPermissions=[form]) == code


def test_networks_are_made_canonical() -> None:
    cloud = ec2()
    cloud.client.authorize_security_group_egress(GroupId=WEB, IpPermissions=permission("10.0.0.9/24"))
    again = {"GroupId": WEB, "IpPermissions": permission("10.0.0.0/24")}
    assert refused(cloud, "authorize_security_group_egress", **again) == "InvalidPermission.Duplicate"


def test_a_rule_turns_into_another_of_its_kind_and_keeps_its_id() -> None:
    cloud = ec2()
    cloud.client.authorize_security_group_egress(GroupId=WEB, IpPermissions=permission("10.0.0.1/32", "10.0.0.2/32"))
    filters = [{"Name": "group-id", "Values": [WEB]}]
    rules = cloud.client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    ids = {rule["CidrIpv4"]: rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"]}

    def change(name: str, **source: str) -> dict[str, Any]:
        rule = {"IpProtocol": "udp", "FromPort": 123, "ToPort": 123, **source}
        return {"GroupId": WEB, "SecurityGroupRules": [{"SecurityGroupRuleId": name, "SecurityGroupRule": rule}]}

    one = ids["10.0.0.1/32"]
    modify = "modify_security_group_rules"
    assert refused(cloud, modify, **change(one, CidrIpv6="fd00::1/128")) == "InvalidParameterValue"
    assert refused(cloud, modify, **change(one, CidrIpv4="10.0.0.2/32")) == "InvalidPermission.Duplicate"
    assert refused(cloud, modify, **change("sgr-0", CidrIpv4="10.0.0.3/32")) == "InvalidSecurityGroupRuleId.NotFound"
    cloud.client.modify_security_group_rules(**change(one, CidrIpv4="10.0.0.3/32"))
    rules = cloud.client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    assert {rule["CidrIpv4"]: rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"]} == {
        "10.0.0.3/32": one,
        "10.0.0.2/32": ids["10.0.0.2/32"],
    }


def test_a_group_in_use_is_not_deleted() -> None:
    cloud = ec2()
    one, two = create(cloud.client, "one"), create(cloud.client, "two")
    pair = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": one}]}]
    cloud.client.authorize_security_group_ingress(GroupId=two, IpPermissions=pair)
    assert refused(cloud, "delete_security_group", GroupId=one) == "DependencyViolation"
    assert refused(cloud, "delete_security_group", GroupId=WEB) == "DependencyViolation"
    cloud.client.delete_security_group(GroupId=two)
    cloud.client.delete_security_group(GroupId=one)
    assert refused(cloud, "delete_security_group", GroupId=one) == "InvalidGroup.NotFound"


def test_the_list_of_a_network_interface_is_replaced_and_never_empty_nor_too_long() -> None:
    cloud = ec2(groups_per_interface=2)
    ids = [create(cloud.client, name) for name in ("one", "two")]
    modify = "modify_network_interface_attribute"
    cloud.client.modify_network_interface_attribute(NetworkInterfaceId=ENI, Groups=[ids[0]])
    assert dict(cloud.account.attached)[ENI] == (ids[0],)
    for groups, code in (
        ([], "InvalidParameterValue"),
        ([*ids, WEB], "SecurityGroupsPerInterfaceLimitExceeded"),
        (["sg-0"], "InvalidGroup.NotFound"),
    ):
        assert refused(cloud, modify, NetworkInterfaceId=ENI, Groups=groups) == code
    assert refused(cloud, modify, NetworkInterfaceId="eni-0", Groups=[WEB]) == "InvalidNetworkInterfaceID.NotFound"


@pytest.mark.parametrize(
    ("one", "found"),
    [
        ({"Name": "vpc-id", "Values": [VPC]}, {"web", "gateway-a", "gateway-b"}),
        ({"Name": "vpc-id", "Values": ["vpc-0"]}, set()),
        ({"Name": "group-name", "Values": ["gateway-*"]}, {"gateway-a", "gateway-b"}),
        ({"Name": "group-name", "Values": ["gateway-?", "web"]}, {"web", "gateway-a", "gateway-b"}),
        ({"Name": "group-name", "Values": ["gateway-[ab]"]}, set()),
        ({"Name": "group-id", "Values": [WEB]}, {"web"}),
        ({"Name": "tag:side", "Values": ["left"]}, {"gateway-a"}),
        ({"Name": "tag-key", "Values": ["side"]}, {"gateway-a", "gateway-b"}),
        ({"Name": "description", "Values": ["*server*"]}, {"web"}),
        ({"Name": "egress.ip-permission.group-id", "Values": [WEB]}, {"gateway-b"}),
        ({"Name": "ip-permission.group-id", "Values": [WEB]}, set()),
    ],
)
def test_filters_find_groups(one: dict[str, Any], found: set[str]) -> None:
    about = Rule(True, "tcp", 443, 443, "group", WEB, "", "sgr-1")
    more = (
        Group("sg-a", "gateway-a", "", (("side", "left"),)),
        Group("sg-b", "gateway-b", "", (("side", "right"),), (about,)),
    )
    web = account().groups
    cloud = Ec2(account(others=(*web, *more)))
    answer = cloud.client.describe_security_groups(Filters=[one])
    assert {group["GroupName"] for group in answer["SecurityGroups"]} == found


def test_pages_go_on_where_the_last_one_ended() -> None:
    cloud = ec2()
    names = [create(cloud.client, f"group {number:02}") for number in range(12)]
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = cloud.client.describe_security_groups(MaxResults=5, **token)
        assert len(answer["SecurityGroups"]) <= 5
        seen += [group["GroupId"] for group in answer["SecurityGroups"]]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
        if len(seen) == 5:
            cloud.client.delete_security_group(GroupId=names[0])
    assert sorted(seen) == sorted([*names, WEB])
    assert refused(cloud, "describe_security_groups", MaxResults=4) == "InvalidParameterValue"
    assert refused(cloud, "describe_managed_prefix_lists", MaxResults=101) == "InvalidParameterValue"
    both = {"MaxResults": 5, "GroupIds": [WEB]}
    assert refused(cloud, "describe_security_groups", **both) == "InvalidParameterCombination"


def test_tags_come_and_go() -> None:
    cloud = ec2()
    cloud.client.create_tags(Resources=[WEB], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    cloud.client.delete_tags(Resources=[WEB], Tags=[{"Key": "a"}, {"Key": "b", "Value": "3"}])
    (group,) = cloud.client.describe_security_groups(GroupIds=[WEB])["SecurityGroups"]
    assert group["Tags"] == [{"Key": "b", "Value": "2"}]
    assert refused(cloud, "create_tags", Resources=["sg-0"], Tags=[]) == "InvalidGroup.NotFound"


def test_prefix_lists_say_their_most_entries_and_those_of_aws_do_not() -> None:
    lists = ((LIST, PrefixList(5)), ("pl-aws", PrefixList(55, owner="AWS")))
    found = Ec2(account(lists=lists)).client.describe_managed_prefix_lists()["PrefixLists"]
    assert {one["PrefixListId"]: one.get("MaxEntries") for one in found} == {LIST: 5, "pl-aws": None}


def test_an_unknown_method_is_none() -> None:
    with pytest.raises(AttributeError):
        ec2().client.run_instances()


def test_a_call_leaves_the_account_before_it_as_it_was() -> None:
    before: Account = account({ENI: [WEB]})
    after, _ = call(before, "CreateTags", {"Resources": [WEB], "Tags": [{"Key": "a", "Value": "1"}]})
    assert before != after
    assert before == account({ENI: [WEB]})
    with pytest.raises(Refused):
        call(before, "DeleteSecurityGroup", {"GroupId": WEB})
