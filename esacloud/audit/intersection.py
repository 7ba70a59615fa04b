"""What passes two filters in a row, when one has addresses and the other an opaque set.

The answer may be wider than what passes, never narrower. The intersection of a set and some addresses is at most these
addresses; that of a set and every address is the set. A set that stands for the public Internet counts as every address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from esacloud.guardrails.reach import is_whole
from esacloud.packets.sets import IPV4, IPV6, Box, PacketSet, Range
from esacloud.packets.spans import overlap
from esacloud.policy.actual import ActualGroups

Filter = Mapping[str, list[Box]]  # direction -> boxes that pass


def filter_of(boxes: Iterable[Box]) -> Filter:
    """The boxes that one of the two filters permits, prepared for `intersect`."""
    found: dict[str, list[Box]] = {}
    for box in boxes:
        found.setdefault(box.direction, []).append(box)
    return found


def intersect(boxes: Iterable[Box], other: Filter, actual: ActualGroups) -> tuple[Box, ...]:
    """The packets in both; `actual` tells which sets are public, and which are disjoint."""
    found: list[Box] = []
    for box in boxes:
        low, high = box.ports
        for candidate in other.get(box.direction, ()):
            ports = candidate.ports
            if ports[0] <= high and low <= ports[1]:  # most pairs are disjoint, and end here
                found.extend(_both(box, candidate, actual))
    return tuple(found) if len(found) < 2 else tuple(PacketSet.of(found).boxes())


def _both(box: Box, other: Box, actual: ActualGroups) -> Iterator[Box]:
    ports, protocols = overlap(box.ports, other.ports), overlap(box.protocols, other.protocols)
    sources = overlap(box.source_ports, other.source_ports)
    if ports and protocols and sources and (remote := _remote(box, other, actual)):
        yield Box(box.direction, remote[0], protocols, sources, ports, remote[1])


def _remote(box: Box, other: Box, actual: ActualGroups) -> tuple[str, Range] | None:
    """The intersection of the remotes."""
    if box.address_space == other.address_space:
        addresses = overlap(box.addresses, other.addresses)
        return (box.address_space, addresses) if addresses else None
    public = actual.public_address_spaces
    match [candidate for candidate in (box, other) if candidate.address_space not in (IPV4, IPV6)]:
        case []:
            return None
        case [_, _] as sets:
            if actual.apart.issuperset((box.address_space, other.address_space)):
                return None
            found = min(sets, key=lambda candidate: (candidate.address_space in public, candidate.address_space))
        case [reference]:
            plain = other if reference is box else box
            found = reference if is_whole(plain) and reference.address_space not in public else plain
    return found.address_space, found.addresses
