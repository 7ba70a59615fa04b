"""Public and documentation addresses according to the special-purpose registries of IANA, as searchable spans.

Every address that no registry excludes counts as public. Documentation networks count as public too, because a person who
replaces one that was left in a file replaces it with a public network.
"""

from __future__ import annotations

from functools import lru_cache

from esacloud.json_files import read_beside
from esacloud.packets.addresses import Version, parse_network
from esacloud.packets.sets import EVERY_ADDRESS, IPV4, IPV6, Range
from esacloud.packets.spans import Spans, overlaps

_VERSIONS: dict[str, Version] = {IPV4: 4, IPV6: 6}


@lru_cache(maxsize=8)
def listed(address_space: str, kind: str) -> Spans:
    """The spans of one family that the registry lists as `not_public` or as `documentation`."""
    networks = [parse_network(item["network"]) for item in read_beside(__file__, "special-purpose.json")[kind]]
    return tuple(sorted((net.first, net.last) for net in networks if net.version == _VERSIONS[address_space]))


@lru_cache(maxsize=2)
def public(address_space: str) -> Spans:
    """All public addresses of one family: the whole family without the registry's `not_public` networks."""
    excluded = listed(address_space, "not_public")
    starts = [0, *(last + 1 for _, last in excluded)]
    ends = [*(first - 1 for first, _ in excluded), EVERY_ADDRESS[address_space][1]]
    return tuple((first, last) for first, last in zip(starts, ends, strict=True) if first <= last)


@lru_cache(maxsize=4096)
def has_public(address_space: str, span: Range) -> bool:
    """Whether any address of the span is public."""
    return overlaps(public(address_space), span)


@lru_cache(maxsize=4096)
def has_every_public(address_space: str, span: Range) -> bool:
    """Whether one span holds every public address of its family."""
    spans = public(address_space)
    return span[0] <= spans[0][0] and span[1] >= spans[-1][1]
