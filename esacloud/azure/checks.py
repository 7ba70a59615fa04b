"""What Azure refuses and `terraform validate` does not notice, checked before anything is written and after it is read.

Each finding is a whole sentence that names the group and the rule. What a rule's texts mean is looked at by evaluate.py,
which raises for ports, prefixes and protocols that are none; here is what Azure asks beside that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from esacloud.azure.descriptions import is_description
from esacloud.azure.evaluate import match, port_range
from esacloud.azure.limits import DENY_PRIORITY, DESCRIPTION_LENGTH, LOWEST_PRIORITY, NAME_LENGTH, Limits
from esacloud.azure.model import NetworkSecurityGroup, SecurityRule
from esacloud.azure.names import is_rule_name
from esacloud.packets.addresses import Network, parse_network
from esacloud.policy.lowered import QuotaUse


def problems(groups: Iterable[NetworkSecurityGroup]) -> Iterator[str]:
    """Everything in the groups that Azure would refuse, quotas apart."""
    for group in groups:
        names: set[str] = set()
        numbers: dict[tuple[str, int], str] = {}
        for rule in group.rules:
            where = f"{group.interface}: the rule {rule.name!r}"
            for problem in _of_rule(rule):
                yield f"{where} {problem}."
            if rule.name.lower() in names:
                yield f"{where} has the name of another rule of its group."
            names.add(rule.name.lower())
            other = numbers.setdefault((rule.direction, rule.priority), rule.name)
            if other is not rule.name:
                yield f"{where} has the priority {rule.priority} of {other!r}, which goes the same way."


@lru_cache(maxsize=4096)
def _of_rule(rule: SecurityRule) -> tuple[str, ...]:
    return tuple(_found(rule))


def _found(rule: SecurityRule) -> Iterator[str]:
    if not is_rule_name(rule.name):
        yield (
            f"needs a name of at most {NAME_LENGTH} letters, digits, underscores, hyphens and full stops, "
            "that starts with a letter, a digit or an underscore and does not end in a hyphen or a full stop"
        )
    if not is_description(rule.description):
        yield f"needs a description of at most {DESCRIPTION_LENGTH} printable ASCII characters"
    if not LOWEST_PRIORITY <= rule.priority <= DENY_PRIORITY:
        yield f"has the priority {rule.priority}, which is not from {LOWEST_PRIORITY} to {DENY_PRIORITY}"
    try:
        match(rule)
    except ValueError as error:
        yield f"cannot be read: {error}"
        return
    for side, prefixes in (
        ("source", rule.source_address_prefixes),
        ("destination", rule.destination_address_prefixes),
    ):
        if len(prefixes) > 1:
            yield from _of_networks(side, sorted(map(parse_network, prefixes)))
    for side, ports in (("source", rule.source_port_ranges), ("destination", rule.destination_port_ranges)):
        if len(ports) > 1:
            in_order = sorted(map(port_range, ports))
            if any(later[0] <= before[1] for before, later in pairwise(in_order)):
                yield f"has {side} ports that overlap"
    for side, named in (
        ("source", rule.source_application_security_groups),
        ("destination", rule.destination_application_security_groups),
    ):
        if len({name.lower() for name in named}) != len(named):
            yield f"names an application security group twice as its {side}"


def _of_networks(side: str, networks: list[Network]) -> Iterator[str]:
    # Azure: ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies, as hashicorp/terraform-provider-azurerm
    # issue 12534 has it; OverlappingSubnetsNotPermittedInSecurityRule, as kubernetes-sigs/cloud-provider-azure issue 6775.
    if len({network.version for network in networks}) > 1:
        yield f"has IPv4 and IPv6 networks together as its {side}"
        return
    for before, later in pairwise(networks):
        if later.first <= before.last:
            yield f"has the overlapping networks {before} and {later} as its {side}"


def quota_uses(groups: Iterable[NetworkSecurityGroup], limits: Limits) -> Iterator[QuotaUse]:
    """How much of Azure's limits each group takes."""
    for group in groups:
        who, rules = group.interface, group.rules
        yield QuotaUse(f"{who}: rules", len(rules), limits.rules_per_group)
        for side in ("source", "destination"):
            count = sum(
                len(prefixes) for rule in rules if (prefixes := getattr(rule, f"{side}_address_prefixes")) != ("*",)
            )
            if count:
                yield QuotaUse(f"{who}: {side} addresses", count, limits.addresses_per_group)
        named = {
            name.lower()
            for rule in rules
            for name in (*rule.source_application_security_groups, *rule.destination_application_security_groups)
        }
        if named:
            message = f"{who}: application security groups"
            yield QuotaUse(message, len(named), limits.application_security_groups_per_group)
