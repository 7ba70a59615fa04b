"""The order of a change, on a cloud whose rules are added and removed one by one: the change is simulated in memory, and a
step is taken only when the safety invariant holds during and after it.

The safety invariant, for every attachment (a network interface): what it permits at any moment is within (old or new), and
(old and new) is within it, where old and new are what all groups on it permit together. From it follow the rules that this
module obeys:

- A desired rule may be added at any time, in a group that stays on all its attachments.
- A group is attached when it has all its rules, and none that neither state permits on that attachment.
- A rule or a group is removed when all that replaces it is in effect on every attachment, or when what remains still
  permits all that both states need. Rules that this relies on, and that were only read, are confirmed by a write: a
  read may be old.
- A group without an attachment permits nothing, so its rules change in any order.
- Without room, rules that can be spared are removed first; where there are none, a rule is modified to become its successor
  (`replacing.py`). Where that is impossible too, the change is refused.

Where attachments were not read, one attachment with all groups of the interface stands for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from esacloud.change.model import Assignment, GroupChange, LiveRule, Step
from esacloud.change.replacing import Equivalence, counts_equal, replaceable
from esacloud.change.simulation import DIRECTIONS, SimulatedAttachment, SimulatedGroup, attachments
from esacloud.errors import InputError, Place, Problem
from esacloud.packets.sets import PacketSet

NO_ROOM = "no room to add first: these rules permit nothing that both the old and the new state permit"
IN_PLACE = "no room to add first, and no rule can be spared: each is modified to become its successor"
RELIED_ON = "what is removed next permits packets that these rules must permit from then on"

_Move = tuple[SimulatedAttachment, tuple[str, ...], tuple[str, ...]]  # the groups that come and that leave


def ordered(
    changes: Sequence[GroupChange],
    limits: Mapping[str, int],
    place: Place,
    equivalent: Equivalence = lambda *_: False,
    *,
    attachments_read: bool = False,
) -> tuple[Step, ...]:
    """The steps of a change. `changes` has every group of either state, unchanged ones included.

    `equivalent`: which rules the cloud can modify to become which. `attachments_read`: whether attachments are known.
    Raises InputError where the quotas allow no order that keeps the safety invariant.
    """
    groups = {change.name: SimulatedGroup(change, limits) for change in changes}
    return tuple(_Ordering(groups, list(attachments(groups, attachments_read)), place, equivalent).steps())


@dataclass
class _Ordering:
    """A change while it is simulated. Each method yields steps after it has taken them in memory."""

    groups: Mapping[str, SimulatedGroup]
    attachments: Sequence[SimulatedAttachment]
    place: Place
    equivalent: Equivalence

    def steps(self) -> Iterator[Step]:
        """All steps in order."""
        for group in self.groups.values():
            yield from _begin(group)
        yield from self._reach_desired()
        for group in self.groups.values():
            yield from _describe(group)
        for group in self.groups.values():
            if not group.change.delete:
                yield from self._remove(group)
        yield from self._assign((attachment, (), attachment.leaving) for attachment in self.attachments)
        for group in self.groups.values():
            yield from _end(group.change)

    def _reach_desired(self) -> Iterator[Step]:
        """Steps until every group has all desired rules and every attachment all desired groups."""
        while True:
            steps = [
                *self._assign(self._early_detachments()),
                *self._add(),
                *self._remove_from_unattached(),
                *self._clear(),
                *self._assign(self._ready_assignments()),
            ]
            yield from steps
            waiting = [group for group in self.groups.values() if not group.complete]
            if not waiting and not any(attachment.coming for attachment in self.attachments):
                return
            if not steps:
                yield from self._make_room(waiting)

    def _on(self, group: SimulatedGroup) -> list[SimulatedAttachment]:
        return [attachment for attachment in self.attachments if group.name in attachment.current]

    # Rules

    def _add(self) -> Iterator[Step]:
        """All additions that fit, one step for each group and direction."""
        for group in self.groups.values():
            if not all(group.name in attachment.desired for attachment in self._on(group)):
                continue  # it is detached there first
            for direction in DIRECTIONS:
                if added := group.add_fitting(direction):
                    yield group.step("add", direction, added)

    def _remove_from_unattached(self) -> Iterator[Step]:
        """Removals in groups without an attachment, when all is added or nothing more fits."""
        for group in self.groups.values():
            relevant = not group.complete or any(group.name in attachment.desired for attachment in self.attachments)
            if relevant and not group.change.delete and not self._on(group):
                yield from self._remove(group)

    def _clear(self) -> Iterator[Step]:
        """Removals in groups that may not be attached before, where the rules are not needed elsewhere."""
        for attachment in self.attachments:
            for name in attachment.coming:
                group = self.groups[name]
                unfit = group.complete and not self._may_come(attachment, name)
                if unfit and all(other.settled for other in self._on(group)):
                    yield from self._remove(group)

    def _remove(self, group: SimulatedGroup) -> Iterator[Step]:
        """All removals that are left, one step for each direction, after the rules that they rely on are confirmed."""
        for direction in DIRECTIONS:
            if rules := tuple(group.remove[direction]):
                yield from self._confirm_before_removal(group, rules)
                yield group.step("remove", direction, _drop(group, rules))

    def _confirm_before_removal(self, group: SimulatedGroup, removed: Iterable[LiveRule]) -> Iterator[Step]:
        on = self._on(group)
        siblings = [other for other in self.groups.values() if any(other.name in attachment.current for attachment in on)]
        if on:
            yield from _confirm(siblings, group.packets(removed))

    # Attachments

    def _early_detachments(self) -> Iterator[_Move]:
        """Groups that must leave an attachment before they get rules that are not for it."""
        for attachment in self.attachments:
            if not attachment.coming:
                yield attachment, (), tuple(name for name in attachment.leaving if not self.groups[name].complete)

    def _ready_assignments(self) -> Iterator[_Move]:
        """Groups that may be attached now, together with those that leave; others leave when all rules are added."""
        complete = all(group.complete for group in self.groups.values())
        for attachment in self.attachments:
            coming = attachment.coming
            if all(self._may_come(attachment, name) for name in coming) if coming else complete:
                yield attachment, coming, attachment.leaving

    def _may_come(self, attachment: SimulatedAttachment, name: str) -> bool:
        group = self.groups[name]
        surplus = group.surplus
        return group.complete and (not surplus or group.packets(surplus) <= attachment.allowed)

    def _assign(self, moves: Iterable[_Move]) -> Iterator[Step]:
        """One write for each attachment, all in one step. Groups leave only where the others permit all that is needed."""
        made, attached, detached = [], set[str](), set[str]()
        for attachment, coming, leaving in moves:
            attachment.current.update(coming)
            if leaving and not (attachment.settled or attachment.holds(without=leaving)):
                leaving = ()
            attachment.current.difference_update(leaving)
            removed = PacketSet.of(box for name in leaving for box in self.groups[name].boxes())
            yield from _confirm([self.groups[name] for name in sorted(attachment.current)], removed)
            if coming or leaving:
                made.append(Assignment(attachment.name, coming, leaving))
            attached.update(coming)
            detached.update(leaving)
        if made:
            expects = {name: frozenset(self.groups[name].rules) for name in sorted(attached)}
            yield Step("assign", ", ".join(sorted(attached | detached)), "", assignments=tuple(made), expects=expects)

    # Full groups

    def _make_room(self, waiting: Sequence[SimulatedGroup]) -> list[Step]:
        """Removals in full groups that can be spared, or else replacements. Raises InputError where there are none."""
        steps = [step for group in waiting for step in self._spare(group)]
        steps = steps or [step for group in waiting for step in self._replace(group)]
        if not steps:
            full = [group for group in waiting if not all(map(group.has_room, group.add.values()))]
            raise InputError(_no_room(full, self.place) if full else _no_order(self.attachments, self.place))
        return steps

    def _spare(self, group: SimulatedGroup) -> Iterator[Step]:
        """Removals in a full group, as few as make room, of rules without which all that is needed remains."""
        on = self._on(group)
        for direction in DIRECTIONS:
            waiting, spared = group.add[direction], []
            for rule in list(group.remove[direction]):
                if not waiting or group.has_room(waiting):
                    break
                if not _shares_quota(rule, waiting):
                    continue
                group.drop(rule)
                if all(attachment.holds() for attachment in on):
                    spared.append(rule)
                    group.remove[direction].remove(rule)
                else:
                    group.put(rule)
            if spared:
                yield from self._confirm_before_removal(group, spared)
                yield group.step("remove", direction, spared, NO_ROOM)

    def _replace(self, group: SimulatedGroup) -> Iterator[Step]:
        """Rules of a full group that are modified to become waiting ones, one step for each direction."""
        on = self._on(group)
        if not all(group.name in attachment.desired for attachment in on):
            return
        needed = PacketSet.of(box for attachment in on for box in attachment.needed.boxes())
        everywhere = [other for other in self.groups.values() if on and all(other.name in one.current for one in on)]
        staying = PacketSet.of(box for other in everywhere for box in other.boxes(other.staying))
        for direction in DIRECTIONS:
            pairs = replaceable(
                *(group.remove[direction], group.add[direction], needed, staying),
                equivalent=lambda old, new: self.equivalent(old, new) and counts_equal(old, new),
                boxes=group.boxes,
            )
            if not pairs:
                continue
            replaced, replacing = zip(*pairs, strict=True)
            yield from self._confirm_before_removal(group, replaced)
            _drop(group, replaced)
            for rule in replacing:
                group.put(rule)
                group.add[direction].remove(rule)
            yield replace(group.step("replace", direction, replacing, IN_PLACE), replaces=replaced)


def _begin(group: SimulatedGroup) -> Iterator[Step]:
    """Create a group without its default rules, or change its tags."""
    change = group.change
    if change.actual is None:
        yield Step("create", change.name, change.interface)
        for direction in DIRECTIONS:
            if rules := _drop(group, group.remove[direction]):
                yield group.step("revoke_default", direction, rules)
    elif change.tags and not change.delete:
        yield Step("tag", change.name, change.interface)


def _end(change: GroupChange) -> Iterator[Step]:
    if change.delete:
        yield Step("delete", change.name, change.interface)
    elif change.actual is not None and change.untag:
        yield Step("untag", change.name, change.interface)


def _confirm(groups: Iterable[SimulatedGroup], removed: PacketSet) -> Iterator[Step]:
    """Rules that were only read, and that must exist because packets which they permit are removed elsewhere."""
    for group in groups:
        known = [rule for rule in group.change.kept if rule.key not in group.confirmed]
        if not removed & group.packets(known):
            continue
        for direction in DIRECTIONS:
            relied = [rule for rule in known if rule.direction == direction and removed & group.packets([rule])]
            if relied:
                group.confirmed.update(rule.key for rule in relied)
                yield group.step("confirm", direction, relied, RELIED_ON)


def _describe(group: SimulatedGroup) -> Iterator[Step]:
    for direction in DIRECTIONS:
        if rules := [rule for _, rule in group.change.describe if rule.direction == direction]:
            yield group.step("describe", direction, rules)


def _drop(group: SimulatedGroup, rules: Iterable[LiveRule]) -> tuple[LiveRule, ...]:
    dropped = tuple(rules)
    for rule in dropped:
        group.drop(rule)
        group.remove[rule.direction].remove(rule)
    return dropped


def _shares_quota(rule: LiveRule, waiting: Iterable[LiveRule]) -> bool:
    quotas = {quota for other in waiting for quota, _ in other.counts}
    return any(quota in quotas for quota, _ in rule.counts)


def _no_room(full: Iterable[SimulatedGroup], place: Place) -> Problem:
    names = ", ".join(sorted({group.name for group in full}))
    message = (
        f"{names}: the quota leaves no room for a new rule. Every rule that could be removed permits packets that both the "
        "old and the new state permit, and no new rule permits all of those packets of one such rule."
    )
    hint = (
        "Ask the cloud for a higher quota and write it under `quotas`, or apply a file without one of the peers first, and "
        "this one afterwards."
    )
    return Problem(place, message, hint)


def _no_order(attachments: Iterable[SimulatedAttachment], place: Place) -> Problem:
    names = ", ".join(one.name for one in attachments if one.current != one.desired)
    message = f"{names}: no order of steps attaches its groups without opening or interrupting something in between."
    return Problem(place, message, "Attach the groups one by one, or detach them first.")
