"""What an audit reads: each document of each cloud, and whatever else somebody may hand in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.described import network_security_group, permission, security_group, security_rule

from esacloud.audit.groups import combine
from esacloud.audit.sources import read_files, read_text
from esacloud.errors import InputError
from esacloud.packets.sets import PacketSet
from esacloud.packets.text import parse_packets
from esacloud.policy.actual import ActualGroup, ActualGroups


def read(document: Any) -> ActualGroups:
    (found,) = read_text(json.dumps(document).encode(), "groups.json")
    return found


def packets(group: ActualGroup) -> PacketSet:
    return PacketSet.of(box for rule in group.rules for box in rule.boxes)


def shown(
    resources: list[dict[str, Any]], unknown: dict[str, Any] | None = None, configuration: Any = None
) -> dict[str, Any]:
    """What `terraform show -json` prints of a plan."""
    changes = [{"address": address, "change": {"after_unknown": names}} for address, names in (unknown or {}).items()]
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configuration or []}},
    }


def resource(address: str, **values: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"address": address, "mode": "managed", "type": address.partition(".")[0], "values": values}
    if address.endswith("]"):
        made["index"] = json.loads(address[address.index("[") + 1 : -1])
    return made


def test_describe_security_groups_is_read_with_every_kind_of_source() -> None:
    group = security_group(
        "sg-1",
        [permission("tcp/25", "0.0.0.0/0", "::/0"), permission("tcp/22", "sg-2", "pl-3"), permission("tcp/2222", "sg-1")],
        [permission("-1", "10.0.0.0/8"), permission("icmp/8--1", "10.0.0.1/32")],
    )
    group["IpPermissionsEgress"][1].update(FromPort=8, ToPort=-1)
    (found,) = read({"SecurityGroups": [group]}).groups
    assert packets(found) == parse_packets(
        "tcp/25 in from any",
        "tcp/22 in from security_group:sg-2",
        "tcp/22 in from prefix_list:pl-3",
        "tcp/2222 in from self",
        "every protocol out to 10.0.0.0/8",
        "icmp type 8 out to 10.0.0.1",
    )
    assert not found.unknown


def test_describe_security_group_rules_is_read_rule_by_rule() -> None:
    rule = {"GroupId": "sg-1", "IpProtocol": "tcp", "FromPort": 25, "ToPort": 25}
    document = {
        "SecurityGroupRules": [
            {**rule, "SecurityGroupRuleId": "sgr-1", "IsEgress": False, "CidrIpv4": "0.0.0.0/0"},
            {**rule, "SecurityGroupRuleId": "sgr-2", "IsEgress": True, "CidrIpv6": "::/0"},
            {**rule, "SecurityGroupRuleId": "sgr-3", "IsEgress": True, "ReferencedGroupInfo": {"GroupId": "sg-1"}},
            {**rule, "SecurityGroupRuleId": "sgr-4", "IsEgress": True},
        ]
    }
    (found,) = read(document).groups
    assert packets(found) == parse_packets("tcp/25 in from 0.0.0.0/0", "tcp/25 out to ::/0", "tcp/25 out to self")
    assert [rule.label for rule in found.rules] == ["sgr-1", "sgr-2", "sgr-3"]
    assert found.unknown == ("sg-1 sgr-4: a rule needs one source and a direction",)


def test_what_ec2_would_not_have_is_listed_and_not_judged() -> None:
    group = security_group("sg-1", [permission("tcp/25", "10.0.0.1/8"), permission("tcp", "10.0.0.0/8")])
    (found,) = read({"SecurityGroups": [group]}).groups
    assert not found.rules
    assert len(found.unknown) == 2


def test_network_interfaces_say_which_groups_count_together() -> None:
    document = {
        "SecurityGroups": [security_group("sg-1"), security_group("sg-2")],
        "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]}],
    }
    assert read(document).attached == {"eni-1": ("sg-1", "sg-2")}


def test_a_plan_is_read_with_inline_standalone_and_older_rules() -> None:
    inline = {"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["10.0.0.0/8"], "self": False}
    document = shown(
        [
            resource("aws_security_group.a", id="sg-1", name="a", ingress=[], egress=[inline]),
            resource(
                "aws_vpc_security_group_ingress_rule.b",
                security_group_id="sg-1",
                ip_protocol="tcp",
                from_port=22,
                to_port=22,
                cidr_ipv4="10.0.0.0/24",
            ),
            resource(
                "aws_security_group_rule.c",
                security_group_id="sg-1",
                type="ingress",
                protocol="tcp",
                from_port=80,
                to_port=81,
                cidr_blocks=["10.0.0.0/24"],
                ipv6_cidr_blocks=["fd00::/64"],
                self=True,
            ),
        ]
    )
    (found,) = read(document).groups
    assert found.id == "aws_security_group.a"
    assert packets(found) == parse_packets(
        "every protocol out to 10.0.0.0/8",
        "tcp/22 in from 10.0.0.0/24",
        "tcp/80-81 in from 10.0.0.0/24",
        "tcp/80-81 in from fd00::/64",
        "tcp/80-81 in from self",
    )


def test_a_group_that_is_known_only_after_apply_is_found_through_the_configuration() -> None:
    document = shown(
        [
            resource("aws_security_group.a", name="a", ingress=[]),
            resource(
                "aws_vpc_security_group_egress_rule.b", ip_protocol="tcp", from_port=25, to_port=25, cidr_ipv4="0.0.0.0/0"
            ),
        ],
        {"aws_security_group.a": {"id": True}, "aws_vpc_security_group_egress_rule.b": {"security_group_id": True}},
        [
            {
                "address": "aws_vpc_security_group_egress_rule.b",
                "expressions": {"security_group_id": {"references": ["aws_security_group.a.id", "aws_security_group.a"]}},
            }
        ],
    )
    (found,) = read(document).groups
    assert packets(found) == parse_packets("tcp/25 out to 0.0.0.0/0")


def test_unknown_values_of_a_plan_are_listed_and_what_is_known_is_judged() -> None:
    rule = "aws_vpc_security_group_ingress_rule.b"
    document = shown(
        [
            resource("aws_security_group.a", id="sg-1", ingress=[]),
            resource(rule, security_group_id="sg-1", ip_protocol="tcp", from_port=22, to_port=22),
        ],
        {rule: {"cidr_ipv4": True}},
    )
    (found,) = read(document).groups
    assert not found.rules
    assert found.unknown == (f"{rule}.cidr_ipv4: known after apply",)


def test_inline_rules_are_unknown_only_where_the_configuration_has_some() -> None:
    address = "aws_security_group.a"
    unknown = {address: {"ingress": True, "egress": True}}
    expressions = {"name": {"constant_value": "a"}, "ingress": [{"cidr_blocks": {"references": ["var.networks"]}}]}
    document = shown([resource(address, name="a")], unknown, [{"address": address, "expressions": expressions}])
    (found,) = read(document).groups
    assert found.unknown == (f"{address}.ingress: known after apply, as a whole or in part",)


def test_modules_inside_a_plan_are_read_too() -> None:
    document = shown([])
    document["planned_values"]["root_module"]["child_modules"] = [
        {
            "address": "module.m",
            "resources": [{**resource("aws_security_group.a", id="sg-9"), "address": "module.m.aws_security_group.a"}],
        }
    ]
    assert [group.id for group in read(document).groups] == ["module.m.aws_security_group.a"]


def test_a_network_security_group_lets_through_what_its_first_matching_rule_says() -> None:
    group = network_security_group(
        "nsg",
        security_rule("deny-some", 100, "Inbound", "Deny", "Tcp/22", "10.0.0.0/25"),
        security_rule("ssh", 200, "Inbound", "Allow", "Tcp/22", "10.0.0.0/24"),
        security_rule("close-in", 4096, "Inbound", "Deny", "*", "*"),
        security_rule("close-out", 4096, "Outbound", "Deny", "*", "*"),
    )
    actual = read(group)
    assert packets(actual.groups[0]) == parse_packets("tcp/22 in from 10.0.0.128/25")
    assert actual.together == "all"
    assert "Virtual Network Manager" in actual.notes[0]


def test_the_default_rules_of_azure_count() -> None:
    (group,) = read(network_security_group("nsg")).groups
    assert packets(group) == parse_packets(
        "every protocol in from service_tag:VirtualNetwork",
        "every protocol in from service_tag:AzureLoadBalancer",
        "every protocol out to service_tag:VirtualNetwork",
        "every protocol out to service_tag:Internet",
    )
    assert [rule.label for rule in group.rules] == ["default rules"]


def test_a_rule_for_a_part_of_the_interface_is_judged_wider_and_listed() -> None:
    group = network_security_group(
        "nsg", security_rule("ssh", 100, "Inbound", "Allow", "Tcp/22", "8.8.8.8/32", "10.0.0.4/32")
    )
    (found,) = read(group).groups
    assert parse_packets("tcp/22 in from 8.8.8.8") <= packets(found)
    assert "ssh: is for a part" in found.unknown[0]


def test_arm_json_and_a_list_of_groups_are_read_as_the_same() -> None:
    rule = security_rule("mail", 100, "Inbound", "Allow", "Tcp/25", "0.0.0.0/0")
    flat = network_security_group("nsg", rule)
    properties = {"securityRules": [{"name": "mail", "properties": rule}]}
    arm = {"name": "nsg", "id": flat["id"], "type": flat["type"], "properties": properties}
    assert read(flat).groups == read(arm).groups == read([flat]).groups == read({"value": [arm]}).groups


def test_azurerm_groups_are_read_with_inline_and_standalone_rules() -> None:
    row = {
        "name": "mail",
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "source_port_range": "*",
        "destination_port_ranges": ["25"],
        "source_address_prefix": "8.8.8.8/32",
        "destination_address_prefix": "*",
    }
    document = shown(
        [
            resource("azurerm_network_security_group.a", name="nsg", security_rule=[row]),
            resource(
                "azurerm_network_security_rule.b",
                **{**row, "name": "ssh", "priority": 101, "destination_port_ranges": ["22"]},
                network_security_group_name="nsg",
            ),
        ]
    )
    (found,) = read(document).groups
    assert [rule.label for rule in found.rules] == ["mail", "ssh", "default rules"]
    assert parse_packets("tcp/25,22 in from 8.8.8.8") <= packets(found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"SecurityGroups": [{"GroupId": "sg-1", "IpPerm', "is truncated"),
        (b"", "is truncated"),
        (b"{'a': 1}", "not JSON"),
        (b"<html></html>", "not JSON"),
        (b'{"Reservations": []}', "it has the keys Reservations"),
        (b"[]", "it is a list"),
        (b"3", "it is a int"),
        (
            b'{"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {}}',
            "not a document that can be audited",
        ),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"[" * 100000, "nested too deep"),
    ],
)
def test_truncated_or_unknown_json_is_refused_with_the_accepted_documents(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "groups.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as refused:
        read_files([str(path)])
    assert str(path) in str(refused.value)


def test_json_in_utf_16_as_powershell_writes_it_is_read() -> None:
    (found,) = read_text(json.dumps({"SecurityGroups": [security_group("sg-1")]}).encode("utf-16"), "groups.json")
    assert [group.id for group in found.groups] == ["sg-1"]


def test_every_problem_of_several_files_is_raised_together(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_files([str(tmp_path / "no-such"), str(tmp_path)])
    assert len(refused.value.problems) == 2


def test_files_of_two_clouds_are_not_audited_as_one(tmp_path: Path) -> None:
    (tmp_path / "aws.json").write_text(json.dumps({"SecurityGroups": [security_group("sg-1")]}))
    (tmp_path / "azure.json").write_text(json.dumps(network_security_group("nsg")))
    with pytest.raises(InputError, match="one at a time"):
        read_files([str(tmp_path / "aws.json"), str(tmp_path / "azure.json")])


def test_two_states_with_different_groups_of_one_name_are_not_merged(tmp_path: Path) -> None:
    for name, port in (("one", 22), ("two", 443)):
        rule = {"from_port": port, "to_port": port, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"], "self": False}
        group = resource('aws_security_group.this["data1"]', id=f"sg-{name}", name=name, ingress=[rule], egress=[])
        (tmp_path / f"{name}.json").write_text(json.dumps(shown([group])))
    one, two = str(tmp_path / "one.json"), str(tmp_path / "two.json")
    with pytest.raises(InputError, match=r"two\.json.*data1.*one\.json") as refused:
        read_files([one, two])
    assert len(refused.value.problems) == 1
    assert [group.name for group in read_files([one, one]).groups] == ["one"]


def test_groups_that_reference_each_other_in_a_loop_are_read_as_references() -> None:
    actual = read(
        {
            "SecurityGroups": [
                security_group("sg-1", [permission("tcp/22", "sg-2")]),
                security_group("sg-2", [permission("tcp/22", "sg-1")]),
            ]
        }
    )
    alone = combine(actual, ["sg-1"])
    both = combine(actual, ["sg-1", "sg-2"])
    assert alone.packets == parse_packets("tcp/22 in from security_group:sg-2")
    assert both.packets == parse_packets("tcp/22 in from self")


MEMBERS = {"name": "in-self", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"}
MEMBERS |= {"source_port_range": "*", "destination_port_range": "22", "destination_address_prefix": "*"}
MEMBERS |= {"source_application_security_group_ids": [None]}


@pytest.mark.parametrize("made", [0, 1, 2])
def test_an_application_security_group_without_an_id_yet_is_guessed_only_where_it_can_be_no_other(made: int) -> None:
    tags = {"esacloud:interface": "data1", "esacloud:deployment": "edge-1"}
    group = "azurerm_network_security_group.a"
    groups = [f"azurerm_application_security_group.m{number}" for number in range(made)]
    unknown = [{"source_application_security_group_ids": [True]}]
    document = shown(
        [
            resource(group, name="nsg", tags=tags, security_rule=[MEMBERS]),
            *(resource(address, name=f"m{number}", tags=tags) for number, address in enumerate(groups)),
        ],
        {group: {"security_rule": unknown}, **{address: {"id": True} for address in groups}},
    )
    (found,) = read(document).groups
    passing = parse_packets("tcp/22 in from self") <= packets(found)
    assert passing == (made == 1)
    assert bool(found.unknown) == (made != 1)


@pytest.mark.parametrize("rules", [None, 5, {"a": 1}, "all"])
def test_a_network_security_group_without_a_list_of_rules_is_reported(rules: Any) -> None:
    (found,) = read({**network_security_group("nsg"), "securityRules": rules}).groups
    assert found.unknown == ("nsg has no list securityRules",)
