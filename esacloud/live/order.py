"""The order of a change: authorize first, then revoke; where there is no room, what can be spared goes before that, and
where nothing can, a rule turns into another where it stands.

The law that this module keeps, for every interface: whatever is permitted at any moment lies between (old and new) and
(old or new). Adding wanted rules never leaves it, and removing unwanted ones after all are added never does either, in any
order and however far a call comes. A rule may go earlier only when all that remains still permits everything that old and
new have in common; `replacing.py` says when one may turn into another. A group that is new permits nothing until it is
attached.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from esacloud.errors import InputError, Place, Problem
from esacloud.live.model import GroupChange, LiveGroup, LiveRule, Step, quotas_taken
from esacloud.live.replacing import Alike, counts_alike, never, replaceable
from esacloud.packets import Direction, PacketSet

DIRECTIONS: tuple[Direction, ...] = ("in", "out")
FULL = "its rules take the whole quota, so what a new group begins with goes first"
NO_ROOM = "no room to add first: these rules permit nothing that both the old and the new state permit"
IN_PLACE = "no room to add first, and none can be spared: each turns into its successor where it stands"


@dataclass
class _Group:
    """A group while the change is played through: rules that are there, to come and to go, and whether it takes effect."""

    change: GroupChange
    rules: dict[str, LiveRule]
    add: dict[Direction, list[LiveRule]]
    remove: dict[Direction, list[LiveRule]]
    effective: bool
    attach: tuple[str, ...]
    used: dict[tuple[Direction, str], int] = field(default_factory=dict)

    def count(self, rule: LiveRule, sign: int) -> None:
        for quota, share in rule.counts:
            self.used[rule.direction, quota] = self.used.get((rule.direction, quota), 0) + sign * share

    def put(self, rule: LiveRule) -> None:
        self.rules[rule.key] = rule
        self.count(rule, 1)

    def drop(self, rule: LiveRule) -> None:
        del self.rules[rule.key]
        self.count(rule, -1)

    def fits(self, rule: LiveRule, limits: Mapping[str, int]) -> bool:
        return all(
            self.used.get((rule.direction, quota), 0) + share <= limits.get(quota, share) for quota, share in rule.counts
        )


def ordered(
    changes: Sequence[GroupChange], limits: Mapping[str, int], place: Place, alike: Alike = never
) -> tuple[Step, ...]:
    """The steps of a change on a cloud whose rules are added and removed one by one.

    `alike` says which rules the cloud can turn into which. Raises InputError where the quotas leave no way that keeps the
    law.
    """
    steps: list[Step] = []
    by_interface: dict[str, list[GroupChange]] = {}
    coming = {one for change in changes for one in change.attach}
    for change in changes:
        by_interface.setdefault(change.interface, []).append(change)
        if change.before is None:
            steps.append(Step("create", change.name, change.interface))
        elif change.tags:
            steps.append(Step("tag", change.name, change.interface))
    for of_it in by_interface.values():
        steps += _interface(of_it, coming, limits, place, alike)
    for of_it in by_interface.values():
        steps += _last(of_it, coming)
    return tuple(steps)


def _interface(
    changes: list[GroupChange], coming: Set[str], limits: Mapping[str, int], place: Place, alike: Alike
) -> Iterator[Step]:
    playing = [change for change in changes if change.after is not None or change.delete or change.remove]
    groups = [_started(change, alone=len(playing) == 1) for change in playing]
    needed = _effective(groups) & _after(changes)
    for change in changes:
        if _detaches_first(change, coming):
            yield Step("attach", change.name, change.interface, detach=change.detach)
    for group in groups:
        if group.change.before is None and _fills(group, limits):
            yield Step("strip", group.change.name, group.change.interface, why=FULL)
    while True:
        for group in groups:
            yield from _add(group, limits)
        waiting = [group for group in groups if any(group.add.values())]
        for group in groups:
            if not group.effective and not any(group.add.values()):
                if group.change.before is None:
                    yield Step("strip", group.change.name, group.change.interface)
                else:
                    yield from _removed(group)
                group.effective = True
        for group in groups:
            if group.attach and not any(group.add.values()):
                if len(groups) == 1:  # whatever carries it from now on gets the new state and no more
                    yield from _removed(group)
                yield Step("attach", group.change.name, group.change.interface, attach=group.attach)
                group.attach = ()
        if not waiting:
            break
        made_room = [step for group in waiting for step in _spare(group, groups, needed, limits)]
        made_room = made_room or [step for group in waiting for step in _turn(group, groups, needed, alike)]
        if not made_room:
            raise InputError(_stuck(waiting, place))
        yield from made_room
    for group in groups:
        pairs = group.change.describe
        for direction in DIRECTIONS:
            new = tuple(rule for _, rule in pairs if rule.direction == direction)
            if new:
                yield Step("describe", group.change.name, group.change.interface, direction, new)
    for group in groups:
        if not group.change.delete:
            yield from _removed(group)


def _removed(group: _Group) -> Iterator[Step]:
    """The removals that are left, one step a direction."""
    for direction in DIRECTIONS:
        rules, group.remove[direction] = tuple(group.remove[direction]), []
        for rule in rules:
            group.drop(rule)
        if rules:
            yield Step("remove", group.change.name, group.change.interface, direction, rules)


def _detaches_first(change: GroupChange, coming: Set[str]) -> bool:
    """Whether a group that stays is taken off before its rules move, which are not for what carries it until then.

    Not where another group comes to the same place: EC2 wants one there at every moment, and that one comes first.
    """
    return bool(change.detach) and not change.delete and coming.isdisjoint(change.detach)


def _last(changes: list[GroupChange], coming: Set[str]) -> Iterator[Step]:
    """Groups that go, after everything that takes their place is there."""
    for change in changes:
        if change.detach and not _detaches_first(change, coming):
            yield Step("attach", change.name, change.interface, detach=change.detach)
    for change in changes:
        if change.delete:
            yield Step("delete", change.name, change.interface)
        elif change.untag:
            yield Step("untag", change.name, change.interface)


def _started(change: GroupChange, *, alone: bool) -> _Group:
    rules = change.before.rules if change.before else ()
    going = {rule.key for rule in change.remove}
    group = _Group(
        change,
        {},
        {direction: [rule for rule in change.add if rule.direction == direction] for direction in DIRECTIONS},
        {
            direction: [rule for rule in rules if rule.key in going and rule.direction == direction]
            for direction in DIRECTIONS
        },
        effective=change.before is not None and (alone or _is_carried(change, change.before)),
        attach=change.attach,
    )
    for rule in rules:
        group.put(rule)
    return group


def _is_carried(change: GroupChange, before: LiveGroup) -> bool:
    """Whether others may rely on a group while rules move. What carries it may not have been read; then something may."""
    was_read = bool(change.attach or change.detach)
    staying = set(before.attached) - (set() if change.delete else set(change.detach))
    return bool(staying) or not was_read


def _add(group: _Group, limits: Mapping[str, int]) -> Iterator[Step]:
    """All additions that fit, one step a direction."""
    for direction in DIRECTIONS:
        fitting = []
        for rule in group.add[direction]:
            if group.fits(rule, limits):
                group.put(rule)
                fitting.append(rule)
        if fitting:
            done = {rule.key for rule in fitting}
            group.add[direction] = [rule for rule in group.add[direction] if rule.key not in done]
            yield Step("add", group.change.name, group.change.interface, direction, tuple(fitting))


def _spare(group: _Group, groups: list[_Group], needed: PacketSet, limits: Mapping[str, int]) -> Iterator[Step]:
    """Removals in a full group, as few as make room, each of rules without which all that is needed remains."""
    for direction in DIRECTIONS:
        waiting, spared = group.add[direction], []
        for rule in list(group.remove[direction]):
            if not waiting or _room(group, waiting, limits):
                break
            if not _takes_from(rule, waiting):
                continue
            group.drop(rule)
            if needed <= _effective(groups):
                spared.append(rule)
                group.remove[direction].remove(rule)
            else:
                group.put(rule)
        if spared:
            name, interface = group.change.name, group.change.interface
            yield Step("remove", name, interface, direction, tuple(spared), why=NO_ROOM)


def _turn(group: _Group, groups: list[_Group], needed: PacketSet, alike: Alike) -> Iterator[Step]:
    """Rules of a full group that turn into those that wait, one step a direction."""
    going = {(id(one), rule.key) for one in groups for rules in one.remove.values() for rule in rules}
    kept = (rule for one in groups if one.effective for rule in one.rules.values() if (id(one), rule.key) not in going)
    staying = PacketSet.of(box for rule in kept for box in rule.boxes)

    def fits(old: LiveRule, new: LiveRule) -> bool:
        return alike(old, new) and counts_alike(old, new)

    for direction in DIRECTIONS:
        pairs = replaceable(group.remove[direction], group.add[direction], needed, staying, fits)
        for old, new in pairs:
            group.drop(old)
            group.put(new)
            group.remove[direction].remove(old)
            group.add[direction].remove(new)
        if pairs:
            olds, news = zip(*pairs, strict=True)
            name, interface = group.change.name, group.change.interface
            yield Step("replace", name, interface, direction, news, replaces=olds, why=IN_PLACE)


def _room(group: _Group, waiting: list[LiveRule], limits: Mapping[str, int]) -> bool:
    """Whether all that waits would fit now."""
    put = []
    for rule in waiting:
        if not group.fits(rule, limits):
            break
        group.count(rule, 1)
        put.append(rule)
    for rule in put:
        group.count(rule, -1)
    return len(put) == len(waiting)


def _takes_from(rule: LiveRule, waiting: list[LiveRule]) -> bool:
    wanted = {quota for one in waiting for quota, _ in one.counts}
    return any(quota in wanted for quota, _ in rule.counts)


def _effective(groups: Iterable[_Group]) -> PacketSet:
    return PacketSet.of(box for group in groups if group.effective for rule in group.rules.values() for box in rule.boxes)


def _after(changes: Iterable[GroupChange]) -> PacketSet:
    kept = (rule for change in changes if not change.delete for rule in (*change.stays, *change.add))
    return PacketSet.of(box for rule in kept for box in rule.boxes)


def _fills(group: _Group, limits: Mapping[str, int]) -> bool:
    """Whether a new group's rules take a quota to its limit, so that what it begins with has to go first."""
    taken = quotas_taken(group.change.add)
    return any(count >= limits.get(quota, count + 1) for (_, quota), count in taken.items())


def _stuck(waiting: list[_Group], place: Place) -> Problem:
    names = ", ".join(sorted(group.change.name for group in waiting))
    what = (
        f"{names}: the quota leaves no room for a new rule, every rule that could go permits packets that both the old and "
        "the new state permit, and no new rule permits all of them that one of these does."
    )
    mend = (
        "Ask the cloud for a higher quota and write it under `quotas`, or apply a file first that takes one peer out and "
        "then this one."
    )
    return Problem(place, what, mend)
