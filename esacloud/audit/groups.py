"""The groups on one interface, combined as their cloud combines them, ready to be compared.

A reference to a group of the same interface is `self`, as in a policy. Groups that reference each other need no special
treatment: a reference is an opaque set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from esacloud.audit.intersection import Filter, filter_of, intersect
from esacloud.audit.model import AuditedInterface
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.actual import ActualGroups, Statement
from esacloud.policy.packets import SELF


@dataclass(frozen=True, slots=True)
class InterfaceRules:
    """An interface with all of its groups: every rule with its group's id, and the packets that pass."""

    audited: AuditedInterface
    rules: tuple[tuple[str, Statement], ...]
    packets: PacketSet
    unknown: tuple[str, ...]


def combine(actual: ActualGroups, interface: str, ids: Iterable[str]) -> InterfaceRules:
    """The groups of one interface. Where every group has to permit a packet, each rule is cut to what the others permit."""
    by_id = {group.id: group for group in actual.groups}
    groups = [by_id[name] for name in ids]
    names = frozenset(name for group in groups for name in (group.id, group.name) if name)
    rules = [(group.id, _with_self(rule, names)) for group in groups for rule in group.rules]
    if actual.together == "all" and len(groups) > 1:
        rules = _cut_to_each_other(rules, actual, [group.id for group in groups])
    packets = PacketSet.of(box for _, rule in rules for box in rule.boxes)
    audited = AuditedInterface(interface, tuple(group.id for group in groups), len(rules))
    return InterfaceRules(audited, tuple(rules), packets, tuple(text for group in groups for text in group.unknown))


def _cut_to_each_other(
    rules: list[tuple[str, Statement]], actual: ActualGroups, groups: Iterable[str]
) -> list[tuple[str, Statement]]:
    boxes: dict[str, list[Box]] = {group: [] for group in groups}
    for group, rule in rules:
        boxes[group].extend(rule.boxes)
    filters = {group: filter_of(permitted) for group, permitted in boxes.items()}
    return [(group, _cut(group, rule, filters, actual)) for group, rule in rules]


def _cut(group: str, rule: Statement, filters: Mapping[str, Filter], actual: ActualGroups) -> Statement:
    """The part of a rule that the other groups permit too; `filters` is what each group permits."""
    boxes = rule.boxes
    for name, other in filters.items():
        if name != group:
            boxes = intersect(boxes, other, actual)
    return replace(rule, boxes=boxes)


def _with_self(rule: Statement, names: frozenset[str]) -> Statement:
    if not any(box.address_space.partition(":")[2] in names for box in rule.boxes):
        return rule
    boxes = (
        box._replace(address_space=SELF) if box.address_space.partition(":")[2] in names else box for box in rule.boxes
    )
    return replace(rule, boxes=tuple(boxes))
