"""Which rules of a full group can turn into new ones where they stand, so that no moment is without either.

A call that changes several rules may take effect in any order and stop anywhere. So a pair is taken only where the new
rule, with the rules that stay whatever happens, permits all that the old one does of what is needed: then every mixture of
pairs done and not done keeps what is needed, and permits nothing that neither rule does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from esacloud.change.model import LiveRule
from esacloud.packets.sets import Box, PacketSet

Boxes = Callable[[Iterable[LiveRule]], Iterable[Box]]
Equivalence = Callable[[LiveRule, LiveRule], bool]
"""Whether the cloud can turn the first rule into the second."""


def never(old: LiveRule, new: LiveRule) -> bool:  # noqa: ARG001 - of the form of the others
    """A cloud that turns no rule into another."""
    return False


def plain_boxes(rules: Iterable[LiveRule]) -> Iterable[Box]:
    """What rules permit, where only one interface is looked at."""
    return (box for rule in rules for box in rule.boxes)


def replaceable(
    old: Sequence[LiveRule],
    new: Sequence[LiveRule],
    needed: PacketSet,
    staying: PacketSet,
    equivalent: Equivalence,
    boxes: Boxes = plain_boxes,
) -> list[tuple[LiveRule, LiveRule]]:
    """As many pairs as there can be, each rule in one at most, in the order of `new`.

    `needed` is what has to be permitted all the time, `staying` what rules permit that nobody touches, `boxes` says what
    rules permit.
    """
    before = [PacketSet.of(boxes([rule])) & needed for rule in old]
    after = [PacketSet.of(boxes([rule])) | staying for rule in new]
    choices = [
        [at for at, one in enumerate(old) if equivalent(one, desired) and before[at] <= after[number]]
        for number, desired in enumerate(new)
    ]
    taken: dict[int, int] = {}  # of `old` -> of `new`
    for at in range(len(new)):
        _place(at, choices, taken, set())
    partner = {theirs: mine for mine, theirs in taken.items()}
    return [(old[partner[at]], desired) for at, desired in enumerate(new) if at in partner]


def _place(at: int, choices: Sequence[Sequence[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Find a partner for one more, moving others where they have another choice (an augmenting path)."""
    for choice in choices[at]:
        if choice in tried:
            continue
        tried.add(choice)
        if choice not in taken or _place(taken[choice], choices, taken, tried):
            taken[choice] = at
            return True
    return False


def counts_equal(old: LiveRule, new: LiveRule) -> bool:
    """Whether the new rule takes no more of any quota than the old one gives back."""
    gives: Mapping[str, int] = dict(old.counts)
    return all(share <= gives.get(quota, 0) for quota, share in new.counts)
