"""The three answers of an audit, each against a deployment and against the catalogue."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.described import network_security_group, permission, security_group, security_rule

from esacloud import workflow
from esacloud.audit.model import Audit
from esacloud.audit.run import against_catalogue, against_deployment
from esacloud.aws.inventory.describe import read as read_aws
from esacloud.azure.inventory.read import read_groups as read_azure
from esacloud.catalogue.load import load
from esacloud.errors import InputError
from esacloud.packets.text import parse_packets

TODAY = date(2026, 6, 1)
FILE = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  aws: {region: eu-central-1, vpc: vpc-0a1b2c3d4e5f60718}
interfaces:
  management: [admin-cli, dns]
  data1: [mail]
peers:
  administrators: [10.20.0.0/24]
  dns-servers: [10.0.0.2]
"""
MANAGEMENT = [permission("tcp/22", "10.20.0.0/24")]
DNS = [permission("udp/53", "10.0.0.2/32"), permission("tcp/53", "10.0.0.2/32")]
MAIL = [permission("tcp/25", "0.0.0.0/0", "::/0")]


def held(*groups: dict[str, Any], text: str = FILE, given: dict[str, tuple[str, ...]] | None = None) -> Audit:
    actual = read_aws({"SecurityGroups": list(groups)})
    assert actual is not None
    return against_deployment(actual, workflow.read_deployment("gateway.yaml", text), TODAY, given)


def seen(*groups: dict[str, Any], features: list[str] | None = None, **document: Any) -> Audit:
    actual = read_aws({"SecurityGroups": list(groups), **document})
    assert actual is not None
    return against_catalogue(actual, load(), TODAY, features)


def test_groups_that_permit_exactly_the_policy_are_clean() -> None:
    audit = held(security_group("sg-1", MANAGEMENT, DNS, "management"), security_group("sg-2", MAIL, MAIL, "data1"))
    assert audit.clean
    assert [(one.interface, one.groups, one.rules) for one in audit.interfaces] == [
        ("management", ("sg-1",), 3),
        ("data1", ("sg-2",), 4),
    ]


def test_a_flow_that_is_not_there_is_missing_with_its_table_rows() -> None:
    audit = held(security_group("sg-1", MANAGEMENT, DNS[:1], "management"), security_group("sg-2", MAIL, MAIL, "data1"))
    (missing,) = audit.missing
    assert (missing.interface, missing.label, missing.rows) == ("management", "dns", (7,))
    assert missing.packets == parse_packets("tcp/53 out to 10.0.0.2")


def test_a_part_of_a_flow_that_is_cut_off_is_missing() -> None:
    narrow = [permission("tcp/22", "10.20.0.0/25")]
    (missing,) = held(
        security_group("sg-1", narrow, DNS, "management"), security_group("sg-2", MAIL, MAIL, "data1")
    ).missing
    assert missing.packets == parse_packets("tcp/22 in from 10.20.0.128/25")


def test_a_rule_that_permits_more_is_unexpected_for_exactly_the_surplus() -> None:
    wide = [permission("tcp/22", "10.20.0.0/23")]
    audit = held(security_group("sg-1", wide, DNS, "management"), security_group("sg-2", MAIL, MAIL, "data1"))
    (unexpected,) = audit.unexpected
    assert (unexpected.group, unexpected.rule) == ("sg-1", "IpPermissions[0].IpRanges[0]")
    assert unexpected.packets == parse_packets("tcp/22 in from 10.20.1.0/24")
    assert not audit.missing


def test_several_groups_on_one_interface_count_together() -> None:
    groups = (security_group("sg-1", MANAGEMENT), security_group("sg-2", [], DNS), security_group("sg-3", MAIL, MAIL))
    assert held(*groups, given={"management": ("sg-1", "sg-2"), "data1": ("name of sg-3",)}).clean


def test_a_rule_for_everyone_covers_a_reference_too() -> None:
    text = FILE.replace("peers:", "peers:\n  mail-senders: [sg-0123456789abcdef0]\n  mail-receivers: [any]")
    audit = held(
        security_group("sg-1", MANAGEMENT, DNS, "management"), security_group("sg-2", MAIL, MAIL, "data1"), text=text
    )
    assert not audit.missing
    assert {rule.rule for rule in audit.unexpected} == {"IpPermissions[0].IpRanges[0]", "IpPermissions[0].Ipv6Ranges[0]"}


