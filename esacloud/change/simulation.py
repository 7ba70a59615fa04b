"""Groups and attachments while a change is played through in memory: what is there, what is to come, what it permits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from esacloud.change.model import GroupChange, LiveRule, Step
from esacloud.packets.sets import Box, Direction, PacketSet

DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")


@dataclass
class PlayedGroup:
    """A group while the change is played through: rules that are there, to come and to go."""

    change: GroupChange
    limits: Mapping[str, int]
    rules: dict[str, LiveRule] = field(default_factory=dict)
    add: dict[Direction, list[LiveRule]] = field(default_factory=dict)
    remove: dict[Direction, list[LiveRule]] = field(default_factory=dict)
    used: dict[tuple[Direction, str], int] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        change = self.change
        there = change.begins if change.before is None else change.before.rules
        going = {rule.key for rule in (*change.remove, *change.begins)}
        for rule in there:
            self.put(rule)
        for direction in DIRECTIONS:
            self.add[direction] = [rule for rule in change.add if rule.direction == direction]
            self.remove[direction] = [rule for rule in there if rule.key in going and rule.direction == direction]
        self.confirmed.update(rule.key for rule in change.add)

    @property
    def name(self) -> str:
        """Its name in the deployment."""
        return self.change.name

    @property
    def complete(self) -> bool:
        """Whether all desired rules are there."""
        return not any(self.add.values())

    @cached_property
    def new(self) -> tuple[LiveRule, ...]:
        """The rules at the end."""
        return () if self.change.delete else (*self.change.stays, *self.change.add)

    @property
    def surplus(self) -> list[LiveRule]:
        """Rules that are still to go."""
        return [rule for rules in self.remove.values() for rule in rules]

    @property
    def staying(self) -> list[LiveRule]:
        """Rules that are there and do not go."""
        going = {rule.key for rule in self.surplus}
        return [] if self.change.delete else [rule for rule in self.rules.values() if rule.key not in going]

    def boxes(self, rules: Iterable[LiveRule]) -> Iterator[Box]:
        """What rules permit. `self` means another set of addresses at every interface."""
        for rule in rules:
            for box in rule.boxes:
                yield box._replace(address_space=f"self:{self.change.interface}") if box.address_space == "self" else box

    def there(self) -> Iterator[Box]:
        """What it permits now."""
        return self.boxes(self.rules.values())

    def count(self, rule: LiveRule, sign: int) -> None:
        """Count a rule that comes (1) or goes (-1)."""
        for quota, share in rule.counts:
            self.used[rule.direction, quota] = self.used.get((rule.direction, quota), 0) + sign * share

    def put(self, rule: LiveRule) -> None:
        """A rule is there from now on."""
        self.rules[rule.key] = rule
        self.count(rule, 1)

    def drop(self, rule: LiveRule) -> None:
        """A rule is there no more."""
        del self.rules[rule.key]
        self.count(rule, -1)

    def fits(self, rule: LiveRule) -> bool:
        """Whether the quotas have room for a rule."""
        return all(
            self.used.get((rule.direction, quota), 0) + share <= self.limits.get(quota, share)
            for quota, share in rule.counts
        )

    def has_room(self, waiting: Iterable[LiveRule]) -> bool:
        """Whether all of these would fit now."""
        used = dict(self.used)
        fits = True
        for rule in waiting:
            fits = fits and self.fits(rule)
            self.count(rule, 1)
        self.used = used
        return fits

    def step(self, action: str, direction: Direction, rules: Iterable[LiveRule], why: str = "") -> Step:
        """A step about rules of this group."""
        return Step(action, self.name, self.change.interface, direction, tuple(rules), why=why)  # type: ignore[arg-type]


@dataclass
class View:
    """One attachment: the groups on it now, and at the end."""

    name: str
    groups: Mapping[str, PlayedGroup]
    on: set[str]
    new: frozenset[str]

    def __post_init__(self) -> None:
        old = PacketSet.of(box for name in self.on for box in self.groups[name].there())
        new = PacketSet.of(box for name in self.new for box in self.groups[name].boxes(self.groups[name].new))
        self.needed, self.allowed = old & new, old | new

    @property
    def settled(self) -> bool:
        """Whether everything that it permits at the end is in effect, so that whatever else it has may go."""
        return self.new <= self.on and all(self.groups[name].complete for name in self.new)

    def holds(self, without: Iterable[str] = ()) -> bool:
        """Whether it still permits all that both states need, also without these groups."""
        staying = self.on.difference(without)
        return self.needed <= PacketSet.of(box for name in staying for box in self.groups[name].there())


def views(groups: Mapping[str, PlayedGroup], attachments_read: bool) -> Iterator[View]:
    """The attachments; where it was not read what carries a group, one for each interface with all of its groups."""
    if not attachments_read:
        interfaces: dict[str, list[GroupChange]] = {}
        for group in groups.values():
            if group.change.before is not None:
                interfaces.setdefault(group.change.interface, []).append(group.change)
        for interface, changes in interfaces.items():
            on = {change.name for change in changes}
            yield View(interface, groups, on, frozenset(change.name for change in changes if not change.delete))
        return
    old: dict[str, set[str]] = {}
    new: dict[str, set[str]] = {}
    for group in groups.values():
        change = group.change
        before = set(change.before.attached) if change.before else set()
        for name in before:
            old.setdefault(name, set()).add(change.name)
        for name in (before - set(change.detach)) | set(change.attach):
            new.setdefault(name, set()).add(change.name)
    for name in sorted(old.keys() | new.keys()):
        yield View(name, groups, old.get(name, set()), frozenset(new.get(name, ())))
