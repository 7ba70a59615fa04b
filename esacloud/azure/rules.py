"""Flows to security rules: as few as are exact and still cite the entries that need them.

A rule has the flows of one direction, protocol, source port range and set of entries, whose remotes are of one kind:
networks of one address family (Azure refuses a rule with both), application security groups, or one service tag. Remotes
with the same ports go into one rule, so that ports times remotes is exactly what the flows permit. A network inside a wider
one of the same rule is omitted, because Azure refuses overlapping networks within a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from esacloud.azure.descriptions import DENY, description
from esacloud.azure.dialect import APPLICATION_SECURITY_GROUP, SERVICE_TAG
from esacloud.azure.limits import DENY_PRIORITY, Limits
from esacloud.azure.model import EVERYTHING, SELF, Protocol, RuleDirection, SecurityRule
from esacloud.azure.names import PREFIXES, RuleIdentity, port_text, rule_name
from esacloud.azure.priorities import priorities
from esacloud.azure.probes import PROBES
from esacloud.catalogue.model import EVERY_PORT, PortRange
from esacloud.deployment.model import Reference
from esacloud.packets.addresses import Network
from esacloud.policy.model import Direction, Endpoint, Flow

_DIRECTIONS: dict[Direction, RuleDirection] = {"ingress": "Inbound", "egress": "Outbound"}
_PROTOCOLS: dict[str, Protocol] = {"tcp": "Tcp", "udp": "Udp", "icmp": "Icmp", "all": "*"}
_GROUPS = "groups"

DENIES = tuple(
    SecurityRule(f"{PREFIXES[direction]}-deny-all-else", DENY_PRIORITY, azure, "Deny", "*", description=DENY)
    for direction, azure in _DIRECTIONS.items()
)
"""The last rule of each direction. It precedes the default rules, which permit the virtual network and all egress."""


class _Key(NamedTuple):
    """What the flows of one rule share, except for their ports."""

    direction: Direction
    transport: str
    source_ports: PortRange
    kind: str
    entries: tuple[str, ...]


def security_rules(flows: Iterable[Flow], limits: Limits, *, apart: bool = True) -> tuple[SecurityRule, ...]:
    """The rules of one interface, in order of direction and priority, those that deny the rest last.

    Entries have rules of their own, unless `apart` is false: then a rule cites every entry whose flows it has.
    Raises PrioritiesFullError where a direction has more rules than numbers, ValueError for a flow that no rule can match.
    """
    by_direction: dict[Direction, list[SecurityRule]] = {"ingress": [], "egress": []}
    for key, key_flows in _grouped(flows, apart).items():
        by_direction[key.direction].extend(_rules_of(key, key_flows))
    numbered: list[SecurityRule] = []
    for deny, made in zip(DENIES, by_direction.values(), strict=True):
        numbers = priorities([rule.name for rule in made], limits.first_priority, limits.last_priority)
        prioritized = (replace(rule, priority=numbers[rule.name]) for rule in made)
        numbered.extend(sorted(prioritized, key=lambda rule: rule.priority))
        numbered.append(deny)
    return tuple(numbered)


def _grouped(flows: Iterable[Flow], apart: bool) -> dict[_Key, list[Flow]]:
    grouped: dict[_Key, list[Flow]] = {}
    for flow in flows:
        kind = _kind(flow.remote)
        entries = flow.entries if apart and kind != PROBES else ()
        key = _Key(flow.direction, flow.transport, flow.source_ports, kind, entries)
        grouped.setdefault(key, []).append(flow)
    return grouped


def _kind(remote: Endpoint) -> str:
    if isinstance(remote, Network):
        family = "ipv4" if remote.version == 4 else "ipv6"
        return family if remote.prefix else f"any-{family}"
    if not isinstance(remote, Reference) or remote.kind == APPLICATION_SECURITY_GROUP:
        return _GROUPS
    if remote.cloud != "azure" or remote.kind != SERVICE_TAG:
        raise ValueError(f"{remote} is not a reference that Azure supports")
    return remote.id


def _rules_of(key: _Key, flows: Sequence[Flow]) -> list[SecurityRule]:
    """The rules of flows that differ only in ports and remotes; they have no priorities yet."""
    first = flows[0]
    if len(flows) == 1:
        return [_rule(key, (first.ports,), [first.remote], first.rows, first.entries)]
    ports_of: dict[Endpoint, set[PortRange]] = {}
    for flow in flows:
        ports_of.setdefault(flow.remote, set()).add(flow.ports)
    remotes_of: dict[tuple[PortRange, ...], list[Endpoint]] = {}
    for remote, ports in ports_of.items():
        remotes_of.setdefault(tuple(sorted(ports)), []).append(remote)
    if key.entries:
        return [_rule(key, ports, remotes, first.rows, first.entries) for ports, remotes in remotes_of.items()]
    return [_rule(key, ports, remotes, *_reasons(flows, set(remotes))) for ports, remotes in remotes_of.items()]


def _reasons(flows: Iterable[Flow], remotes: set[Endpoint]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The rows and entries of every flow to those remotes."""
    asking = [flow for flow in flows if flow.remote in remotes]
    rows = {row for flow in asking for row in flow.rows}
    return tuple(sorted(rows)), tuple(sorted({entry for flow in asking for entry in flow.entries}))


