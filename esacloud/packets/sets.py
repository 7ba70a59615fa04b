"""Exact sets of packets, on which every proof in this package is based.

A packet, as security groups and policies see it, is (direction, protocol, source port, destination port, remote address).
A `PacketSet` is any finite union of boxes of packets, in one canonical form: equal sets are equal values.

- The address space of a remote is `ipv4`, `ipv6`, or an opaque reference (a security group, a prefix list, a service tag).
  The addresses of a reference are unknown here, so it is one indivisible point, apart from all other address spaces.
- For each (direction, address space) the set is a tree of disjoint ascending layers: protocols, in each the source ports,
  in each the destination ports, in each the addresses. Neighbouring layers with the same inside are joined.
- Protocols are the numbers of the IP header, 0 to 255. For ICMP and ICMPv6 a destination port is type * 256 + code
  (RFC 792, RFC 4443). Protocols without ports have the whole range.
Cost: close to linear where port ranges are equal or disjoint; k different port ranges that all overlap cost k times more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from operator import and_, gt, or_
from typing import Any, Literal, NamedTuple

from esacloud.packets.addresses import BITS, Version, networks_between
from esacloud.packets.spans import Range as Range
from esacloud.packets.spans import joined, range_text

Direction = Literal["ingress", "egress"]
Sides = tuple[Range, Range, Range]  # protocols, source ports, destination ports
Spans = dict[Sides, list[Range]]  # boxes of one direction and address space: their sides -> their addresses
Layers = tuple[Any, ...]  # a level of the tree: ((first, last, inside), ...); at the last level ((first, last), ...)

IPV4, IPV6 = "ipv4", "ipv6"
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58  # https://www.iana.org/assignments/protocol-numbers
EVERY_PROTOCOL: Range = (0, 255)
EVERY_PORT: Range = (0, 65535)
ONE_POINT: Range = (0, 0)
_ADDRESSES = 3  # the last level: 0 protocols, 1 source ports, 2 destination ports, 3 addresses
EVERY_ADDRESS: dict[str, Range] = {IPV4: (0, (1 << BITS[4]) - 1), IPV6: (0, (1 << BITS[6]) - 1)}
SIDES: dict[Direction, str] = {"ingress": "in from", "egress": "out to"}
_NAMES = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}
Regions = dict[tuple[Direction, str], Layers]


class Box(NamedTuple):
    """All packets of one direction with every coordinate in a range that includes both ends.

    `address_space` is `ipv4`, `ipv6` or the name of an opaque reference, for which `addresses` is `ONE_POINT`.
    """

    direction: Direction
    address_space: str
    protocols: Range
    source_ports: Range
    ports: Range
    addresses: Range

    def __str__(self) -> str:
        """As `tcp/443 out to 203.0.113.0/24`; of several networks the first."""
        return f"{self.service_text()} {SIDES[self.direction]} {self.remote_text()}"

    def service_text(self) -> str:
        """Protocol and ports alone, as `tcp/443`."""
        first, last = self.protocols
        text = "every protocol" if self.protocols == EVERY_PROTOCOL else f"protocols {first}-{last}"
        if first == last:
            text = _NAMES.get(first, f"protocol {first}") + _ports_text(first, self.ports)
        if self.source_ports != EVERY_PORT:
            text += f" from source port {range_text(self.source_ports)}"
        return text

    def remote_text(self) -> str:
        """The remote alone: a network, or the name of a reference."""
        if self.address_space not in (IPV4, IPV6):
            return self.address_space
        version: Version = 4 if self.address_space == IPV4 else 6
        return str(next(networks_between(version, *self.addresses)))


def _ports_text(protocol: int, ports: Range) -> str:
    if ports == EVERY_PORT:
        return ""
    if protocol in (ICMP, ICMPV6):
        low, high = (f"{number >> 8}.{number & 255}" for number in ports)
        return f" type {low}" if low == high else f" types {low} to {high}"
    return f"/{range_text(ports)}"


class PacketSet:
    """An immutable set of packets. Build it with `PacketSet.of`; combine with `|`, `&`, `-`, `^`; true when not empty.

    The canonical form is built when it is first needed: two sets of the same boxes are equal without it.
    """

    __slots__ = ("_boxes", "_layers")

    def __init__(self) -> None:
        self._boxes: frozenset[Box] = frozenset()
        self._layers: Regions | None = {}

    @classmethod
    def of(cls, boxes: Iterable[Box]) -> PacketSet:
        """The union of the boxes. Raises ValueError for a range that runs backwards or leaves its space."""
        made = cls()
        made._boxes = frozenset(boxes)
        made._layers = None
        for box in made._boxes:
            if not _is_possible(box):
                raise ValueError(f"no such box: a range of {box!r} runs backwards or leaves its space")
        return made

    @classmethod
    def _from(cls, regions: Regions) -> PacketSet:
        made = cls()
        made._layers = {region: layers for region, layers in regions.items() if layers}
        return made

    @property
    def _regions(self) -> Regions:
        if self._layers is None:
            regions: dict[tuple[Direction, str], Spans] = {}
            for direction, address_space, protocols, source_ports, ports, addresses in self._boxes:
                spans = regions.setdefault((direction, address_space), {})
                spans.setdefault((protocols, source_ports, ports), []).append(addresses)
            self._layers = {region: _build(spans, 0) for region, spans in regions.items()}
        return self._layers

    def __or__(self, other: PacketSet) -> PacketSet:
        return self._with(other, or_)

    def __and__(self, other: PacketSet) -> PacketSet:
        return self._with(other, and_)

    def __sub__(self, other: PacketSet) -> PacketSet:
        return self._with(other, gt)  # of two truth values: left and not right

    def __xor__(self, other: PacketSet) -> PacketSet:
        return (self - other) | (other - self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PacketSet):
            return NotImplemented
        return bool(self._boxes and self._boxes == other._boxes) or self._regions == other._regions

    def __le__(self, other: PacketSet) -> bool:
        return not self - other

    def __hash__(self) -> int:
        return hash(frozenset(self._regions.items()))

    def __bool__(self) -> bool:
        return bool(self._regions)

    def __repr__(self) -> str:
        return f"PacketSet.of({list(self.boxes())!r})"

    def boxes(self) -> Iterator[Box]:
        """Disjoint boxes that make up the set, in an order that depends on the set alone."""
        for (direction, space), layers in sorted(self._regions.items(), key=_ingress_first):
            for p_first, p_last, by_source in layers:
                for s_first, s_last, by_port in by_source:
                    for d_first, d_last, addresses in by_port:
                        for span in addresses:
                            yield Box(direction, space, (p_first, p_last), (s_first, s_last), (d_first, d_last), span)

    def witness(self) -> Box | None:
        """The first box of the set, to show a person; None for the empty set."""
        return next(self.boxes(), None)

    def only(self, direction: Direction | None = None, address_space: str | None = None) -> PacketSet:
        """The part of the set in one direction, or in one address space."""
        return self._from(
            {
                region: layers
                for region, layers in self._regions.items()
                if direction in (None, region[0]) and address_space in (None, region[1])
            }
        )

    def address_spaces(self) -> frozenset[str]:
        """The address spaces in which the set is not empty."""
        return frozenset(address_space for _, address_space in self._regions)

    def parts(self) -> Collection[Box]:
        """Boxes that make up the set, in no order, that may overlap; cheaper than the canonical form."""
        return self._boxes or tuple(self.boxes())

    def _with(self, other: PacketSet, keep: Callable[[bool, bool], bool]) -> PacketSet:
        regions = {}
        for region in self._regions.keys() | other._regions.keys():
            left, right = self._regions.get(region, ()), other._regions.get(region, ())
            regions[region] = left if left == right and keep(True, True) else _combine(left, right, keep, 0)
        return self._from(regions)


def _ingress_first(region: tuple[tuple[Direction, str], Layers]) -> tuple[bool, str]:
    return region[0][0] == "egress", region[0][1]


def _is_possible(box: Box) -> bool:
    _, space, (p, p_last), (s, s_last), (d, d_last), (a, a_last) = box
    ports_fit = 0 <= s <= s_last <= 65535 and 0 <= d <= d_last <= 65535
    return ports_fit and 0 <= p <= p_last <= 255 and 0 <= a <= a_last <= EVERY_ADDRESS.get(space, ONE_POINT)[1]


def _build(spans: Spans, level: int) -> Layers:
    """The tree over the boxes in `spans`, from `level` down."""
    if len(spans) == 1:
        ((sides, addresses),) = spans.items()
        inside: Layers = joined(addresses)
        for first, last in reversed(sides[level:]):
            inside = ((first, last, inside),)
        return inside
    if level == _ADDRESSES:
        return joined(span for addresses in spans.values() for span in addresses)
    by_range: dict[Range, Spans] = {}
    for sides, addresses in spans.items():
        by_range.setdefault(sides[level], {})[sides] = addresses
    ranges = sorted(by_range)
    if all(before[1] < after[0] for before, after in pairwise(ranges)):
        return _joined((*span, _build(by_range[span], level + 1)) for span in ranges)
    return _joined(_swept(ranges, by_range, level))


def _swept(ranges: list[Range], by_range: Mapping[Range, Spans], level: int) -> Iterator[tuple[int, int, Layers]]:
    """The layers between each two borders of overlapping ranges, each built from the ranges that cover it."""
    borders = sorted({first for first, _ in ranges} | {last + 1 for _, last in ranges})
    active: list[Range] = []
    position = 0
    for start, stop in pairwise(borders):
        active = [span for span in active if span[1] >= start]
        while position < len(ranges) and ranges[position][0] == start:
            active.append(ranges[position])
            position += 1
        if active:
            spans = {sides: addresses for span in active for sides, addresses in by_range[span].items()}
            yield start, stop - 1, _build(spans, level + 1)


def _joined(layers: Iterable[tuple[int, int, Layers]]) -> Layers:
    """Ascending disjoint layers, with neighbours of the same inside joined."""
    out: list[tuple[int, int, Layers]] = []
    for first, last, inside in layers:
        if out and out[-1][1] + 1 == first and out[-1][2] == inside:
            out[-1] = (out[-1][0], last, inside)
        else:
            out.append((first, last, inside))
    return tuple(out)


def _combine(left: Layers, right: Layers, keep: Callable[[bool, bool], bool], level: int) -> Layers:
    """What `keep` says of two canonical levels, side by side."""
    if not left:
        return right if keep(False, True) else ()
    if not right:
        return left if keep(True, False) else ()
    if level == _ADDRESSES:
        return _combine_addresses(left, right, keep)
    left_from, right_from = _inside_from(left), _inside_from(right)
    layers = []
    inside_left: Layers = ()
    inside_right: Layers = ()
    for start, stop in pairwise(sorted(left_from.keys() | right_from.keys())):
        inside_left, inside_right = left_from.get(start, inside_left), right_from.get(start, inside_right)
        if inside := _combine(inside_left, inside_right, keep, level + 1):
            layers.append((start, stop - 1, inside))
    return _joined(layers)


def _inside_from(layers: Layers) -> dict[int, Layers]:
    """Each border -> the layers inside from there on, nothing after a layer that ends."""
    inside_from: dict[int, Layers] = {}
    for first, last, inside in layers:
        inside_from[first], inside_from[last + 1] = inside, ()
    return inside_from


def _combine_addresses(left: Layers, right: Layers, keep: Callable[[bool, bool], bool]) -> Layers:
    """The same for the last level. Spans do not touch, so every border changes whether a side holds what follows."""
    left_borders = {border for first, last in left for border in (first, last + 1)}
    right_borders = {border for first, last in right for border in (first, last + 1)}
    spans = []
    in_left = in_right = False
    for start, stop in pairwise(sorted(left_borders | right_borders)):
        in_left ^= start in left_borders
        in_right ^= start in right_borders
        if keep(in_left, in_right):
            spans.append((start, stop - 1))
    return joined(spans)
