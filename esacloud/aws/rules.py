"""Flows to security group rules: one rule for each flow, two for ICMP with a remote that has both address families.

A rule's key consists of its interface and what it permits: it stays the same when other rules come and go, when its
description changes, and when it moves to another group of its interface.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from esacloud.aws.descriptions import rule_description
from esacloud.aws.model import SecurityGroupRule, SourceKind
from esacloud.catalogue.model import EVERY_PORT
from esacloud.deployment.model import Reference
from esacloud.packets.addresses import Network, Version
from esacloud.policy.merging import flow_for
from esacloud.policy.model import Endpoint, Flow

Protocol = tuple[str, int | None, int | None, str]  # ip_protocol, from_port, to_port, and their part of the key
Remote = tuple[SourceKind, str, int, tuple[Version, ...]]  # kind, id or network, size, and families

_PREPOSITIONS = {"ingress": "from", "egress": "to"}
_REFERENCES: dict[str, SourceKind] = {
    "security_group": "referenced_security_group_id",
    "prefix_list": "prefix_list_id",
}
# -1 is every ICMP type and code: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
_ICMP: Protocol = ("icmp", -1, -1, "icmp")
_ICMPV6: Protocol = ("icmpv6", -1, -1, "icmpv6")
_ICMP_OF: dict[SourceKind, tuple[Protocol, ...]] = {"cidr_ipv4": (_ICMP,), "cidr_ipv6": (_ICMPV6,)}
_EVERY_PROTOCOL: Protocol = ("-1", None, None, "all")
_BOTH: tuple[Version, ...] = (4, 6)
_ONE: dict[Version, tuple[Version, ...]] = {4: (4,), 6: (6,)}


def rules(flows: Iterable[Flow], outside: frozenset[str]) -> list[SecurityGroupRule]:
    """The rules of the flows, in their order; flows that become the same rule make one that cites all.

    `outside` holds the entries that the port table lacks. Raises ValueError for a flow that EC2 cannot express: with source
    ports, ICMP types or another cloud's reference.
    """
    flows = tuple(flows)
    made = [rule for flow in flows for rule in _of_flow(flow, outside)]
    if len({rule.key for rule in made}) < len(made):
        return [rule for flow in _distinct(flows) for rule in _of_flow(flow, outside)]
    return made


def _distinct(flows: Iterable[Flow]) -> Iterator[Flow]:
    """The flows, those joined that become the same rule: the size and family of a reference are not part of a rule."""
    same: dict[tuple[object, ...], list[Flow]] = {}
    for flow in flows:
        remote = flow.remote
        where = (remote.kind, remote.id) if isinstance(remote, Reference) else remote
        same.setdefault((flow.interface, flow.direction, flow.transport, flow.ports, where), []).append(flow)
    for first, *others in same.values():
        joined = flow_for(first.transport, first.ports, first.source_ports, first.remote, [first, *others])
        yield joined if others else first


def _of_flow(flow: Flow, outside: frozenset[str]) -> Iterator[SecurityGroupRule]:
    if flow.source_ports != EVERY_PORT:
        raise ValueError(f"EC2 does not match source ports: {flow}")
    kind, source, size, families = _remote(flow.remote)
    rows, entries = flow.rows, flow.entries
    description = rule_description(rows, entries, flow.peers, flow.names, outside, flow.pinned, flow.filtered)
    where = f"{_PREPOSITIONS[flow.direction]}-{source or 'self'}"
    for protocol, first, last, name in _protocols(flow, kind):
        key = f"{flow.interface}/{name}-{where}"
        yield SecurityGroupRule(
            flow.direction, protocol, first, last, kind, source, description, rows, entries, size, key, families
        )


def _remote(remote: Endpoint) -> Remote:
    if isinstance(remote, Network):
        return ("cidr_ipv4" if remote.version == 4 else "cidr_ipv6"), str(remote), 1, _ONE[remote.version]
    if not isinstance(remote, Reference):
        return "self", "", 1, _BOTH
    if remote.cloud != "aws" or remote.kind not in _REFERENCES:
        raise ValueError(f"EC2 does not know this reference: {remote}")
    return _REFERENCES[remote.kind], remote.id, remote.size, _ONE[remote.version] if remote.version else _BOTH


def _protocols(flow: Flow, kind: SourceKind) -> tuple[Protocol, ...]:
    """ip_protocol, from_port and to_port as EC2 takes them, and their part of the key."""
    transport, (first, last) = flow.transport, flow.ports
    if transport == "tcp" or transport == "udp":
        return ((transport, first, last, f"{transport}-{first}" if first == last else f"{transport}-{first}-{last}"),)
    if flow.ports != EVERY_PORT:
        raise ValueError(f"a flow of a protocol without ports has every port: {flow}")
    return (_EVERY_PROTOCOL,) if transport == "all" else _ICMP_OF.get(kind, (_ICMP, _ICMPV6))
