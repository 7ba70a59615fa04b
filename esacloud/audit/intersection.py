"""What passes two filters in a row, where one speaks of addresses and the other of a set that cannot be looked into.

The answer may be wider than what passes, never narrower. A set and some addresses have at most these addresses in common;
a set and every address have the set. A set that stands for the public Internet is taken for every address there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from esacloud.guardrails.reach import is_whole
from esacloud.packets.sets import IPV4, IPV6, Box, PacketSet, Range
from esacloud.policy.actual import ActualGroups

Filter = Mapping[str, list[Box]]  # direction -> boxes that pass


def filter_of(boxes: Iterable[Box]) -> Filter:
    """What passes one of the two, made ready for `meet`."""
    found: dict[str, list[Box]] = {}
    for box in boxes:
        found.setdefault(box.direction, []).append(box)
    return found


def meet(boxes: Iterable[Box], passing: Filter, actual: ActualGroups) -> tuple[Box, ...]:
    """The packets that are in both; `actual` says which sets are public, and which have nothing in common."""
    found: list[Box] = []
    for box in boxes:
        low, high = box.ports
        for other in passing.get(box.direction, ()):
            ports = other.ports
            if ports[0] <= high and low <= ports[1]:  # most meet nothing, and are done with here
                found.extend(_both(box, other, actual))
    return tuple(found) if len(found) < 2 else tuple(PacketSet.of(found).boxes())


def _both(one: Box, other: Box, actual: ActualGroups) -> Iterator[Box]:
    ports, protocols = _overlap(one.ports, other.ports), _overlap(one.protocols, other.protocols)
    sources = _overlap(one.source_ports, other.source_ports)
    if not (ports and protocols and sources):
        return
    remote = _remote(one, other, actual)
    if remote is not None:
        yield Box(one.direction, remote[0], protocols, sources, ports, remote[1])


def _remote(one: Box, other: Box, actual: ActualGroups) -> tuple[str, Range] | None:
    """What the far sides have in common."""
    if one.address_space == other.address_space:
        addresses = _overlap(one.addresses, other.addresses)
        return (one.address_space, addresses) if addresses else None
    sets = [box for box in (one, other) if box.address_space not in (IPV4, IPV6)]
    if not sets or (len(sets) == 2 and actual.apart.issuperset((one.address_space, other.address_space))):
        return None
    if len(sets) == 2:
        found = min(sets, key=lambda box: (box.address_space in actual.public_address_spaces, box.address_space))
    else:
        named, plain = (one, other) if sets[0] is one else (other, one)
        found = named if is_whole(plain) and named.address_space not in actual.public_address_spaces else plain
    return found.address_space, found.addresses


def _overlap(one: Range, other: Range) -> Range | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None
