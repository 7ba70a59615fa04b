"""What must hold of an account: the safety invariant for each network interface, and where runs have to end.

`Judge` knows one transition. An account is judged once; its facts are small numbers from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from explore.ec2 import Account, Rule
from explore.permits import Atoms, UnknownRuleError, named, names_of, permitted
from explore.strands import Program
from explore.transitions import OutsideChange, Transition, applied, destroyed

LOCK = "esacloud-lock"
EVERYWHERE = ("0.0.0.0/0", "::/0")
Sets = tuple[int, ...]  # of atoms, one for each network interface


class Facts(NamedTuple):
    """What is to be known of an account.

    - `content`: a number for all that is in it but locks and ids.
    - `permits`: what each network interface permits; None where a rule is of no state of the transition.
    - `begun`: network interfaces with a group on them that still has the egress it began with.
    - `locks`: ids of the groups that are locks.
    """

    content: int
    permits: Sets | None
    begun: tuple[str, ...]
    locks: tuple[str, ...]
    unknown: str = ""


class Bounds(NamedTuple):
    """What has to be permitted at each network interface, and what may be."""

    lower: Sets
    upper: Sets

    def joined(self, other: Sets) -> Bounds:
        """With one more state in play."""
        lower = tuple(one & two for one, two in zip(self.lower, other, strict=True))
        return Bounds(lower, tuple(one | two for one, two in zip(self.upper, other, strict=True)))


class Judge:
    """The judgement of accounts in one transition, whose programs have to end at `targets`."""

    def __init__(
        self, transition: Transition, start: Account, programs: Sequence[Program], restored: Account | None
    ) -> None:
        self.transition, self.start = transition, start
        self.targets = [self._target(program, restored) for program in programs]
        known = [start, *self.targets]
        rules = [named(rule, names_of(one)) for one in known for group in one.groups for rule in group.rules]
        rules += [rule for outside in transition.outside for rule in (*outside.opens, *outside.closes)]
        self.atoms = Atoms(rules)
        self.interfaces = (*(name for name, _ in start.attached), *transition.virtual)
        self.strangers = {name: [one for one in groups if _is_strange(start, one)] for name, groups in start.attached}
        self._contents: dict[Any, int] = {}
        self._begins = {
            group.name for one in known for group in one.groups if any(_is_everything(rule) for rule in group.rules)
        }

    def _target(self, program: Program, restored: Account | None) -> Account:
        if self.transition.refused:
            return self.start
        if program.kind == "restore":
            assert restored is not None
            return restored
        return applied(self.start, program) if program.kind == "apply" else destroyed(self.start)

    def facts(self, account: Account) -> Facts:
        """The facts of an account."""
        names = names_of(account)
        begun = tuple(
            f"{name} carries {names[one]}"
            for name, groups in account.attached
            for one in groups
            if names[one] not in self._begins and any(map(_is_everything, account.group(one).rules))
        )
        locks = tuple(group.id for group in account.groups if group.name.startswith(LOCK))
        try:
            permits: Sets | None = self.permits(account)
            unknown = ""
        except UnknownRuleError as error:
            permits, unknown = None, str(error)
        return Facts(self.content(account), permits, begun, locks, unknown)

    def permits(self, account: Account) -> Sets:
        """What each network interface permits. Raises UnknownRuleError."""
        ids = {group.name: group.id for group in account.groups}
        thought = [(name, [ids[one] for one in groups if one in ids]) for name, groups in self.transition.virtual.items()]
        found = permitted(account, self.atoms, [*account.attached, *thought])
        return tuple(found.get(name, 0) for name in self.interfaces)

    def content(self, account: Account) -> int:
        """A number that two accounts share exactly when nothing but ids and locks tells them apart."""
        value = content(account)
        return self._contents.setdefault(value, len(self._contents))

    def ends(self, number: int, outside: OutsideChange | None, met: bool) -> frozenset[int]:
        """The contents with which a program may end, where somebody else did something, `met` while it was at work."""
        target = self.targets[number]
        found = {self.content(target)}
        if outside is not None:
            changed = outside.do(target)
            if changed is not None and (met or outside.puts or self._leaves(number)):
                found.add(self.content(changed))
        return frozenset(found)

    def _leaves(self, number: int) -> bool:
        """Whether what is outside is left alone. An apply that purges, and a restore, take it away."""
        return self.transition.program.unmanaged != "purge"

    def bounds(self, account: Account) -> Bounds:
        """The bounds of a sequence of runs that begins here."""
        permits = self.permits(account)
        return Bounds(permits, permits)

    def widened(self, bounds: Bounds, outside: OutsideChange) -> Bounds:
        """The bounds, less what somebody else answers for."""
        opened = closed = 0
        for rule in outside.opens:
            opened |= self.atoms.mask(rule)
        for rule in outside.closes:
            closed |= self.atoms.mask(rule)
        return Bounds(tuple(one & ~closed for one in bounds.lower), tuple(one | opened for one in bounds.upper))

    def violations(self, account: Account, facts: Facts, bounds: Bounds) -> list[str]:
        """What of the account is outside of the invariant."""
        if facts.permits is None:
            return [f"a rule that no state has: {facts.unknown}"]
        found = []
        for name, now, lower, upper in zip(self.interfaces, facts.permits, *bounds, strict=True):
            if now & ~upper:
                found.append(f"{name} is too open: {self.atoms.words(now & ~upper)}")
            if lower & ~now:
                found.append(f"{name} is too closed: {self.atoms.words(lower & ~now)}")
        found += (f"{one}, which still permits all egress" for one in facts.begun)
        attached = dict(account.attached)
        for name, groups in self.strangers.items():
            found += (f"{one} of somebody else is off {name}" for one in groups if one not in attached.get(name, ()))
        return found

    def difference(self, account: Account, number: int) -> str:
        """In what an account is not what a program has to end at."""
        have, want = content(account), content(self.targets[number])
        lines = [f"surplus: {_shown(one)}" for one in _flat(have) - _flat(want)]
        lines += [f"missing: {_shown(one)}" for one in _flat(want) - _flat(have)]
        return "; ".join(sorted(lines)[:6])


def content(account: Account) -> tuple[Any, ...]:
    """All that is in an account but locks and ids."""
    names = names_of(account)
    groups = tuple(
        sorted(
            (
                group.name,
                group.description,
                group.tags,
                tuple(sorted(tuple(map(str, named(rule, names)[:7])) for rule in group.rules)),
            )
            for group in account.groups
            if not group.name.startswith(LOCK)
        )
    )
    attached = tuple((name, tuple(sorted(names[one] for one in ids))) for name, ids in account.attached)
    return groups, attached


def _flat(value: tuple[Any, ...]) -> set[tuple[str, ...]]:
    groups, attached = value
    flat: set[tuple[str, ...]] = {("group", name) for name, *_ in groups}
    flat |= {("tag", name, *tag) for name, _, tags, _ in groups for tag in tags}
    flat |= {("rule", name, *rule) for name, _, _, rules in groups for rule in rules}
    return flat | {("on", name, one) for name, ids in attached for one in ids}


def _shown(one: Sequence[str]) -> str:
    if one[0] == "rule":
        _, name, egress, protocol, first, last, _, source, description = one
        side = "egress" if egress == "True" else "ingress"
        return f"{name} {side} {protocol}/{first}-{last} {source} ({description})"
    return " ".join(one)


def _is_everything(rule: Rule) -> bool:
    return rule.egress and rule.protocol == "-1" and rule.source in EVERYWHERE


def _is_strange(account: Account, group: str) -> bool:
    tags: Mapping[str, str] = dict(account.group(group).tags)
    return "esacloud:deployment" not in tags
