"""One security rule: what the platform accepts, and what it answers to the rest.

Messages read: priority (https://github.com/Azure/azure-rest-api-specs/pull/22546), missing sides
(https://github.com/Azure/sap-hana/issues/135), missing parameters (https://github.com/clong/DetectionLab/issues/479), two
ways to say a side (https://github.com/Azure/azure-cli/issues/8615, its code is ours), too many application security groups
(https://github.com/hashicorp/terraform-provider-azurerm/pull/1587). The code for a long description is ours. Ports:
https://github.com/Azure/azure-cli/issues/23499; the code for `*` in a list was read, its message was not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from esacloud.lab.arm import bodies
from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.errors import bad_request, unreadable
from esacloud.lab.arm.limits import DESCRIPTION_LENGTH, FIRST_PRIORITY, LAST_PRIORITY, Limits
from esacloud.lab.arm.prefixes import check_one_family, check_prefix, check_prefixes
from esacloud.lab.arm.references import reference_ids
from esacloud.packets.addresses import Network

SIDES = ("source", "destination")
_WORDS = {
    "protocol": ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
    "access": ("Allow", "Deny"),
    "direction": ("Inbound", "Outbound"),
}
_MEMBERS = (
    "provisioningState",  # read-only: sent back by clients that read the rule before
    "description",
    *_WORDS,
    "priority",
    *(f"{side}{what}" for side in SIDES for what in ("PortRange", "PortRanges", "AddressPrefix", "AddressPrefixes")),
    *(f"{side}ApplicationSecurityGroups" for side in SIDES),
)


def accept_rule(rule_id: str, body: Body, limits: Limits, where: str) -> dict[str, Any]:
    """The properties of a rule as the API keeps them, in its order. `where`: the path of the rule in the request's body."""
    given = bodies.properties(body, where)
    where += "properties."
    bodies.known_members(given, _MEMBERS, where)
    kept = {"description": bodies.text(given, "description", where)} | _words(rule_id, given, where)
    kept["priority"] = _priority(given, where)
    if len(kept["description"] or "") > DESCRIPTION_LENGTH:
        raise bad_request(
            "SecurityRuleInvalidDescription",
            f"Security rule {rule_id} has an invalid Description: it has more than {DESCRIPTION_LENGTH} characters.",
        )
    networks: list[Network] = []
    for side in SIDES:
        kept |= _ports(rule_id, given, side, where)
        addresses, found = _addresses(rule_id, given, side, limits, where)
        kept |= addresses
        networks += found
    check_one_family(rule_id, networks)
    return {name: value for name, value in kept.items() if value is not None}


def _words(rule_id: str, given: Body, where: str) -> dict[str, Any]:
    """Protocol, access and direction. The API takes any case, and keeps it."""
    words: dict[str, Any] = {}
    for name, known in _WORDS.items():
        value = words[name] = bodies.text(given, name, where)
        if not value:
            raise bad_request(
                "SecurityRuleParameterMissing",
                f"Required security rule parameter {name.capitalize()} is missing for security rule with Id: {rule_id}.",
            )
        if value.lower() not in {word.lower() for word in known}:
            raise unreadable(f"Error converting value \"{value}\". Path '{where}{name}'.")
    return words


def _priority(given: Body, where: str) -> int:
    priority = bodies.number(given, "priority", where) or 0
    if not FIRST_PRIORITY <= priority <= LAST_PRIORITY:
        raise bad_request(
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid Priority. Value provided: {priority} Allowed range "
            f"{FIRST_PRIORITY}-{LAST_PRIORITY}.",
        )
    return priority


def _ports(rule_id: str, given: Body, side: str, where: str) -> dict[str, Any]:
    one, many = bodies.text(given, f"{side}PortRange", where), bodies.texts(given, f"{side}PortRanges", where)
    _exactly_one(rule_id, {_title(side, "PortRanges"): many, _title(side, "PortRange"): one})
    if one:
        check_port_range(one)
    check_port_ranges(rule_id, _title(side, "PortRange"), many)
    return {f"{side}PortRange": one or None, f"{side}PortRanges": many}


def _addresses(rule_id: str, given: Body, side: str, limits: Limits, where: str) -> tuple[dict[str, Any], list[Network]]:
    one, many = bodies.text(given, f"{side}AddressPrefix", where), bodies.texts(given, f"{side}AddressPrefixes", where)
    member = f"{side}ApplicationSecurityGroups"
    groups = reference_ids(given, member, where)
    _exactly_one(
        rule_id,
        {
            _title(side, "AddressPrefixes"): many,
            _title(side, "AddressPrefix"): one,
            _title(side, "ApplicationSecurityGroups"): groups,
        },
    )
    most = limits.application_security_groups_per_side
    if len(groups) > most:
        raise bad_request(
            "NumberOfApplicationSecurityGroupsReferencedInSecurityRuleLimitReached",
            f"A security rule may have up to {most} Application Security Group in the source or destination fields. "
            f"The requested configuration has {len(groups)} in the {_title(side, 'ApplicationSecurityGroups')} field.",
        )
    networks = check_prefix(rule_id, one) if one else check_prefixes(rule_id, _title(side, "AddressPrefix"), many)
    return {
        f"{side}AddressPrefix": one or None,
        f"{side}AddressPrefixes": many,
        member: [{"id": group} for group in groups] or None,
    }, networks


def _exactly_one(rule_id: str, ways: dict[str, Any]) -> None:
    """Refuse a side in no form, or in two."""
    given = [name for name, value in ways.items() if value]
    if not given:
        *most, last = ways
        raise bad_request(
            "SecurityRuleParametersMissing",
            f"Required security rule parameters are missing for security rule with Id: {rule_id}. "
            f"Security rule must specify {', '.join(most)}, or {last}.",
        )
    if len(given) > 1:
        raise bad_request(
            "SecurityRuleParametersMutuallyExclusive",
            f"Security rule with Id {rule_id} must specify a non empty value for exactly one of: {', '.join(ways)}.",
        )


def _title(side: str, what: str) -> str:
    return side.capitalize() + what


def check_port_range(text: str) -> None:
    """Refuse what is neither `*`, nor a port, nor a range of ports."""
    if text == "*":
        return
    first, hyphen, last = text.partition("-")
    if _is_port(first) and (not hyphen or (_is_port(last) and int(first) <= int(last))):
        return
    raise bad_request(
        "SecurityRuleInvalidPortRange",
        f"Security rule has invalid Port range. Value provided: {text}. Value should be an integer OR integer range with "
        "'-' delimiter. Valid range 0-65535.",
    )


def check_port_ranges(rule_id: str, parameter: str, texts: Iterable[str]) -> None:
    """Refuse a list with `*` or with anything that is no port. `parameter`: `SourcePortRange` or `DestinationPortRange`."""
    for text in texts:
        if text == "*":
            raise bad_request(
                "SecurityRuleParameterContainsInvalidPortRanges",
                f"Security rule parameter {parameter}s for rule with Id {rule_id} contains invalid port ranges: *.",
            )
        check_port_range(text)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= 65535
