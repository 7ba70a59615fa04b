"""Exact merging of flows to fewer flows with the same packets, for clouds whose quotas need it.

The result permits exactly the packets of the input, is never longer, does not depend on the order of the input, keeps flows
that need no change, and cites every reason.

Two steps alternate until neither helps: one joins ports of equal networks, the other joins networks of equal ports. Both
ignore what wider flows cover already, so that covered flows disappear and the parts around a covered part can join. The
minimum number of rectangles is NP-hard in general; for one port range the number of networks is minimal.
Cost: close to linear where port ranges are equal or disjoint; k nested ranges cost k times more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from esacloud.catalogue.model import PortRange, Transport
from esacloud.packets.addresses import BITS, Network
from esacloud.packets.spans import Spans, joined, overlap, within
from esacloud.policy.model import Endpoint, Flow
from esacloud.policy.packets import remote_order

Kind = tuple[Transport, PortRange]  # transport and source ports
Item = tuple[Kind, PortRange, Endpoint]
_BEYOND = 1 << 128  # more than any port or address


def merged(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    """The flows merged as far as possible, for each interface and direction, in canonical order."""
    buckets: dict[tuple[str, str], list[Flow]] = {}
    for flow in flows:
        buckets.setdefault((flow.interface, flow.direction), []).append(flow)
    names = sorted(buckets, key=lambda bucket: (bucket[0], bucket[1] == "egress"))
    return tuple(flow for name in names for flow in sorted(_bucket(buckets[name]), key=canonical))


def canonical(flow: Flow) -> tuple[object, ...]:
    """The sort key of the flows of one interface."""
    return (flow.direction == "egress", flow.transport, flow.ports, flow.source_ports, remote_order(flow.remote))


def _bucket(flows: list[Flow]) -> list[Flow]:
    items = {_item(flow) for flow in flows}
    kinds = {kind for kind, _, _ in items}
    wider = {kind: [other for other in kinds if _covers(other, kind)] for kind in kinds}  # contains the kind itself
    while True:
        fewer = _networks_joined(_ports_joined(items, wider), wider)  # always in this order, for stability
        if len(fewer) == len(items):
            return _with_reasons(items, flows, wider)
        items = fewer


def _item(flow: Flow) -> Item:
    return (flow.transport, flow.source_ports), flow.ports, flow.remote


def _covers(wide: Kind, narrow: Kind) -> bool:
    return wide[0] in ("all", narrow[0]) and _within(narrow[1], wide[1])


def _within(inner: PortRange, outer: PortRange) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _ports_joined(items: set[Item], wider: dict[Kind, list[Kind]]) -> set[Item]:
    """Join port ranges of one kind and remote; drop those that flows of wider networks cover."""
    out: set[Item] = set()
    by_remote: dict[tuple[Kind, Endpoint], list[PortRange]] = {}
    for kind, ports, remote in items:
        by_remote.setdefault((kind, remote), []).append(ports)
    prefixes = _prefixes(remote for _, remote in by_remote)
    for (kind, remote), ranges in by_remote.items():
        wider_remotes = [(other, around) for around in _around(remote, prefixes) for other in wider[kind]]
        above = [ports for other in wider_remotes if other != (kind, remote) for ports in by_remote.get(other, ())]
        if not above and len(ranges) == 1:
            out.add((kind, ranges[0], remote))
        else:
            out.update((kind, ports, remote) for ports in _fewest_ranges(ranges, above))
    return out


def _fewest_ranges(ranges: list[PortRange], above: list[PortRange]) -> Iterator[PortRange]:
    """Ranges that cover these together with those `above`, which cover the gaps between joined ranges."""
    covered = joined(above)
    uncovered = [ports for ports in ranges if not within(covered, ports)]
    union = joined((*covered, *uncovered))
    groups: dict[int, list[PortRange]] = {}
    for ports in uncovered:
        groups.setdefault(bisect_right(union, (ports[0], 65536)), []).append(ports)
    return ((min(first for first, _ in group), max(last for _, last in group)) for group in groups.values())


def _networks_joined(items: set[Item], wider: dict[Kind, list[Kind]]) -> set[Item]:
    """Join networks of one kind and port range; drop those that flows of wider ports cover."""
    out: set[Item] = set()
    by_shape: dict[tuple[Kind, PortRange, int], list[Network]] = {}
    for item in items:
        kind, ports, remote = item
        if isinstance(remote, Network):
            by_shape.setdefault((kind, ports, remote.version), []).append(remote)
        else:
            out.add(item)
    holding = _holding({ports for _, ports, _ in by_shape})
    for (kind, ports, version), networks in by_shape.items():
        shape = (kind, ports, version)
        wider_shapes = [(other, held, version) for held in holding[ports] for other in wider[kind]]
        above = [network for other in wider_shapes if other != shape for network in by_shape.get(other, ())]
        if not above and len(networks) == 1:
            out.add((kind, ports, networks[0]))
        else:
            out.update((kind, ports, network) for network in _fewest_networks(networks, above))
    return out


def _fewest_networks(networks: list[Network], above: list[Network]) -> Iterator[Network]:
    """Networks that cover these together with those `above`, which cover the gaps in joined networks."""
    covered = joined((network.first, network.last) for network in above)
    uncovered = [network for network in networks if not within(covered, (network.first, network.last))]
    union = joined((*covered, *((network.first, network.last) for network in uncovered)))
    groups: dict[Network, list[Network]] = {}
    for network in uncovered:
        groups.setdefault(_largest_around(network, union), []).append(network)
    return (group[0] if len(group) == 1 else _smallest_around(group) for group in groups.values())


def _holding(ranges: set[PortRange]) -> dict[PortRange, list[PortRange]]:
    """Each range -> the ranges that contain it, including itself."""
    out: dict[PortRange, list[PortRange]] = {}
    still_open: list[PortRange] = []
    for ports in sorted(ranges, key=lambda ports: (ports[0], -ports[1])):
        still_open = [other for other in still_open if other[1] >= ports[0]]
        still_open.append(ports)
        out[ports] = [other for other in still_open if other[1] >= ports[1]]
    return out


def _largest_around(network: Network, union: Spans) -> Network:
    """The largest network around this one within the union, which contains it."""
    low, high = union[bisect_right(union, (network.first, _BEYOND)) - 1]
    if low == network.first and high == network.last:  # the usual case: no neighbours
        return network
    while network.prefix:
        parent = _parent(network, network.prefix - 1)
        if parent.first < low or parent.last > high:
            break
        network = parent
    return network


def _smallest_around(networks: list[Network]) -> Network:
    version = networks[0].version
    first, last = min(network.first for network in networks), max(network.last for network in networks)
    return _parent(Network(version, first, BITS[version]), BITS[version] - (first ^ last).bit_length())


def _parent(network: Network, prefix: int) -> Network:
    host_bits = BITS[network.version] - prefix
    return Network(network.version, network.first >> host_bits << host_bits, prefix)


def _prefixes(remotes: Iterable[Endpoint]) -> dict[int, list[int]]:
    """The prefix lengths in use, by IP version."""
    found = {(remote.version, remote.prefix) for remote in remotes if isinstance(remote, Network)}
    return {version: sorted(prefix for of, prefix in found if of == version) for version in BITS}


def _around(remote: Endpoint, prefixes: dict[int, list[int]]) -> list[Endpoint]:
    """The remote itself, and every network around it that a flow can have."""
    if not isinstance(remote, Network):
        return [remote]
    return [_parent(remote, prefix) for prefix in prefixes[remote.version] if prefix <= remote.prefix]


def _with_reasons(items: set[Item], flows: list[Flow], wider: dict[Kind, list[Kind]]) -> list[Flow]:
    """A flow for each item that cites every flow it covers; a flow that several items cover together is cited by each."""
    reasons: dict[Item, list[Flow]] = {item: [] for item in items}
    by_remote: dict[tuple[Kind, Endpoint], list[Item]] = {}
    for item in items:
        by_remote.setdefault((item[0], item[2]), []).append(item)
    prefixes = _prefixes(remote for _, _, remote in items)
    for flow in flows:
        kind, ports, remote = _item(flow)
        covering = [
            item
            for around in _around(remote, prefixes)
            for other in wider[kind]
            for item in by_remote.get((other, around), ())
            if _within(ports, item[1])
        ]
        for item in covering or [
            item for item in items if item[0] in wider[kind] and _intersect((kind, ports, remote), item)
        ]:
            reasons[item].append(flow)
    return [_flow(item, why) for item, why in reasons.items()]


def _intersect(one: Item, other: Item) -> bool:
    (_, ports, remote), (_, other_ports, other_remote) = one, other
    if isinstance(remote, Network) and isinstance(other_remote, Network):
        addresses = overlap((remote.first, remote.last), (other_remote.first, other_remote.last))
        return bool(addresses and remote.version == other_remote.version and overlap(ports, other_ports))
    return bool(remote == other_remote and overlap(ports, other_ports))


def _flow(item: Item, why: list[Flow]) -> Flow:
    if len(why) == 1 and _item(why[0]) == item:
        return why[0]
    (transport, source_ports), ports, remote = item
    return flow_for(transport, ports, source_ports, remote, why)


def flow_for(transport: Transport, ports: PortRange, source_ports: PortRange, remote: Endpoint, why: list[Flow]) -> Flow:
    """A flow of these packets that cites all of `why`, flows of one interface and direction."""
    return Flow(
        interface=why[0].interface,
        direction=why[0].direction,
        transport=transport,
        ports=ports,
        source_ports=source_ports,
        remote=remote,
        entries=tuple(sorted({entry for flow in why for entry in flow.entries})),
        rows=tuple(sorted({row for flow in why for row in flow.rows})),
        peers=tuple(sorted({peer for flow in why for peer in flow.peers})),
        names=tuple(sorted({name for flow in why for name in flow.names})),
        pinned=tuple(sorted({name for flow in why for name in flow.pinned})),
        filtered=tuple(sorted({name for flow in why for name in flow.filtered})),
    )
