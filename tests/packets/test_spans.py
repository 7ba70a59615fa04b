"""Spans of numbers, against Python's sets of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from esacloud.packets.spans import joined, overlaps, shared, within

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda pair: (pair[0], sum(pair))), max_size=8)


@given(SPANS, SPANS)
def test_shared_and_overlaps_and_within_agree_with_sets_of_numbers(
    left: list[tuple[int, int]], right: list[tuple[int, int]]
) -> None:
    mine, other = joined(left), joined(right)
    numbers = {number for first, last in mine for number in range(first, last + 1)}
    others = {number for first, last in other for number in range(first, last + 1)}
    assert {number for first, last in shared(mine, other) for number in range(first, last + 1)} == numbers & others
    for first, last in other:
        assert overlaps(mine, (first, last)) == bool(numbers & set(range(first, last + 1)))
        assert within(mine, (first, last)) == (set(range(first, last + 1)) <= numbers)
