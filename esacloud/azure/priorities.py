"""Priorities that stay: each is drawn from the rule's own name, sparsely over the whole range.

All rules but the last allow, so their order among each other means nothing and any number will do. The SHA-256 of a name
is a row of sixteen wishes. Rules choose in rounds: of the rules that wish for the same free number, the one with the lowest
digest gets it, and the others wish again in the next round. Who is left after the last round gets the next free number
upwards. So the result depends on the set of names alone, and a new rule moves another only where both wish for the same
number: with 30 rules and 3,901 numbers about one added rule in 260. See docs/azure.md.

modules/azure/priorities.tf does the first eight rounds of this, and refuses a rule that is left over. No round changes what
an earlier one gave, so that both give the same numbers to the same names.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

_ROUNDS = 16


class PrioritiesFullError(ValueError):
    """More rules than numbers: `desired` and `room` say how many of each."""

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
            if owners.setdefault(_wish(name, number) % room, name) is not name:
                again.append(name)
        left = again
    for name in left:
        offset = _wish(name, _ROUNDS - 1) % room
        while offset in owners:
            offset = (offset + 1) % room
        owners[offset] = name
    return {name: first + offset for offset, name in owners.items()}


def _wish(name: str, number: int) -> int:
    """A number that a name wishes for in one round, before it is brought into a range."""
    return int.from_bytes(_digest(name)[2 * number : 2 * number + 2], "big")


@lru_cache(maxsize=4096)
def _digest(name: str) -> bytes:
    return sha256(name.encode()).digest()