def test_a_waiver_of_the_file_holds_for_the_audit_too() -> None:
    open_ssh = [permission("tcp/22", "10.20.0.0/24", "8.8.8.8/32")]
    groups = security_group("sg-1", open_ssh, DNS, "management"), security_group("sg-2", MAIL, MAIL, "data1")
    waivers = "waivers:\n  - {code: ESA001, peer: 8.8.8.8, reason: r, until: 2026-12-31}\n"
    assert [finding.code for finding in held(*groups).judgement.findings] == ["ESA001"]
    waived = held(*groups, text=FILE + waivers)
    assert not waived.judgement.findings
    assert [rule.packets for rule in waived.unexpected] == [parse_packets("tcp/22 in from 8.8.8.8")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "The groups of the interface management are unknown"),
        ({"management": ("sg-1",), "data1": ("sg-9",)}, "no group 'sg-9'"),
        ({"management": ("sg-1",), "data1": ("sg-2",), "data9": ("sg-1",)}, "no interface 'data9'"),
    ],
)
def test_interfaces_and_groups_that_do_not_fit_are_refused(given: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        held(security_group("sg-1"), security_group("sg-2"), given=given)


def test_against_the_catalogue_a_rule_is_expected_whatever_its_remote() -> None:
    audit = seen(
        security_group("sg-1", [permission("tcp/22", "10.0.0.0/24", "sg-9", "pl-1"), permission("tcp/8080", "10.0.0.1/32")])
    )
    (unexpected,) = audit.unexpected
    assert unexpected.packets == parse_packets("tcp/8080 in from 10.0.0.1")
    assert not audit.missing


def test_against_features_what_no_group_has_is_missing() -> None:
    audit = seen(security_group("sg-1", MANAGEMENT), security_group("sg-2", [], DNS), features=["admin-cli", "dns", "ntp"])
    assert [(missing.interface, missing.label) for missing in audit.missing] == [("any interface", "ntp")]
    assert not audit.unexpected


def test_a_feature_that_is_not_in_use_asks_for_nothing() -> None:
    audit = seen(security_group("sg-1", MANAGEMENT), features=["dns"])
    assert [rule.packets for rule in audit.unexpected] == [parse_packets("tcp/22 in from 10.20.0.0/24")]


def test_a_misspelled_feature_names_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'admin-cli'"):
        seen(security_group("sg-1"), features=["admin_cli"])


def test_pieces_of_the_internet_in_two_groups_of_one_interface_are_found() -> None:
    audit = seen(
        security_group("sg-1", [permission("tcp/22", "0.0.0.0/1")]),
        security_group("sg-2", [permission("tcp/22", "128.0.0.0/1")]),
        NetworkInterfaces=[{"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]}],
    )
    assert [finding.code for finding in audit.judgement.findings] == ["ESA001", "ESA013"]
    assert audit.judgement.findings[1].statements == ("IpPermissions[0].IpRanges[0]",)


def test_on_azure_every_group_on_the_way_has_to_permit() -> None:
    close = (
        security_rule("close-in", 4096, "Inbound", "Deny", "*", "*"),
        security_rule("close-out", 4096, "Outbound", "Deny", "*", "*"),
    )
    wide = network_security_group("nic", security_rule("ssh", 100, "Inbound", "Allow", "Tcp/22", "10.0.0.0/16"), *close)
    narrow = network_security_group(
        "subnet", security_rule("ssh", 100, "Inbound", "Allow", "Tcp/22-80", "10.0.1.0/24"), *close
    )
    actual = read_azure([wide, narrow])
    assert actual is not None
    audit = against_catalogue(actual, load(), TODAY, ["dns"], given={"data1": ("nic", "subnet")})
    assert [rule.packets for rule in audit.unexpected] == [parse_packets("tcp/22 in from 10.0.1.0/24")] * 2


def test_an_open_network_security_group_breaks_guardrails_through_default_rules_and_tags() -> None:
    actual = read_azure(network_security_group("nsg", security_rule("ssh", 100, "Inbound", "Allow", "Tcp/22", "Internet")))
    assert actual is not None
    found = against_catalogue(actual, load(), TODAY).judgement.findings
    assert [(finding.code, finding.statements) for finding in found] == [
        ("ESA001", ("ssh",)),
        ("ESA010", ("default rules",)),
        ("ESA007", ("default rules",)),
    ]


def test_a_hundred_thousand_rules_are_audited() -> None:
    groups = [
        security_group(f"sg-{number}", [permission(f"tcp/{22 + port}", f"10.{number}.{port}.0/24") for port in range(100)])
        for number in range(200)
    ]
    one = security_group(
        "sg-many", [permission("tcp/22", *(f"10.{high}.{low}.0/25" for high in range(100) for low in range(256)))]
    )
    audit = seen(*groups, one)
    assert sum(audited.rules for audited in audit.interfaces) == 200 * 100 + 25600
    assert {"ESA003"} <= {finding.code for finding in audit.judgement.findings}
