"""The order of a change, on a cloud whose rules are added and removed one by one: the change is played through in memory,
and a step is taken only when the safety invariant holds during and after it.

The safety invariant, for every attachment (a network interface): what it permits at any moment is within (old or new), and
(old and new) is within it, where old and new are what all groups on it permit together. From it follow the rules that this
module obeys:

- A desired rule may come at any time, in a group that stays wherever it is.
- A group gets onto an attachment when all its rules are there, and none that neither state permits there.
- A rule or a group goes when all that takes its place is in effect on every attachment, or when what remains still permits
  all that both states need. What is relied on for that, and was only read, is confirmed by a write: a read may be old.
- A group that nothing carries permits nothing, so its rules change in any order.
- Without room, what can be spared goes first; where nothing can, a rule turns into its successor where it stands
  (`replacing.py`). Where that is no way either, the change is refused.

Where it was not read what carries a group, one attachment that carries all groups of the interface stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from esacloud.change.model import Assignment, GroupChange, LiveRule, Step
from esacloud.change.replacing import Equivalence, counts_equal, never, replaceable
from esacloud.change.simulation import DIRECTIONS, PlayedGroup, View, views
from esacloud.errors import InputError, Place, Problem
from esacloud.packets.sets import PacketSet

NO_ROOM = "no room to add first: these rules permit nothing that both the old and the new state permit"
IN_PLACE = "no room to add first, and none can be spared: each turns into its successor where it stands"
RELIED_ON = "what goes next permits packets that these rules have to permit from then on"


def ordered(
    changes: Sequence[GroupChange],
    limits: Mapping[str, int],
    place: Place,
    equivalent: Equivalence = never,
    *,
    attachments_read: bool = False,
) -> tuple[Step, ...]:
    """The steps of a change. `changes` has every group of both states, those without a change included.

    `equivalent`: which rules the cloud can turn into which. `attachments_read`: whether attachments are known.
    Raises InputError where the quotas leave no way that keeps the safety invariant.
    """
    return tuple(_Play(changes, limits, place, equivalent, attachments_read).steps())


class _Play:
    def __init__(
        self,
        changes: Sequence[GroupChange],
        limits: Mapping[str, int],
        place: Place,
        equivalent: Equivalence,
        attachments_read: bool,
    ) -> None:
        self.changes, self.place, self.equivalent = changes, place, equivalent
        self.groups = {change.name: PlayedGroup(change, limits) for change in changes}
        self.views = list(views(self.groups, attachments_read))

    def steps(self) -> Iterator[Step]:
        for change in self.changes:
            yield from self._made(change)
        while True:
            moves = [
                *self._assigned(first=True),
                *self._added(),
                *self._changed_unseen(),
                *self._cleared(),
                *self._assigned(),
            ]
            yield from moves
            waiting = [group for group in self.groups.values() if not group.complete]
            if not waiting and all(view.new <= view.on for view in self.views):
                break
            if not moves:
                moves = list(self._made_room(waiting))
                if not moves:
                    full = [group for group in waiting if not all(map(group.has_room, group.add.values()))]
                    raise InputError(_stuck(full, self.place) if full else _stuck_attachments(self.views, self.place))
                yield from moves
        for group in self.groups.values():
            yield from self._described(group)
        for group in self.groups.values():
            if not group.change.delete:
                yield from self._removed(group)
        yield from self._assigned(last=True)
        for change in self.changes:
            if change.delete:
                yield Step("delete", change.name, change.interface)
            elif change.before is not None and change.untag:
                yield Step("untag", change.name, change.interface)

    def _made(self, change: GroupChange) -> Iterator[Step]:
        if change.before is not None:
            if change.tags and not change.delete:
                yield Step("tag", change.name, change.interface)
            return
        group = self.groups[change.name]
        yield Step("create", change.name, change.interface)
        for direction in DIRECTIONS:
            if rules := self._dropped(group, group.remove[direction]):
                yield group.step("revoke_default", direction, rules)

    def _on(self, group: PlayedGroup) -> list[View]:
        return [view for view in self.views if group.name in view.on]

    def _added(self) -> Iterator[Step]:
        """All additions that fit, one step for each group and direction."""
        for group in self.groups.values():
            if not all(group.name in view.new for view in self._on(group)):
                continue  # it is taken off there first
            for direction in DIRECTIONS:
                fitting = []
                for rule in group.add[direction]:
                    if group.fits(rule):
                        group.put(rule)
                        fitting.append(rule)
                if fitting:
                    done = {rule.key for rule in fitting}
                    group.add[direction] = [rule for rule in group.add[direction] if rule.key not in done]
                    yield group.step("add", direction, fitting)

    def _changed_unseen(self) -> Iterator[Step]:
        """Removals in groups that nothing carries, when all is added or nothing more fits."""
        for group in self.groups.values():
            if not group.change.delete and not self._on(group) and self._matters(group):
                yield from self._removed(group)

    def _matters(self, group: PlayedGroup) -> bool:
        return not group.complete or any(group.name in view.new for view in self.views)

    def _dropped(self, group: PlayedGroup, rules: Iterable[LiveRule]) -> tuple[LiveRule, ...]:
        dropped = tuple(rules)
        for rule in dropped:
            group.drop(rule)
            group.remove[rule.direction].remove(rule)
        return dropped

    def _removed(self, group: PlayedGroup, *, why: str = "") -> Iterator[Step]:
        """All removals that are left, one step for each direction, after what they rely on is confirmed."""
        for direction in DIRECTIONS:
            if rules := tuple(group.remove[direction]):
                yield from self._confirmed(group, rules)
                yield group.step("remove", direction, self._dropped(group, rules), why)

    def _confirmed(self, group: PlayedGroup, going: Sequence[LiveRule]) -> Iterator[Step]:
        """Rules that were read, and have to be there because others that permit the same packets go."""
        views = self._on(group)
        beside = [one for one in self.groups.values() if one is group or any(one.name in view.on for view in views)]
        if views:
            yield from self._relied_on(beside, PacketSet.of(group.boxes(going)))

    def _relied_on(self, groups: Iterable[PlayedGroup], gone: PacketSet) -> Iterator[Step]:
        for group in groups:
            known = [rule for rule in group.change.stays if rule.key not in group.confirmed]
            if not gone & PacketSet.of(group.boxes(known)):
                continue
            for direction in DIRECTIONS:
                relied = [
                    rule for rule in known if rule.direction == direction and gone & PacketSet.of(group.boxes([rule]))
                ]
                if relied:
                    group.confirmed.update(rule.key for rule in relied)
                    yield group.step("confirm", direction, relied, RELIED_ON)

    def _assigned(self, *, first: bool = False, last: bool = False) -> Iterator[Step]:
        """One write for each attachment that can be written now, all of them in one step.

        `first`: only groups that have to leave before they get rules that are not for this attachment. `last`: all that
        is left to leave.
        """
        made: list[Assignment] = []
        attached: set[str] = set()
        for view in self.views:
            coming = tuple(sorted(view.new - view.on)) if not first else ()
            leaving = tuple(sorted(view.on - view.new)) if not (first and view.new - view.on) else ()
            if first:
                leaving = tuple(name for name in leaving if not self.groups[name].complete)
            if coming:
                if not all(self._may_come(view, name) for name in coming):
                    continue
                view.on.update(coming)
            elif not (first or last or self._all_done()):
                continue
            if leaving and not (view.settled or view.holds(without=leaving)):
                leaving = ()
            view.on.difference_update(leaving)
            gone = PacketSet.of(box for name in leaving for box in self.groups[name].there())
            yield from self._relied_on([self.groups[name] for name in sorted(view.on)], gone)
            if coming or leaving:
                made.append(Assignment(view.name, coming, leaving))
                attached.update(coming)
        if made:
            expects = {name: frozenset(self.groups[name].rules) for name in sorted(attached)}
            yield Step("assign", ", ".join(_named(made)), "", assignments=tuple(made), expects=expects)

    def _all_done(self) -> bool:
        return all(group.complete for group in self.groups.values())

    def _cleared(self) -> Iterator[Step]:
        """What is not for an attachment leaves the groups that get onto it, where nothing else needs it any more."""
        for view in self.views:
            for name in sorted(view.new - view.on):
                group = self.groups[name]
                unfit = group.complete and not self._may_come(view, name)
                if unfit and all(other.settled for other in self._on(group)):
                    yield from self._removed(group)

    def _may_come(self, view: View, name: str) -> bool:
        group = self.groups[name]
        surplus = group.surplus
        return group.complete and (not surplus or PacketSet.of(group.boxes(surplus)) <= view.allowed)

    def _made_room(self, waiting: Iterable[PlayedGroup]) -> Iterator[Step]:
        found = False
        for group in waiting:
            for step in self._spared(group):
                found = True
                yield step
        if not found:
            for group in waiting:
                yield from self._turned(group)

    def _spared(self, group: PlayedGroup) -> Iterator[Step]:
        """Removals in a full group, as few as make room, each of rules without which all that is needed remains."""
        views = self._on(group)
        for direction in DIRECTIONS:
            waiting, spared = group.add[direction], []
            for rule in list(group.remove[direction]):
                if not waiting or group.has_room(waiting):
                    break
                if not _takes_from(rule, waiting):
                    continue
                group.drop(rule)
                if all(view.holds() for view in views):
                    spared.append(rule)
                    group.remove[direction].remove(rule)
                else:
                    group.put(rule)
            if spared:
                yield from self._confirmed(group, spared)
                yield group.step("remove", direction, spared, NO_ROOM)

    def _turned(self, group: PlayedGroup) -> Iterator[Step]:
        """Rules of a full group that turn into those that wait, one step for each direction."""
        views = self._on(group)
        if not all(group.name in view.new for view in views):
            return
        needed = PacketSet.of(box for view in views for box in view.needed.boxes())
        beside = [other for other in self.groups.values() if all(other.name in view.on for view in views)] if views else []
        staying = PacketSet.of(box for other in beside for box in other.boxes(other.staying))

        def fits(old: LiveRule, new: LiveRule) -> bool:
            return self.equivalent(old, new) and counts_equal(old, new)

        for direction in DIRECTIONS:
            pairs = replaceable(group.remove[direction], group.add[direction], needed, staying, fits, group.boxes)
            if not pairs:
                continue
            olds, news = zip(*pairs, strict=True)
            yield from self._confirmed(group, olds)
            for old, new in pairs:
                group.drop(old)
                group.put(new)
                group.remove[direction].remove(old)
                group.add[direction].remove(new)
            yield replace(group.step("replace", direction, news, IN_PLACE), replaces=olds)

    def _described(self, group: PlayedGroup) -> Iterator[Step]:
        for direction in DIRECTIONS:
            new = tuple(rule for _, rule in group.change.describe if rule.direction == direction)
            if new:
                yield group.step("describe", direction, new)


def _named(made: Iterable[Assignment]) -> list[str]:
    return sorted({name for one in made for name in (*one.attach, *one.detach)})


def _takes_from(rule: LiveRule, waiting: list[LiveRule]) -> bool:
    desired = {quota for one in waiting for quota, _ in one.counts}
    return any(quota in desired for quota, _ in rule.counts)


def _stuck(waiting: Iterable[PlayedGroup], place: Place) -> Problem:
    names = ", ".join(sorted({group.name for group in waiting}))
    message = (
        f"{names}: the quota leaves no room for a new rule, every rule that could go permits packets that both the old and "
        "the new state permit, and no new rule permits all of them that one of these does."
    )
    hint = (
        "Ask the cloud for a higher quota and write it under `quotas`, or apply a file first that takes one peer out and "
        "then this one."
    )
    return Problem(place, message, hint)


def _stuck_attachments(views: Iterable[View], place: Place) -> Problem:
    names = ", ".join(view.name for view in views if view.new != view.on)
    message = f"{names}: no order of steps attaches its groups without opening or interrupting something on the way."
    return Problem(place, message, "Attach the groups one by one, or detach them from it first.")
