"""What Azure refuses and `terraform validate` does not find, checked before anything is written and after it is read.

Each finding is a whole sentence that names the group and the rule. evaluate.py parses the values of a rule and raises for
invalid ports, prefixes and protocols; this module checks everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from esacloud.azure.descriptions import is_description
from esacloud.azure.evaluate import match, port_range
from esacloud.azure.limits import DENY_PRIORITY, DESCRIPTION_LENGTH, LOWEST_PRIORITY, NAME_LENGTH, Limits
from esacloud.azure.model import EVERYTHING, NetworkSecurityGroup, SecurityRule
from esacloud.azure.names import is_rule_name
from esacloud.packets.addresses import Network, parse_network
from esacloud.policy.lowered import QuotaUse


def problems(groups: Iterable[NetworkSecurityGroup]) -> Iterator[str]:
    """Everything in the groups that Azure would refuse, except for quotas."""
    for group in groups:
        names: set[str] = set()
        numbers: dict[tuple[str, int], str] = {}
        for rule in group.rules:
            where = f"{group.interface}: the rule {rule.name!r}"
            for problem in _rule_problems(rule):
                yield f"{where} {problem}."
            if rule.name.lower() in names:
                yield f"{where} has the name of another rule of the group."
            names.add(rule.name.lower())
            other = numbers.setdefault((rule.direction, rule.priority), rule.name)
            if other is not rule.name:
                yield f"{where} has the priority {rule.priority} of {other!r}, which has the same direction."


@lru_cache(maxsize=4096)
def _rule_problems(rule: SecurityRule) -> tuple[str, ...]:
    return tuple(_find_problems(rule))


def _find_problems(rule: SecurityRule) -> Iterator[str]:
    if not is_rule_name(rule.name):
        yield (
            f"needs a name of at most {NAME_LENGTH} letters, digits, underscores, hyphens and full stops "
            "that starts with a letter, a digit or an underscore and does not end with a hyphen or a full stop"
        )
    if not is_description(rule.description):
        yield f"needs a description of at most {DESCRIPTION_LENGTH} printable ASCII characters"
    if not LOWEST_PRIORITY <= rule.priority <= DENY_PRIORITY:
        yield f"has the priority {rule.priority}, which is outside {LOWEST_PRIORITY} to {DENY_PRIORITY}"
    try:
        match(rule)
    except ValueError as error:
        yield f"is not valid: {error}"
        return
    for name, ports, prefixes, groups in rule.sides:
        if len(prefixes) > 1:
            yield from _network_problems(name, sorted(map(parse_network, prefixes)))
        if len(ports) > 1:
            ranges = sorted(map(port_range, ports))
            if any(later[0] <= before[1] for before, later in pairwise(ranges)):
                yield f"has {name} ports that overlap"
        if len({group.lower() for group in groups}) != len(groups):
            yield f"names an application security group twice as its {name}"


def _network_problems(side: str, networks: list[Network]) -> Iterator[str]:
    # Azure: ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies, as hashicorp/terraform-provider-azurerm
    # issue 12534 has it; OverlappingSubnetsNotPermittedInSecurityRule, as kubernetes-sigs/cloud-provider-azure issue 6775.
    if len({network.version for network in networks}) > 1:
        yield f"has both IPv4 and IPv6 networks as its {side}"
        return
    for before, later in pairwise(networks):
        if later.first <= before.last:
            yield f"has the overlapping networks {before} and {later} as its {side}"


def quota_uses(groups: Iterable[NetworkSecurityGroup], limits: Limits) -> Iterator[QuotaUse]:
    """How much of Azure's limits each group uses."""
    for group in groups:
        name, rules = group.interface, group.rules
        yield QuotaUse(f"{name}: rules", len(rules), limits.rules_per_group)
        addresses = Counter({"source": 0, "destination": 0})
        for side in (side for rule in rules for side in rule.sides if side.prefixes != EVERYTHING):
            addresses[side.name] += len(side.prefixes)
        for side_name, count in addresses.items():
            if count:
                yield QuotaUse(f"{name}: {side_name} addresses", count, limits.addresses_per_group)
        if named := {group.lower() for rule in rules for group in rule.application_security_groups}:
            most = limits.application_security_groups_per_group
            yield QuotaUse(f"{name}: application security groups", len(named), most)