def _rule(
    key: _Key, ports: tuple[PortRange, ...], remotes: list[Endpoint], rows: tuple[int, ...], entries: tuple[str, ...]
) -> SecurityRule:
    prefixes: tuple[str, ...] = EVERYTHING
    groups: tuple[str, ...] = ()
    named_ports, named_entries = ports, key.entries
    if isinstance(remotes[0], Network):
        prefixes = _prefixes(remotes)  # type: ignore[arg-type]  # the remotes of a key are of one kind
        if key.kind.startswith("any-"):
            named_entries = ()  # no two rules for every address share their ports, whatever their entries
    elif key.kind == _GROUPS:
        prefixes, groups = (), tuple(sorted(remote.id if isinstance(remote, Reference) else SELF for remote in remotes))
    else:
        prefixes, named_ports = (key.kind,), ()  # a tag has only one rule, whatever its ports
    name = rule_name(RuleIdentity(key.direction, key.transport, key.source_ports, named_ports, key.kind, named_entries))
    inbound = key.direction == "ingress"
    return SecurityRule(
        name=name,
        priority=0,
        direction=_DIRECTIONS[key.direction],
        access="Allow",
        protocol=_PROTOCOLS[key.transport],
        source_port_ranges=_port_texts((key.source_ports,)),
        destination_port_ranges=_port_texts(ports),
        source_address_prefixes=prefixes if inbound else EVERYTHING,
        destination_address_prefixes=EVERYTHING if inbound else prefixes,
        source_application_security_groups=groups if inbound else (),
        destination_application_security_groups=() if inbound else groups,
        description=description(rows, entries),
        rows=rows,
        entries=entries,
    )


def _prefixes(networks: list[Network]) -> tuple[str, ...]:
    if len(networks) == 1:
        return (str(networks[0]),)
    kept: list[str] = []
    end = -1
    for network in sorted(networks):  # by first address, wider first
        if network.first > end:
            kept.append(str(network))
            end = network.last
    return tuple(kept)


def _port_texts(ports: Sequence[PortRange]) -> tuple[str, ...]:
    """The ranges as Azure writes them, overlapping ones merged."""
    if len(ports) == 1:
        return EVERYTHING if ports[0] == EVERY_PORT else (port_text(ports[0]),)
    apart = [ports[0]]
    for first, last in ports[1:]:
        if first <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(last, apart[-1][1]))
        else:
            apart.append((first, last))
    return EVERYTHING if apart == [EVERY_PORT] else tuple(map(port_text, apart))
