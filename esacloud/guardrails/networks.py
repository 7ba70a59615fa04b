"""Public and documentation addresses according to the special-purpose registries of IANA, as searchable spans.

Every address that no registry excludes counts as public. Documentation networks count as public too, because a person who
replaces one that was left in a file replaces it with a public network.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from esacloud.json_files import read_beside
from esacloud.packets.addresses import BITS, Version, parse_network
from esacloud.packets.sets import EVERY_PORT, EVERY_PROTOCOL, IPV4, IPV6, Box, Direction, PacketSet, Range

Spans = tuple[Range, ...]  # ascending, disjoint, not touching
_VERSIONS: dict[str, Version] = {IPV4: 4, IPV6: 6}


@lru_cache(maxsize=1)
def _registry() -> dict[str, Any]:
    data: dict[str, Any] = read_beside(__file__, "special-purpose.json")
    return data


@lru_cache(maxsize=8)
def listed(address_space: str, kind: str) -> Spans:
    """The spans of one family that the registry lists as `not_public` or as `documentation`."""
    networks = [parse_network(item["network"]) for item in _registry()[kind]]
    return tuple(sorted((net.first, net.last) for net in networks if net.version == _VERSIONS[address_space]))


@lru_cache(maxsize=2)
def public(address_space: str) -> Spans:
    """All public addresses of one family: the whole family without the registry's `not_public` networks."""
    spans, start = [], 0
    for first, last in listed(address_space, "not_public"):
        if first > start:
            spans.append((start, first - 1))
        start = last + 1
    if start < 1 << BITS[_VERSIONS[address_space]]:
        spans.append((start, (1 << BITS[_VERSIONS[address_space]]) - 1))
    return tuple(spans)


@lru_cache(maxsize=4096)
def has_public(address_space: str, span: Range) -> bool:
    """Whether any address of the span is public."""
    return overlaps(public(address_space), span)


@lru_cache(maxsize=4096)
def has_every_public(address_space: str, span: Range) -> bool:
    """Whether one span holds every public address of its family."""
    spans = public(address_space)
    return span[0] <= spans[0][0] and span[1] >= spans[-1][1]


def overlaps(spans: Sequence[Range], span: Range) -> bool:
    """Whether the span shares an address with any of the spans, which are ascending and disjoint."""
    at = bisect_right(spans, span[1], key=itemgetter(0)) - 1
    return at >= 0 and spans[at][1] >= span[0]


def within(spans: Spans, span: Range) -> bool:
    """Whether the span lies in one of the spans."""
    at = bisect_right(spans, (span[0], 1 << 128)) - 1
    return at >= 0 and spans[at][1] >= span[1]


def shared(spans: Sequence[Range], others: Sequence[Range]) -> Spans:
    """The addresses in both, which are each ascending and disjoint."""
    found, i, j = [], 0, 0
    while i < len(spans) and j < len(others):
        first, last = max(spans[i][0], others[j][0]), min(spans[i][1], others[j][1])
        if first <= last:
            found.append((first, last))
        if spans[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def joined(spans: Iterable[Range]) -> Spans:
    """The same addresses as ascending spans that neither overlap nor touch."""
    found: list[Range] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def everything_at(address_space: str, spans: Iterable[Range]) -> PacketSet:
    """All packets, in both directions, whose remote is in the spans."""
    directions: tuple[Direction, Direction] = ("ingress", "egress")
    return PacketSet.of(
        Box(direction, address_space, EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT, span)
        for span in spans
        for direction in directions
    )
