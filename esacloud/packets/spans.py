"""Spans of whole numbers, both ends included: addresses, ports, protocols."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

Range = tuple[int, int]
Spans = tuple[Range, ...]  # ascending, disjoint, not touching


def range_text(span: Range) -> str:
    """`25` or `1024-65535`."""
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"


def joined(spans: Iterable[Range]) -> Spans:
    """The same numbers as ascending spans that neither overlap nor touch."""
    found: list[Range] = []
    low, high = 0, -2  # nothing touches it
    for first, last in sorted(spans):
        if first > high + 1:
            if high >= low:
                found.append((low, high))
            low, high = first, last
        elif last > high:
            high = last
    return (*found, (low, high)) if high >= low else ()


def overlap(span: Range, other: Range) -> Range | None:
    """The numbers in both, None where there are none."""
    low, high = max(span[0], other[0]), min(span[1], other[1])
    return (low, high) if low <= high else None


def shared(spans: Sequence[Range], others: Sequence[Range]) -> Spans:
    """The numbers in both, which are each ascending and disjoint."""
    found, i, j = [], 0, 0
    while i < len(spans) and j < len(others):
        if both := overlap(spans[i], others[j]):
            found.append(both)
        if spans[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def overlaps(spans: Sequence[Range], span: Range) -> bool:
    """Whether the span shares a number with any of the spans, which are ascending and disjoint."""
    at = bisect_right(spans, span[1], key=itemgetter(0)) - 1
    return at >= 0 and spans[at][1] >= span[0]


def within(spans: Sequence[Range], span: Range) -> bool:
    """Whether the span lies in one of the spans, which are ascending and disjoint."""
    at = bisect_right(spans, span[0], key=itemgetter(0)) - 1
    return at >= 0 and spans[at][1] >= span[1]
