"""Priorities that stay: each is drawn from the rule's own name, sparsely over the whole range.

All rules but the last allow, so their order among each other means nothing and any number will do. A name's digest gives
a row of sixteen wishes; a rule gets its first free wish, and after those the next free number upwards. Rules choose in
the order of their digests, so that the result depends on the set of names alone. Adding a rule moves another only when
both wish for the same number and the new one chooses first; the other then takes its own next wish. With 30 rules and
3,901 numbers that befalls about one added rule in 260. See docs/azure.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

_WISHES = 16


class PrioritiesFullError(ValueError):
    """More rules than numbers: `desired` and `room` say how many of each."""

    def __init__(self, desired: int, room: int) -> None:
        super().__init__(f"{desired} rules do not fit into {room} priorities")
        self.desired, self.room = desired, room


def priorities(names: Iterable[str], first: int, last: int) -> dict[str, int]:
    """A number from `first` to `last` for each name, no number twice. Raises PrioritiesFullError."""
    order = sorted(set(names), key=_digest)
    room = last - first + 1
    if len(order) > room:
        raise PrioritiesFullError(len(order), max(room, 0))
    taken: set[int] = set()
    found: dict[str, int] = {}
    for name in order:
        offset = 0
        for wish in wishes(name):
            offset = wish % room
            if offset not in taken:
                break
        while offset in taken:
            offset = (offset + 1) % room
        taken.add(offset)
        found[name] = first + offset
    return found


@lru_cache(maxsize=4096)
def wishes(name: str) -> tuple[int, ...]:
    """The numbers a name wishes for, before they are brought into a range."""
    digest = _digest(name)
    return tuple(int.from_bytes(digest[i : i + 2], "big") for i in range(0, 2 * _WISHES, 2))


@lru_cache(maxsize=4096)
def _digest(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=2 * _WISHES).digest()
