"""States, changes, steps and plans: plain values that every live cloud reads and makes.

A `State` is either read from a cloud or desired by a deployment or a snapshot. Two rules are the same rule exactly when
their keys are equal, two groups when their names are. Nothing here knows a cloud: `native` is the cloud's own form of a
rule, a JSON value, and quotas are known by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from esacloud.packets.sets import Box, Direction, PacketSet
from esacloud.policy.lowered import QuotaUse

Unmanaged = Literal["report", "keep", "purge"]
GroupAction = Literal["create", "tag", "untag", "assign", "attach", "put", "delete"]
RuleAction = Literal["revoke_default", "add", "confirm", "describe", "replace", "remove"]
Action = GroupAction | RuleAction


@dataclass(frozen=True, slots=True)
class LiveRule:
    """One rule of a group.

    - `key`: what the rule permits, in the cloud's own words; the rule's identity, unique in its group.
    - `boxes`: the packets that it permits; none where it is not `supported`, that is, cannot be evaluated.
    - `managed`: whether its description is one that esacloud writes.
    - `counts`: its share of the group's quotas, by name.
    """

    key: str
    direction: Direction
    boxes: tuple[Box, ...]
    description: str
    native: Mapping[str, Any]
    rows: tuple[int, ...] = ()
    entries: tuple[str, ...] = ()
    managed: bool = True
    counts: tuple[tuple[str, int], ...] = ()
    supported: bool = True


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """A group of rules at one interface of the gateway.

    - `name`: its name in the deployment (`data1`, `data1-2`); `title`: its name in the cloud; `id`: None for a new group.
    - `attached`: its attachments, sorted.
    - `made_here`: whether `esacloud apply` made it, so that `destroy` may delete it.
    - `adopted`: whether the deployment file names it as a group that existed before.
    - `judge`: what its rules permit together, where that is not the union of their boxes: where the first match decides.
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

    def boxes(self) -> Iterable[Box]:
        """What the group permits."""
        return (box for rule in self.rules for box in rule.boxes) if self.judge is None else self.judge(self.rules).boxes()


@dataclass(frozen=True, slots=True)
class State:
    """All groups of one deployment in one scope of a cloud.

    - `scope`: where the groups are, enough to find them again: for AWS region and VPC.
    - `limits`: quota -> the limit for one group.
    - `attachments`: attachment -> the ids of all groups on it, in the cloud's order; None where it was not read.
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

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of everything that a plan depends on; independent of the order of groups and rules."""
        groups = []
        for group in sorted(self.groups, key=lambda group: group.name):
            rules = sorted([rule.key, rule.description] for rule in group.rules)
            groups.append([group.name, group.id, rules, dict(group.tags), list(group.attached)])
        return digest({"scope": dict(self.scope), "groups": groups})


@dataclass(frozen=True, slots=True)
class GroupChange:
    """The change of one group. `actual` is None for a new group, `desired` for one that is no longer desired.

    - `default_rules`: rules that the cloud gives to a new group, and that are revoked if they exist.
    - `kept`: rules that stay; `unmanaged`: those of them that esacloud did not make and the deployment does not ask for.
    - `describe`: pairs of a rule as it is and the same rule with its new description.
    """

    name: str
    interface: str
    actual: LiveGroup | None
    desired: LiveGroup | None
    add: tuple[LiveRule, ...] = ()
    remove: tuple[LiveRule, ...] = ()
    describe: tuple[tuple[LiveRule, LiveRule], ...] = ()
    default_rules: tuple[LiveRule, ...] = ()
    kept: tuple[LiveRule, ...] = ()
    unmanaged: tuple[LiveRule, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    untag: tuple[str, ...] = ()
    attach: tuple[str, ...] = ()
    detach: tuple[str, ...] = ()
    delete: bool = False

    def __bool__(self) -> bool:
        created_or_deleted = self.actual is None or self.delete
        rules = self.add or self.remove or self.describe
        return bool(created_or_deleted or rules or self.tags or self.untag or self.attach or self.detach)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The groups, by name, that one attachment gets and loses in one write."""

    attachment: str
    attach: tuple[str, ...]
    detach: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan, in as few calls as the cloud allows, safe to repeat.

    - `calls`: the API operations that it takes when nothing goes wrong; `reason`: why it is needed, where that is unusual.
    - `replaces`: for each of `rules` of a `replace`, the rule that is modified to become it.
    - `assignments`: those of an `assign`; `expects`: the keys of the rules that a group must have before it is attached.
    """

    action: Action
    group: str
    interface: str
    direction: Direction | None = None
    rules: tuple[LiveRule, ...] = ()
    attach: tuple[str, ...] = ()
    detach: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    reason: str = ""
    replaces: tuple[LiveRule, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    expects: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PacketChange:
    """The packets that a change newly permits, and no longer permits, at one interface."""

    interface: str
    opened: PacketSet
    closed: PacketSet


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """A change: from which state, to which state, in which steps.

    - `actual`: the state as read; `fingerprint`: its digest.
    - `desired`: what was asked for, to make another plan of; None to delete all groups.
    - `planned`: the state after the last step, which includes rules that are kept.
    - `quotas`: (actual, planned) for each quota of each group.
    - `notes`: what a person should know, unmanaged rules first.
    - `exact`: whether attachments and tags that are not desired are removed too.
    """

    actual: State
    desired: State | None
    planned: State
    fingerprint: str
    changes: tuple[GroupChange, ...]
    steps: tuple[Step, ...]
    packet_changes: tuple[PacketChange, ...]
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
        """Unmanaged rules that the change leaves in place, each with its group."""
        return tuple((change.name, rule) for change in self.changes for rule in change.unmanaged)

    @property
    def clean(self) -> bool:
        """Whether there is nothing to do and nothing to report."""
        return self.empty and not (self.unmanaged == "report" and self.left_unmanaged)


def quotas_taken(rules: Iterable[LiveRule]) -> dict[tuple[Direction, str], int]:
    """What the rules of one group use of its quotas, by direction and name."""
    taken: dict[tuple[Direction, str], int] = {}
    for rule in rules:
        for quota, share in rule.counts:
            taken[rule.direction, quota] = taken.get((rule.direction, quota), 0) + share
    return taken


def packets_of(groups: Iterable[LiveGroup]) -> dict[str, PacketSet]:
    """What groups permit, by interface; groups of one interface count together."""
    boxes: dict[str, list[Box]] = {}
    for group in groups:
        boxes.setdefault(group.interface, []).extend(group.boxes())
    return {interface: PacketSet.of(found) for interface, found in boxes.items()}


def digest(content: Any) -> str:
    """SHA-256, in hexadecimal, of a JSON value."""
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
