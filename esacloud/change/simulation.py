"""The groups and attachments of a change while it is simulated: rules now, rules to add and remove, packets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from esacloud.change.model import GroupChange, LiveRule, RuleAction, Step, quotas_taken
from esacloud.packets.sets import Box, Direction, PacketSet

DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")


@dataclass
class SimulatedGroup:
    """A group: the `rules` it has now, by key; rules still to `add` and to `remove`; keys of `confirmed` rules."""

    change: GroupChange
    limits: Mapping[str, int]
    add: dict[Direction, list[LiveRule]] = field(init=False)
    remove: dict[Direction, list[LiveRule]] = field(init=False)

    def __post_init__(self) -> None:
        change = self.change
        existing = change.default_rules if change.actual is None else change.actual.rules
        removed = {rule.key for rule in (*change.remove, *change.default_rules)}
        self.rules = {rule.key: rule for rule in existing}
        self.used = quotas_taken(existing)
        self.add = _by_direction(change.add)
        self.remove = _by_direction(rule for rule in existing if rule.key in removed)
        self.confirmed = {rule.key for rule in change.add}

    @property
    def name(self) -> str:
        """Its name in the deployment."""
        return self.change.name

    @property
    def complete(self) -> bool:
        """Whether it has all desired rules."""
        return not any(self.add.values())

    @cached_property
    def desired(self) -> tuple[LiveRule, ...]:
        """Its rules at the end."""
        return () if self.change.delete else (*self.change.kept, *self.change.add)

    @property
    def surplus(self) -> list[LiveRule]:
        """Rules that are still to be removed."""
        return [rule for rules in self.remove.values() for rule in rules]

    @property
    def staying(self) -> list[LiveRule]:
        """Rules that it has and keeps."""
        removed = {rule.key for rule in self.surplus}
        return [] if self.change.delete else [rule for rule in self.rules.values() if rule.key not in removed]

    def boxes(self, rules: Iterable[LiveRule] | None = None) -> Iterator[Box]:
        """What rules permit, by default those it has now. `self` means other addresses at every interface."""
        for rule in self.rules.values() if rules is None else rules:
            for box in rule.boxes:
                yield box._replace(address_space=f"self:{self.change.interface}") if box.address_space == "self" else box

    def packets(self, rules: Iterable[LiveRule] | None = None) -> PacketSet:
        """The same as a set."""
        return PacketSet.of(self.boxes(rules))

    def put(self, rule: LiveRule) -> None:
        """Add a rule."""
        self.rules[rule.key] = rule
        self._count(rule, 1)

    def drop(self, rule: LiveRule) -> None:
        """Remove a rule."""
        del self.rules[rule.key]
        self._count(rule, -1)

    def _count(self, rule: LiveRule, sign: int) -> None:
        for quota, share in rule.counts:
            self.used[rule.direction, quota] = self.used.get((rule.direction, quota), 0) + sign * share

    def fits(self, rule: LiveRule) -> bool:
        """Whether the quotas have room for a rule."""
        return all(
            self.used.get((rule.direction, quota), 0) + share <= self.limits.get(quota, share)
            for quota, share in rule.counts
        )

    def add_fitting(self, direction: Direction) -> list[LiveRule]:
        """Add the waiting rules that fit, one after the other, and return them."""
        added: list[LiveRule] = []
        waiting: list[LiveRule] = []
        for rule in self.add[direction]:
            fits = self.fits(rule)
            (added if fits else waiting).append(rule)
            if fits:
                self.put(rule)
        self.add[direction] = waiting
        return added

    def has_room(self, rules: Iterable[LiveRule]) -> bool:
        """Whether the quotas have room for all of these rules together."""
        used, fits = dict(self.used), True
        for rule in rules:
            fits = fits and self.fits(rule)
            self._count(rule, 1)
        self.used = used
        return fits

    def step(self, action: RuleAction, direction: Direction, rules: Iterable[LiveRule], reason: str = "") -> Step:
        """A step about rules of this group."""
        return Step(action, self.name, self.change.interface, direction, tuple(rules), reason=reason)


def _by_direction(rules: Iterable[LiveRule]) -> dict[Direction, list[LiveRule]]:
    found: dict[Direction, list[LiveRule]] = {direction: [] for direction in DIRECTIONS}
    for rule in rules:
        found[rule.direction].append(rule)
    return found


@dataclass
class SimulatedAttachment:
    """One attachment: the names of the groups on it now, and at the end.

    `needed` is what both states permit here, `allowed` what either does.
    """

    name: str
    groups: Mapping[str, SimulatedGroup]
    current: set[str]
    desired: frozenset[str]

    def __post_init__(self) -> None:
        old = PacketSet.of(box for name in self.current for box in self.groups[name].boxes())
        new = PacketSet.of(box for name in self.desired for box in self.groups[name].boxes(self.groups[name].desired))
        self.needed, self.allowed = old & new, old | new

    @property
    def coming(self) -> tuple[str, ...]:
        """Groups that are still to be attached."""
        return tuple(sorted(self.desired - self.current))

    @property
    def leaving(self) -> tuple[str, ...]:
        """Groups that are still to be detached."""
        return tuple(sorted(self.current - self.desired))

    @property
    def settled(self) -> bool:
        """Whether all that is permitted at the end is in effect, so that everything else may be removed."""
        return self.desired <= self.current and all(self.groups[name].complete for name in self.desired)

    def holds(self, without: Iterable[str] = ()) -> bool:
        """Whether it still permits all that is needed, also without these groups."""
        staying = self.current.difference(without)
        return self.needed <= PacketSet.of(box for name in staying for box in self.groups[name].boxes())


def attachments(groups: Mapping[str, SimulatedGroup], attachments_read: bool) -> Iterator[SimulatedAttachment]:
    """The attachments; where they were not read, one for each interface, with all of its groups."""
    current: dict[str, set[str]] = {}
    desired: dict[str, set[str]] = {}
    for group in groups.values():
        old, new = _attached(group.change) if attachments_read else _assumed(group.change)
        for names, side in ((old, current), (new, desired)):
            for name in names:
                side.setdefault(name, set()).add(group.name)
    for name in sorted(current.keys() | desired.keys()) if attachments_read else current:
        yield SimulatedAttachment(name, groups, current.get(name, set()), frozenset(desired.get(name, ())))


def _attached(change: GroupChange) -> tuple[set[str], set[str]]:
    """The attachments of a group before and after its change."""
    old = set(change.actual.attached) if change.actual else set()
    return old, (old - set(change.detach)) | set(change.attach)


def _assumed(change: GroupChange) -> tuple[set[str], set[str]]:
    old = set() if change.actual is None else {change.interface}
    return old, set() if change.delete else old
