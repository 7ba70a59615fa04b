"""Which groups count together: on AWS and Azure, from documents alone and for the interfaces of a deployment."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.described import network_security_group, permission, security_group, security_rule

from esacloud import workflow
from esacloud.audit.assignment import attachments
from esacloud.audit.model import Audit
from esacloud.audit.run import against_deployment
from esacloud.audit.sources import read_files
from esacloud.aws.inventory.describe import read as read_aws

TODAY = date(2026, 6, 1)
FILE = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  aws: {region: eu-central-1, vpc: vpc-0a1b2c3d4e5f60718}
interfaces:
  management: [admin-cli]
  data1: [mail]
peers:
  administrators: [10.20.0.0/24]
"""
MANAGEMENT = security_group("sg-1", [permission("tcp/22", "10.20.0.0/24")], interface="management")
MAIL = security_group(
    "sg-2", [permission("tcp/25", "0.0.0.0/0", "::/0")], [permission("tcp/25", "0.0.0.0/0", "::/0")], "data1"
)
WIDE = security_group("sg-3", [permission("tcp/8080", "10.0.0.0/24")])


def attachment(name: str, *groups: str) -> dict[str, Any]:
    return {"NetworkInterfaceId": name, "Groups": [{"GroupId": group} for group in groups]}


def held(*interfaces: dict[str, Any], groups: tuple[dict[str, Any], ...] = (MANAGEMENT, MAIL, WIDE), **given: Any) -> Audit:
    actual = read_aws({"SecurityGroups": list(groups), "NetworkInterfaces": list(interfaces)})
    assert actual is not None
    return against_deployment(actual, workflow.read_deployment("gateway.yaml", FILE), TODAY, given)


def test_a_group_that_somebody_added_to_the_network_interface_counts() -> None:
    audit = held(attachment("eni-1", "sg-1"), attachment("eni-2", "sg-2", "sg-3"))
    assert [(one.interface, one.group) for one in audit.unexpected] == [("data1", "sg-3")]
    assert not audit.missing


def test_network_interfaces_that_differ_are_looked_at_apart() -> None:
    audit = held(
        attachment("eni-1", "sg-1"),
        attachment("eni-2", "sg-2", "sg-3"),
        attachment("eni-3", "sg-2"),
        attachment("eni-4", "sg-2"),
    )
    assert [one.interface for one in audit.interfaces] == ["management", "data1 (eni-2)", "data1 (eni-3)"]
    assert {one.interface for one in audit.unexpected} == {"data1 (eni-2)"}


def test_two_interfaces_of_a_gateway_on_one_network_interface_ask_for_both() -> None:
    audit = held(attachment("eni-1", "sg-2", "sg-1"))
    assert [one.interface for one in audit.interfaces] == ["management and data1"]
    assert audit.clean


def test_what_the_user_names_stands_as_it_is_named() -> None:
    audit = held(attachment("eni-1", "sg-1"), attachment("eni-2", "sg-2", "sg-3"), data1=("sg-2",))
    assert audit.clean


def test_network_interfaces_of_others_are_not_looked_at() -> None:
    audit = held(attachment("eni-1", "sg-1"), attachment("eni-2", "sg-2"), attachment("eni-9", "sg-3", "sg-unknown"))
    assert audit.clean


def test_a_group_that_was_not_read_is_reported() -> None:
    audit = held(attachment("eni-1", "sg-1", "sg-far"))
    assert audit.unknown == ("eni-1: the group sg-far is attached and was not read; what it permits is not counted",)


def test_tags_of_another_deployment_say_nothing() -> None:
    other = {
        **WIDE,
        "Tags": [{"Key": "esacloud:interface", "Value": "data1"}, {"Key": "esacloud:deployment", "Value": "edge-2"}],
    }
    assert held(groups=(MANAGEMENT, MAIL, other)).clean


# Azure's files, as `az` prints them

BASE = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network"
SUBNET = f"{BASE}/virtualNetworks/vnet/subnets/front"
NIC = f"{BASE}/networkInterfaces/nic"
SSH = security_rule("ssh", 100, "Inbound", "Allow", "Tcp/22", "10.0.0.0/24")
INTERFACE = {
    "id": NIC,
    "name": "nic",
    "type": "Microsoft.Network/networkInterfaces",
    "networkSecurityGroup": {"id": f"{BASE}/networkSecurityGroups/on-nic"},
    "ipConfigurations": [{"name": "primary", "subnet": {"id": SUBNET.replace("front", "FRONT")}}],
}
ALONE = {
    "id": SUBNET,
    "name": "front",
    "type": "Microsoft.Network/virtualNetworks/subnets",
    "networkSecurityGroup": {"id": f"{BASE}/networkSecurityGroups/ON-SUBNET"},
}
NETWORK = {
    "id": f"{BASE}/virtualNetworks/vnet",
    "name": "vnet",
    "type": "Microsoft.Network/virtualNetworks",
    "subnets": [ALONE],
}
GROUPS = [network_security_group("on-nic", SSH), network_security_group("on-subnet", SSH)]
BOTH = {NIC: (GROUPS[0]["id"], GROUPS[1]["id"])}


def arm(item: dict[str, Any]) -> dict[str, Any]:
    """The same as ARM has it: with `properties`."""
    outside = {key: item[key] for key in ("id", "name", "type") if key in item}
    inside = {key: value for key, value in item.items() if key not in outside}
    for name in ("subnets", "ipConfigurations"):
        if name in inside:
            inside[name] = [arm(one) for one in inside[name]]
    return {**outside, "properties": inside}


@pytest.mark.parametrize("place", [[NETWORK], [ALONE], [arm(NETWORK)], {"value": [arm(ALONE)]}])
@pytest.mark.parametrize("interface", [[INTERFACE], INTERFACE, {"value": [arm(INTERFACE)]}])
def test_files_about_interfaces_and_subnets_say_which_groups_count_together(
    tmp_path: Path, interface: Any, place: Any
) -> None:
    paths = []
    for name, document in (("nics", interface), ("vnets", place), ("nsgs", GROUPS)):
        (tmp_path / name).write_text(json.dumps(document))
        paths.append(str(tmp_path / name))
    assert attachments(read_files(paths)).groups == BOTH


def test_groups_say_themselves_which_subnets_they_are_on(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps([INTERFACE, GROUPS[0], {**GROUPS[1], "subnets": [{"id": SUBNET}]}]))
    assert attachments(read_files([str(path)])).groups == BOTH


def test_a_subnet_with_unknown_groups_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps([INTERFACE, GROUPS[0]]))
    (message,) = attachments(read_files([str(path)])).unknown
    assert "the group of its subnet" in message


def test_groups_alone_count_alone_as_long_as_nothing_says_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps([{**GROUPS[0], "networkInterfaces": [{"id": NIC}]}]))
    assert attachments(read_files([str(path)])) == ({}, (), ())


def test_a_rule_apart_from_its_group_is_reported_and_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    apart = {"type": "Microsoft.Network/networkSecurityGroups/securityRules", "name": "on-nic/ssh", "properties": SSH}
    path.write_text(json.dumps({"$schema": "deploymentTemplate", "resources": [arm(GROUPS[0]), apart]}))
    found = read_files([str(path)])
    assert [group.name for group in found.groups] == ["on-nic"]
    assert found.unknown == ("on-nic/ssh is separate from its group, and was not judged",)
