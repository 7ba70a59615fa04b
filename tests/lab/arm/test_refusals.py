"""What the platform refuses: the status, the code and, where it was read somewhere, the message."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from support.arm import GROUP, error_of, nsg, path, rule, rules

from esacloud.lab.arm import ArmEmulator
from esacloud.lab.arm.limits import Limits

RULE_ID = path("networkSecurityGroups", "nsg/securityRules/mail-in")

REFUSED_RULES = [
    ("SecurityRuleInvalidPriority", {"priority": 99}),
    ("SecurityRuleInvalidPriority", {"priority": 4097}),
    ("SecurityRuleInvalidPriority", {"priority": None}),
    ("InvalidRequestFormat", {"priority": "100"}),
    ("InvalidRequestFormat", {"priority": 100.5}),
    ("InvalidRequestFormat", {"priority": True}),
    ("InvalidRequestFormat", {"protocol": "Sctp"}),
    ("InvalidRequestFormat", {"access": "Permit"}),
    ("InvalidRequestFormat", {"direction": "Both"}),
    ("InvalidRequestFormat", {"destinationPorts": "25"}),
    ("InvalidRequestFormat", {"destinationPortRange": 25}),
    ("InvalidRequestFormat", {"sourceAddressPrefixes": "10.0.0.0/8"}),
    ("SecurityRuleParameterMissing", {"protocol": None}),
    ("SecurityRuleParameterMissing", {"access": None}),
    ("SecurityRuleParameterMissing", {"direction": None}),
    ("SecurityRuleParametersMissing", {"sourceAddressPrefix": None}),
    ("SecurityRuleParametersMissing", {"destinationAddressPrefix": ""}),
    ("SecurityRuleParametersMissing", {"sourcePortRange": None}),
    ("SecurityRuleParametersMissing", {"destinationPortRange": None, "destinationPortRanges": []}),
    ("SecurityRuleParametersMutuallyExclusive", {"sourceAddressPrefixes": ["10.0.0.0/8"]}),
    ("SecurityRuleParametersMutuallyExclusive", {"destinationPortRanges": ["25"]}),
    ("SecurityRuleInvalidPortRange", {"destinationPortRange": "65536"}),
    ("SecurityRuleInvalidPortRange", {"destinationPortRange": "25,465"}),
    ("SecurityRuleInvalidPortRange", {"destinationPortRange": "smtp"}),
    ("SecurityRuleInvalidPortRange", {"destinationPortRange": "90-80"}),
    ("SecurityRuleInvalidPortRange", {"sourcePortRange": "-1"}),
    ("SecurityRuleInvalidPortRange", {"sourcePortRange": "1-2-3"}),
    ("SecurityRuleInvalidPortRange", {"destinationPortRange": None, "destinationPortRanges": ["25", "x"]}),
    ("SecurityRuleParameterContainsInvalidPortRanges", {"destinationPortRange": None, "destinationPortRanges": ["*"]}),
    ("SecurityRuleInvalidAddressPrefix", {"sourceAddressPrefix": "any"}),
    ("SecurityRuleInvalidAddressPrefix", {"sourceAddressPrefix": "10.0.0.1/24"}),
    ("SecurityRuleInvalidAddressPrefix", {"sourceAddressPrefix": "10.0.0.0/33"}),
    ("SecurityRuleInvalidAddressPrefix", {"sourceAddressPrefix": "mail.example.com"}),
    ("SecurityRuleInvalidAddressPrefix", {"sourceAddressPrefix": "AzureBastionSubnet"}),
    ("SecurityRuleInvalidAddressPrefix", {"sourceAddressPrefix": "10.0.0.1-10.0.0.9"}),
    ("SecurityRuleInvalidAddressPrefix", {"destinationAddressPrefix": "2001:db8::1/64"}),
    ("SecurityRuleInvalidAddressPrefix", {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "here"]}),
    (
        "SecurityRuleParameterContainsUnsupportedValue",
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["Internet"]},
    ),
    (
        "SecurityRuleParameterContainsUnsupportedValue",
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "*"]},
    ),
    (
        "OverlappingSubnetsNotPermittedInSecurityRule",
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "10.1.0.0/16"]},
    ),
    (
        "OverlappingSubnetsNotPermittedInSecurityRule",
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.1", "10.0.0.1/32"]},
    ),
    (
        "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "2001:db8::/32"]},
    ),
    (
        "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
        {"destinationAddressPrefix": "2001:db8::/32"},
    ),
    ("SecurityRuleInvalidDescription", {"description": "x" * 141}),
    ("LinkedInvalidPropertyId", {"sourceAddressPrefix": None, "sourceApplicationSecurityGroups": [{"id": "asg-one"}]}),
    ("InvalidRequestFormat", {"sourceAddressPrefix": None, "sourceApplicationSecurityGroups": [{"name": "asg-one"}]}),
]

ACCEPTED_RULES = [
    {"priority": 100},
    {"priority": 4096},
    {"protocol": "*"},
    {"protocol": "udp", "access": "allow", "direction": "outbound"},
    {"destinationPortRange": "0-65535"},
    {"destinationPortRange": "25-25"},
    {"destinationPortRange": None, "destinationPortRanges": ["25", "20-30"]},
    {"sourceAddressPrefix": "Internet"},
    {"sourceAddressPrefix": "virtualnetwork"},
    {"sourceAddressPrefix": "Storage.WestEurope"},
    {"sourceAddressPrefix": "0.0.0.0/0"},
    {"sourceAddressPrefix": "2001:db8::/32"},
    {"sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.0.0.1", "10.0.0.2/32", "192.0.2.0/24"]},
    {"description": "x" * 140},
    {"provisioningState": "Succeeded"},
]


def code_of(error: pytest.ExceptionInfo[HttpResponseError]) -> str:
    return str(error_of(error).code)


def write(client: NetworkManagementClient, body: dict[str, Any], name: str = "nsg") -> None:
    client.network_security_groups.begin_create_or_update(GROUP, name, body).result()


@pytest.mark.parametrize(("code", "changes"), REFUSED_RULES)
def test_a_rule_is_refused_inline_and_by_itself_and_nothing_changes(
    arm_client: NetworkManagementClient, arm_emulator: ArmEmulator, code: str, changes: dict[str, Any]
) -> None:
    write(arm_client, nsg(rule("there", priority=300)))
    before = arm_emulator.snapshot()
    with pytest.raises(HttpResponseError) as inline:
        write(arm_client, nsg(rule("there", priority=300), rule(**changes)))
    body = {"properties": rule(**changes)["properties"]}
    with pytest.raises(HttpResponseError) as alone:
        arm_client.security_rules.begin_create_or_update(GROUP, "nsg", "mail-in", body)
    assert (inline.value.status_code, alone.value.status_code) == (400, 400)
    assert (code_of(inline), code_of(alone)) == (code, code)
    assert arm_emulator.snapshot() == before


@pytest.mark.parametrize("changes", ACCEPTED_RULES)
def test_a_rule_at_the_edge_is_accepted(arm_client: NetworkManagementClient, changes: dict[str, Any]) -> None:
    write(arm_client, nsg(rule(**changes)))
    assert arm_client.security_rules.get(GROUP, "nsg", "mail-in").provisioning_state == "Succeeded"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"priority": 50}, "Security rule has invalid Priority. Value provided: 50 Allowed range 100-4096."),
        ({"priority": None}, "Security rule has invalid Priority. Value provided: 0 Allowed range 100-4096."),
        (
            {"destinationPortRange": "any"},
            "Security rule has invalid Port range. Value provided: any. Value should be an integer OR integer range with "
            "'-' delimiter. Valid range 0-65535.",
        ),
        (
            {"sourceAddressPrefix": "10.0.0.1/24"},
            f"Security rule {RULE_ID} has invalid Address prefix. Value provided: 10.0.0.1/24",
        ),
        (
            {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["149.173.0.0/16", "149.173.8.27/32"]},
            f"Security rule parameter SourceAddressPrefix for rule with Id {RULE_ID} contains overlapping subnets "
            "[149.173.0.0/16, 149.173.8.27/32], which is not permitted.",
        ),
        (
            {"sourceAddressPrefix": None},
            f"Required security rule parameters are missing for security rule with Id: {RULE_ID}. Security rule must "
            "specify SourceAddressPrefixes, SourceAddressPrefix, or SourceApplicationSecurityGroups.",
        ),
    ],
)
def test_the_message_is_the_one_that_azure_sends(
    arm_client: NetworkManagementClient, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(HttpResponseError) as refused:
        write(arm_client, nsg(rule(**changes)))
    assert error_of(refused).message == message


def test_one_priority_serves_once_in_each_direction(arm_client: NetworkManagementClient) -> None:
    write(arm_client, nsg(rule("in"), rule("out", direction="Outbound")))
    with pytest.raises(HttpResponseError) as refused:
        write(arm_client, nsg(rule("in"), rule("out", direction="inbound")))
    assert code_of(refused) == "SecurityRuleConflict"
    assert error_of(refused).message == (
        "Security rule in conflicts with rule out. Rules cannot have the same Priority and Direction. "
        "To learn more, see aka.ms/nsgrules."
    )
    body = {"properties": rule()["properties"]}
    with pytest.raises(HttpResponseError, match="SecurityRuleConflict"):
        arm_client.security_rules.begin_create_or_update(GROUP, "nsg", "third", body)


def test_two_rules_cannot_share_a_name_in_any_case(arm_client: NetworkManagementClient) -> None:
    with pytest.raises(HttpResponseError) as refused:
        write(arm_client, nsg(rule("Mail"), rule("mail", priority=101)))
    assert [detail.code for detail in error_of(refused).details] == ["DuplicateResourceName"]


@pytest.mark.parametrize("name", ["x" * 81, "-first", "last-", "last.", "with space", "ümlaut"])
def test_a_name_that_azure_refuses_is_refused_for_groups_and_rules(arm_client: NetworkManagementClient, name: str) -> None:
    with pytest.raises(HttpResponseError, match="InvalidResourceName"):
        write(arm_client, nsg(), name)
    with pytest.raises(HttpResponseError, match="InvalidResourceName"):
        write(arm_client, nsg(rule(name)))


@pytest.mark.parametrize("name", ["x" * 80, "x", "_x_", "a.b-c_d"])
def test_a_name_at_the_edge_is_accepted(arm_client: NetworkManagementClient, name: str) -> None:
    write(arm_client, nsg(rule(name)), name)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"properties": {}}, 400, "LocationRequired"),
        ({"location": "northeurope"}, 409, "InvalidResourceLocation"),
        ({"location": "westeurope", "tags": {"a": 1}}, 400, "InvalidRequestContent"),
        ({"location": "westeurope", "rules": []}, 400, "InvalidRequestFormat"),
        ({"location": "westeurope", "properties": {"rules": []}}, 400, "InvalidRequestFormat"),
        ({"location": "westeurope", "properties": {"securityRules": [{"properties": {}}]}}, 400, "InvalidRequestFormat"),
    ],
)
def test_a_body_that_is_no_network_security_group_is_refused(
    arm_client: NetworkManagementClient, arm_emulator: ArmEmulator, body: dict[str, Any], status: int, code: str
) -> None:
    write(arm_client, nsg())
    answered = arm_emulator.send("PUT", path("networkSecurityGroups", "nsg"), body)
    assert (answered.status, answered.body["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("limits", "body", "code"),
    [
        (Limits(rules_per_group=3), nsg(*rules(4)), "SecurityRuleCountLimitReached"),
        (
            Limits(addresses_per_group=3),
            nsg(*rules(2, sourceAddressPrefix=None, sourceAddressPrefixes=["10.0.0.1", "10.0.0.2"])),
            "SecurityRuleAddressPrefixLimitReached",
        ),
    ],
)
def test_a_group_over_its_limits_is_refused(limits: Limits, body: dict[str, Any], code: str) -> None:
    with ArmEmulator(resource_groups={GROUP: "westeurope"}, limits=limits) as emulator:
        answered = emulator.send("PUT", path("networkSecurityGroups", "nsg"), body)
        assert (answered.status, answered.body["error"]["code"]) == (400, code)
        body["properties"]["securityRules"].pop()
        assert emulator.send("PUT", path("networkSecurityGroups", "nsg"), body).status == 201


def test_more_groups_than_the_subscription_may_have_are_refused() -> None:
    with ArmEmulator(resource_groups={GROUP: "westeurope"}, limits=Limits(groups=1)) as emulator:
        assert emulator.send("PUT", path("networkSecurityGroups", "one"), nsg()).status == 201
        assert emulator.send("PUT", path("networkSecurityGroups", "one"), nsg()).status == 200
        assert emulator.send("PUT", path("networkSecurityGroups", "two"), nsg()).body["error"]["code"] == "QuotaExceeded"
