"""Which rules of a full group can be modified to become new ones, so that no moment is without either.

A call that modifies several rules may take effect in any order and stop anywhere. So a pair is taken only where the new
rule, together with the rules that stay in any case, permits all that is needed of the old one. Then every mixture of
pairs that are done and not done permits what is needed, and nothing that neither rule permits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from esacloud.change.model import LiveRule
from esacloud.packets.sets import Box, PacketSet

Equivalence = Callable[[LiveRule, LiveRule], bool]
"""Whether the cloud can modify the first rule to become the second."""


def replaceable(
    old: Sequence[LiveRule],
    new: Sequence[LiveRule],
    needed: PacketSet,
    staying: PacketSet,
    equivalent: Equivalence,
    boxes: Callable[[Iterable[LiveRule]], Iterable[Box]],
) -> list[tuple[LiveRule, LiveRule]]:
    """As many pairs as possible, each rule in at most one, in the order of `new`.

    `needed` must be permitted all the time, `staying` is what unchanged rules permit, `boxes` gives what rules permit.
    """
    before = [PacketSet.of(boxes([rule])) & needed for rule in old]
    after = [PacketSet.of(boxes([rule])) | staying for rule in new]
    choices = [
        [at for at, rule in enumerate(old) if equivalent(rule, desired) and before[at] <= after[number]]
        for number, desired in enumerate(new)
    ]
    taken: dict[int, int] = {}  # index of `old` -> index of `new`
    for number in range(len(new)):
        _match(number, choices, taken, set())
    partner = {number: at for at, number in taken.items()}
    return [(old[partner[number]], desired) for number, desired in enumerate(new) if number in partner]


def _match(number: int, choices: Sequence[Sequence[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Find a partner for one more rule, reassigning others that have another choice (an augmenting path)."""
    for at in choices[number]:
        if at in tried:
            continue
        tried.add(at)
        if at not in taken or _match(taken[at], choices, taken, tried):
            taken[at] = number
            return True
    return False


def counts_equal(old: LiveRule, new: LiveRule) -> bool:
    """Whether the new rule uses no more of any quota than the old one."""
    limits: Mapping[str, int] = dict(old.counts)
    return all(share <= limits.get(quota, 0) for quota, share in new.counts)
