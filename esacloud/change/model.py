"""What is there, what shall be, and what lies between: plain values that every live cloud reads and makes.

A `State` is both: one that was read from a cloud, and one that a deployment or a snapshot asks for. Rules are the same rule
exactly when their keys are equal; groups when their names are. Nothing here knows a cloud: `native` is the cloud's own form
of a rule, a JSON value, and what quotas count is told by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from esacloud.packets.sets import Box, Direction, PacketSet
from esacloud.policy.lowered import QuotaUse

Unmanaged = Literal["report", "keep", "purge"]
Action = Literal[
    "create",
    "tag",
    "revoke_default",
    "add",
    "confirm",
    "assign",
    "attach",
    "describe",
    "remove",
    "replace",
    "delete",
    "untag",
    "put",
]


@dataclass(frozen=True, slots=True)
class LiveRule:
    """One rule of a group.

    - `key`: what the rule permits in the cloud's own words; unique in its group, and the rule's identity.
    - `boxes`: the packets that it permits; none where `judged` is False: a rule that is not understood.
    - `ours`: whether its description is one that esacloud writes.
    - `counts`: what it takes of the group's quotas, by name.
    """

    key: str
    direction: Direction
    boxes: tuple[Box, ...]
    description: str
    native: Mapping[str, Any]
    rows: tuple[int, ...] = ()
    entries: tuple[str, ...] = ()
    ours: bool = True
    counts: tuple[tuple[str, int], ...] = ()
    judged: bool = True


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """A group of rules at one interface of the gateway.

    - `name`: its name in the deployment (`data1`, `data1-2`); `title`: its name in the cloud; `id`: None where it has none.
    - `attached`: what carries it, sorted: as read, or as asked for.
    - `made_here`: whether `esacloud apply` made it, so that `destroy` may delete it.
    - `adopted`: whether the deployment file names it to be taken over.
    - `judge`: what rules permit together, where that is not the sum of their boxes: where the first match decides.
    """

    name: str
    interface: str
    title: str
    description: str
    rules: tuple[LiveRule, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    id: str | None = None
    made_here: bool = True
    adopted: bool = False
    judge: Callable[[tuple[LiveRule, ...]], PacketSet] | None = field(default=None, compare=False, repr=False)

    def packets(self) -> PacketSet:
        """What the group permits."""
        if self.judge is not None:
            return self.judge(self.rules)
        return PacketSet.of(box for rule in self.rules for box in rule.boxes)


@dataclass(frozen=True, slots=True)
class State:
    """All groups of one deployment in one place of a cloud.

    - `scope`: where that is, enough to find it again: for AWS region and VPC.
    - `limits`: quota -> how much one group has of it.
    - `attachments`: for what is attached, the ids of every group on it in the cloud's order; None where it was not read.
    - `notes`: what a person should know about it.
    """

    cloud: str
    deployment: str
    scope: Mapping[str, str]
    groups: tuple[LiveGroup, ...]
    limits: Mapping[str, int]
    attachments: Mapping[str, tuple[str, ...]] | None = None
    notes: tuple[str, ...] = ()

    def packets(self) -> dict[str, PacketSet]:
        """What the groups permit, by interface."""
        return packets_of(self.groups)


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What happens to one group. `before` is None for one to be made, `after` for one to go.

    `begins` are rules that the cloud gives to a new group and that go, if they are there. `stays` are rules left alone;
    `unmanaged` those among them that esacloud did not make and the deployment does not ask for.
    `describe` pairs a rule as it is with the same rule under its new description.
    """

    name: str
    interface: str
    before: LiveGroup | None
    after: LiveGroup | None
    add: tuple[LiveRule, ...] = ()
    remove: tuple[LiveRule, ...] = ()
    describe: tuple[tuple[LiveRule, LiveRule], ...] = ()
    begins: tuple[LiveRule, ...] = ()
    stays: tuple[LiveRule, ...] = ()
    unmanaged: tuple[LiveRule, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    untag: tuple[str, ...] = ()
    attach: tuple[str, ...] = ()
    detach: tuple[str, ...] = ()
    delete: bool = False

    def __bool__(self) -> bool:
        made_or_gone = self.before is None or self.delete
        rules = self.add or self.remove or self.describe
        return bool(made_or_gone or rules or self.tags or self.untag or self.attach or self.detach)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The groups, by name, that one attachment gets and loses in one write."""

    attachment: str
    attach: tuple[str, ...]
    detach: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in as few calls as the cloud allows, safe to do again.

    `replaces` has, for each of `rules` of a `replace`, the rule that turns into it. `assignments` are those of an `assign`,
    and `expects` the keys of the rules that each group has to have before something gets it. `calls` names the API
    operations that it takes when nothing goes wrong; `why` says what is unusual about it.
    """

    action: Action
    group: str
    interface: str
    direction: Direction | None = None
    rules: tuple[LiveRule, ...] = ()
    attach: tuple[str, ...] = ()
    detach: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    why: str = ""
    replaces: tuple[LiveRule, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    expects: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a change means in packets at one interface."""

    interface: str
    opened: PacketSet
    closed: PacketSet


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """A change, whole: from where, to where, in which steps.

    - `before`: the state as read; `fingerprint` is its digest.
    - `desired`: what was asked for, of which another plan can be made; None for no group at all.
    - `after`: the state at the end, rules that are left alone included.
    - `quotas`: (before, after) for each quota of each group.
    - `notes`: what a person should know, foreign rules first.
    - `exact`: whether attachments and tags that the state at the end does not have are undone too.
    """

    before: State
    desired: State | None
    after: State
    fingerprint: str
    changes: tuple[GroupChange, ...]
    steps: tuple[Step, ...]
    openings: tuple[Opening, ...]
    quotas: tuple[tuple[QuotaUse, QuotaUse], ...]
    notes: tuple[str, ...]
    unmanaged: Unmanaged
    exact: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    @property
    def left_unmanaged(self) -> tuple[tuple[str, LiveRule], ...]:
        """Foreign rules that the change leaves in place, each with its group."""
        return tuple((change.name, rule) for change in self.changes for rule in change.unmanaged)

    @property
    def clean(self) -> bool:
        """Whether there is nothing to do and nothing to report."""
        return self.empty and not (self.unmanaged == "report" and self.left_unmanaged)


def quotas_taken(rules: Iterable[LiveRule]) -> dict[tuple[Direction, str], int]:
    """What rules of one group take of its quotas, by direction and name."""
    taken: dict[tuple[Direction, str], int] = {}
    for rule in rules:
        for quota, share in rule.counts:
            taken[rule.direction, quota] = taken.get((rule.direction, quota), 0) + share
    return taken


def packets_of(groups: Iterable[LiveGroup]) -> dict[str, PacketSet]:
    """What groups permit, by interface; groups of one interface count together."""
    boxes: dict[str, list[Box]] = {}
    for group in groups:
        of_it = boxes.setdefault(group.interface, [])
        of_it.extend(group.packets().boxes() if group.judge else (box for rule in group.rules for box in rule.boxes))
    return {interface: PacketSet.of(of_it) for interface, of_it in boxes.items()}
