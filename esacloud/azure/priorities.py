"""Stable priorities: each is derived from the rule's own name, spread over the whole range.

All rules but the last allow, so their relative order has no effect and any number will do. The SHA-256 of a name is a
sequence of sixteen candidates. Numbers are assigned in rounds: of the rules with the same free candidate, the one with the
lowest digest gets it, and the others take part in the next round. A rule that remains after the last round gets the next
free number upwards. So the result depends only on the set of names, and a new rule moves another only where both have the
same candidate: with 30 rules and 3,901 numbers about one added rule in 260. See docs/azure.md.

modules/azure/priorities.tf does the first eight rounds of this, and refuses a rule that remains. No round changes the
numbers of an earlier one, so both give the same numbers to the same names.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

_ROUNDS = 16


class PrioritiesFullError(ValueError):
    """More rules than numbers: `desired` rules and `room` numbers."""

    def __init__(self, desired: int, room: int) -> None:
        super().__init__(f"{desired} rules do not fit into {room} priorities")
        self.desired, self.room = desired, room


def priorities(names: Iterable[str], first: int, last: int) -> dict[str, int]:
    """A number from `first` to `last` for each name, no number twice. Raises PrioritiesFullError."""
    left = sorted(set(names), key=_digest)
    room = last - first + 1
    if len(left) > room:
        raise PrioritiesFullError(len(left), max(room, 0))
    owners: dict[int, str] = {}
    for number in range(_ROUNDS):
        if not left:
            break
        again = []
        for name in left:  # the lowest digest first, so that the others of this round find the number taken
            if owners.setdefault(_candidate(name, number) % room, name) is not name:
                again.append(name)
        left = again
    for name in left:
        offset = _candidate(name, _ROUNDS - 1) % room
        while offset in owners:
            offset = (offset + 1) % room
        owners[offset] = name
    return {name: first + offset for offset, name in owners.items()}


def _candidate(name: str, number: int) -> int:
    """The candidate of a name in one round, before it is reduced to a range."""
    return int.from_bytes(_digest(name)[2 * number : 2 * number + 2], "big")


@lru_cache(maxsize=4096)
def _digest(name: str) -> bytes:
    return sha256(name.encode()).digest()
