"""Flows to security rules: as few as say the same and still tell which entries asked.

A rule holds the flows of one direction, protocol, source port range and set of entries, whose far sides are of one kind:
networks of one address family (Azure takes no rule with both), application security groups, or one service tag. Far sides
with the same ports go into one rule, so that ports times far sides is never more than the flows say. What a wider network
of the same rule covers is left out, because Azure refuses overlapping networks within a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
"""The last rule of each direction: it closes the default rules, which open the virtual network and the way out."""


class _Key(NamedTuple):
    """What the flows of one rule share, their ports apart."""

    direction: Direction
    transport: str
    source_ports: PortRange
    kind: str
    entries: tuple[str, ...]


def security_rules(flows: Iterable[Flow], limits: Limits, *, apart: bool = True) -> tuple[SecurityRule, ...]:
    """The rules of one interface, in order of direction and priority, those that deny the rest last.

    Entries have rules of their own, unless `apart` is false: then a rule cites every entry whose flows it holds.
    Raises PrioritiesFullError where a direction has more rules than numbers, ValueError for a flow that no rule can say.
    """
    by_direction: dict[Direction, list[SecurityRule]] = {"ingress": [], "egress": []}
    for key, of_key in _grouped(flows, apart).items():
        by_direction[key.direction].extend(_rules_of(key, of_key))
    numbered: list[SecurityRule] = []
    for deny, made in zip(DENIES, by_direction.values(), strict=True):
        numbers = priorities([rule.name for rule in made], limits.first_priority, limits.last_priority)
        numbered.extend(sorted((_numbered(rule, numbers[rule.name]) for rule in made), key=_priority))
        numbered.append(deny)
    return tuple(numbered)


def _priority(rule: SecurityRule) -> int:
    return rule.priority


def _grouped(flows: Iterable[Flow], apart: bool) -> dict[_Key, list[Flow]]:
    grouped: dict[_Key, list[Flow]] = {}
    for flow in flows:
        kind = _kind(flow.remote)
        entries = flow.entries if apart and kind != PROBES else ()
        key = _Key(flow.direction, flow.transport, flow.source_ports, kind, entries)
        if (members := grouped.get(key)) is None:
            grouped[key] = [flow]
        else:
            members.append(flow)
    return grouped


def _kind(remote: Endpoint) -> str:
    if isinstance(remote, Network):
        family = "ipv4" if remote.version == 4 else "ipv6"
        return family if remote.prefix else f"any-{family}"
    if not isinstance(remote, Reference) or remote.kind == APPLICATION_SECURITY_GROUP:
        return _GROUPS
    if remote.cloud != "azure" or remote.kind != SERVICE_TAG:
        raise ValueError(f"Azure knows no such reference: {remote}")
    return remote.id


def _rules_of(key: _Key, flows: Sequence[Flow]) -> list[SecurityRule]:
    """The rules of flows that differ in ports and far sides alone; their priorities are still to be given."""
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
    """The rows and entries of every flow to those far sides."""
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
        prefixes = _prefixes(remotes)  # type: ignore[arg-type]  # a key holds far sides of one kind
        if key.kind.startswith("any-"):
            named_entries = ()  # no two rules for everyone share their ports, whoever asked
    elif key.kind == _GROUPS:
        prefixes, groups = (), tuple(sorted(remote.id if isinstance(remote, Reference) else SELF for remote in remotes))
    else:
        prefixes, named_ports = (key.kind,), ()  # a tag's rule is one, whatever its ports
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
    """The ranges as Azure writes them, overlapping ones made one."""
    if len(ports) == 1:
        return EVERYTHING if ports[0] == EVERY_PORT else (port_text(ports[0]),)
    apart = [ports[0]]
    for first, last in ports[1:]:
        if first <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(last, apart[-1][1]))
        else:
            apart.append((first, last))
    return EVERYTHING if apart == [EVERY_PORT] else tuple(map(port_text, apart))


def _numbered(rule: SecurityRule, priority: int) -> SecurityRule:
    return SecurityRule(
        rule.name,
        priority,
        rule.direction,
        rule.access,
        rule.protocol,
        rule.source_port_ranges,
        rule.destination_port_ranges,
        rule.source_address_prefixes,
        rule.destination_address_prefixes,
        rule.source_application_security_groups,
        rule.destination_application_security_groups,
        rule.description,
        rule.rows,
        rule.entries,
    )
