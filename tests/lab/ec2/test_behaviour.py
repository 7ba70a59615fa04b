"""The AWS lab does what EC2 does where moto alone does not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.described import permission
from support.live_ec2 import ENI, ENI2, GROUP, LIST, VPC, LiveEc2, live_ec2
from support.real_parts import missing


@pytest.fixture(scope="module")
def ec2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEc2]:
    for module in ("boto3", "moto", "flask", "flask_cors"):
        try:
            __import__(module)
        except ImportError:
            missing(f"{module} is not installed")
    with live_ec2(tmp_path_factory.mktemp("state")) as found:
        found.furnish()
        yield found


@pytest.fixture
def group(ec2: LiveEc2, request: pytest.FixtureRequest) -> str:
    name = request.node.name[:200]
    return str(ec2.client.create_security_group(GroupName=name, Description="test", VpcId=VPC)["GroupId"])


def described(ec2: LiveEc2, group: str) -> dict[str, Any]:
    found: dict[str, Any] = ec2.client.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return found


def test_what_a_file_names_is_made_under_the_ids_of_the_file(ec2: LiveEc2) -> None:
    assert ec2.client.describe_vpcs(VpcIds=[VPC])["Vpcs"]
    assert ec2.client.describe_security_groups(GroupIds=[GROUP])["SecurityGroups"][0]["VpcId"] == VPC
    attachments = ec2.client.describe_network_interfaces(NetworkInterfaceIds=[ENI, ENI2])["NetworkInterfaces"]
    assert {one["VpcId"] for one in attachments} == {VPC}


def test_descriptions_of_references_are_kept_and_changed(ec2: LiveEc2, group: str) -> None:
    rule = permission("tcp/1", GROUP, LIST)
    for text in ("first", "second"):
        rule["UserIdGroupPairs"][0]["Description"] = rule["PrefixListIds"][0]["Description"] = text
        if text == "first":
            ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        else:
            ec2.client.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[rule])
        found = described(ec2, group)["IpPermissions"][0]
        assert found["UserIdGroupPairs"][0]["Description"] == text
        assert found["PrefixListIds"][0]["Description"] == text


def test_a_rule_under_another_description_is_a_duplicate_and_is_revoked_without_it(ec2: LiveEc2, group: str) -> None:
    rule = permission("tcp/1", GROUP)
    rule["UserIdGroupPairs"][0]["Description"] = "first"
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    rule["UserIdGroupPairs"][0]["Description"] = "second"
    with pytest.raises(ec2.client.exceptions.ClientError, match=r"InvalidPermission\.Duplicate"):
        ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    ec2.client.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/1", GROUP)])
    assert not described(ec2, group)["IpPermissions"]


def test_the_quota_counts_each_address_family_for_itself(ec2: LiveEc2, group: str) -> None:
    four = [f"10.0.{number}.0/24" for number in range(60)]
    six = [f"2001:db8:{number}::/64" for number in range(60)]
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/1", *four)])
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/1", *six)])
    with pytest.raises(ec2.client.exceptions.ClientError, match="RulesPerSecurityGroupLimitExceeded"):
        ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/2", "10.1.0.0/24")])


def test_a_group_in_use_is_not_deleted(ec2: LiveEc2, group: str) -> None:
    ec2.client.modify_network_interface_attribute(NetworkInterfaceId=ENI, Groups=[GROUP, group])
    with pytest.raises(ec2.client.exceptions.ClientError, match="DependencyViolation"):
        ec2.client.delete_security_group(GroupId=group)
    ec2.client.modify_network_interface_attribute(NetworkInterfaceId=ENI, Groups=[GROUP])
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/1", group)])
    ec2.client.delete_security_group(GroupId=group)


def test_a_filter_by_groups_finds_what_carries_any_of_them(ec2: LiveEc2, group: str) -> None:
    ec2.client.modify_network_interface_attribute(NetworkInterfaceId=ENI, Groups=[group])
    filters = [{"Name": "group-id", "Values": [group, GROUP]}]
    found = ec2.client.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert ENI in {one["NetworkInterfaceId"] for one in found}


def test_a_description_that_an_update_leaves_out_goes(ec2: LiveEc2, group: str) -> None:
    rule = permission("tcp/1", "10.0.0.0/24")
    rule["IpRanges"][0]["Description"] = "first"
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    del rule["IpRanges"][0]["Description"]
    ec2.client.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[rule])
    assert "Description" not in described(ec2, group)["IpPermissions"][0]["IpRanges"][0]


def rules_of(ec2: LiveEc2, group: str) -> dict[str, dict[str, Any]]:
    """The inbound rules of a group by their ids."""
    filters = [{"Name": "group-id", "Values": [group]}]
    found = ec2.client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    return {rule["SecurityGroupRuleId"]: rule for rule in found if not rule["IsEgress"]}


KINDS = {
    "CidrIpv4": ("10.0.0.0/24", "10.0.0.0/23"),
    "CidrIpv6": ("fd00::/64", "fd00::/48"),
    "PrefixListId": (LIST, LIST),
    "ReferencedGroupId": (GROUP, GROUP),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_of_any_kind_is_modified_and_keeps_its_id(ec2: LiveEc2, group: str, kind: str) -> None:
    old, new = KINDS[kind]
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/1", old)])
    (rule_id,) = rules_of(ec2, group)
    desired = {"IpProtocol": "udp", "FromPort": 2, "ToPort": 3, kind: new, "Description": "second"}
    change = [{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": desired}]
    ec2.client.modify_security_group_rules(GroupId=group, SecurityGroupRules=change)
    ((same, rule),) = rules_of(ec2, group).items()
    assert same == rule_id
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"], rule["Description"]) == ("udp", 2, 3, "second")
    assert (rule.get(kind) or rule["ReferencedGroupInfo"]["GroupId"]) == new
    (shown,) = described(ec2, group)["IpPermissions"]
    assert (shown["IpProtocol"], shown["FromPort"], shown["ToPort"]) == ("udp", 2, 3)


@pytest.mark.parametrize(
    ("desired", "code"),
    [
        ({"CidrIpv6": "fd00::/64"}, "InvalidParameterValue"),
        ({"CidrIpv4": "10.0.1.0/24"}, "InvalidPermission.Duplicate"),
        ({"CidrIpv4": "10.0.3.0/24", "PrefixListId": LIST}, "InvalidParameterCombination"),
    ],
)
def test_a_request_that_cannot_be_met_changes_no_rule(ec2: LiveEc2, group: str, desired: dict[str, str], code: str) -> None:
    ec2.client.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[permission("tcp/1", "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24")]
    )
    before = rules_of(ec2, group)
    by_network = {rule["CidrIpv4"]: name for name, rule in before.items()}
    ports = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
    change = [
        {"SecurityGroupRuleId": by_network["10.0.2.0/24"], "SecurityGroupRule": {**ports, "CidrIpv4": "10.0.9.0/24"}},
        {"SecurityGroupRuleId": by_network["10.0.0.0/24"], "SecurityGroupRule": {**ports, **desired}},
    ]
    with pytest.raises(ec2.client.exceptions.ClientError, match=code):
        ec2.client.modify_security_group_rules(GroupId=group, SecurityGroupRules=change)
    assert rules_of(ec2, group) == before


def test_the_id_of_no_rule_is_not_found(ec2: LiveEc2, group: str) -> None:
    nothing = [f"sgr-{'0' * 17}"]
    for call in (ec2.client.revoke_security_group_ingress, ec2.client.revoke_security_group_egress):
        with pytest.raises(ec2.client.exceptions.ClientError, match=r"InvalidSecurityGroupRuleId\.NotFound"):
            call(GroupId=group, SecurityGroupRuleIds=nothing)


def test_an_answer_arrives_in_one_piece(ec2: LiveEc2, group: str) -> None:
    for number in range(40):
        ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(f"tcp/{number}", GROUP)])
    asked = f"Action=DescribeSecurityGroups&GroupId.1={group}&Version=2016-11-15".encode()
    head = [
        "POST / HTTP/1.1",
        "Host: 127.0.0.1",
        "Authorization: AWS4-HMAC-SHA256 Credential=testing/20240101/eu-central-1/ec2/aws4_request",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(asked)}",
    ]
    port = urlsplit(ec2.url).port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + asked)
        piece = connection.recv(1 << 20)
    assert piece.startswith(b"HTTP/1.1 200 ")
    assert len(piece) > 8192
    assert piece.rstrip().endswith(b"</DescribeSecurityGroupsResponse>")


def test_requests_of_many_at_once_are_served_one_by_one(ec2: LiveEc2, monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.ec2.models.security_groups import SecurityGroupBackend

    plain, inside, most = SecurityGroupBackend.describe_security_groups, [], []

    def slow(*words: Any, **options: Any) -> Any:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return plain(*words, **options)

    monkeypatch.setattr(SecurityGroupBackend, "describe_security_groups", slow)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ec2.client.describe_security_groups(GroupIds=[GROUP]), range(16)))
    assert (max(most), len(most)) == (1, 16)
