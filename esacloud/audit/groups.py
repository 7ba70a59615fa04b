"""The groups on one interface, combined as their cloud combines them, ready to be compared.

A reference to a group of the same interface is `self`, as in a policy. Groups that reference each other need no special
treatment: a reference is an opaque set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from esacloud.audit.intersection import Filter, filter_of, intersect
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.actual import ActualGroups
from esacloud.policy.model import Statement
from esacloud.policy.packets import SELF


@dataclass(frozen=True, slots=True)
class CombinedGroups:
    """The groups of one interface: every rule with its group's id, and the packets that pass."""

    groups: tuple[str, ...]
    rules: tuple[tuple[str, Statement], ...]
    packets: PacketSet
    unknown: tuple[str, ...]


def combine(actual: ActualGroups, ids: Iterable[str]) -> CombinedGroups:
    """The groups of one interface. Where every group has to permit a packet, each rule is cut to what the others permit."""
    by_id = {group.id: group for group in actual.groups}
    groups = {name: by_id[name] for name in ids}
    names = frozenset(filter(None, (*groups, *(group.name for group in groups.values()))))
    rules = [(name, _with_self(rule, names)) for name, group in groups.items() for rule in group.rules]
    if actual.together == "all" and len(groups) > 1:
        permitted = {name: filter_of(_boxes(rules, name)) for name in groups}
        rules = [(group, _cut(group, rule, permitted, actual)) for group, rule in rules]
    packets = PacketSet.of(box for _, rule in rules for box in rule.boxes)
    return CombinedGroups(
        tuple(groups), tuple(rules), packets, tuple(text for group in groups.values() for text in group.unknown)
    )


def _boxes(rules: Iterable[tuple[str, Statement]], name: str) -> Iterator[Box]:
    return (box for group, rule in rules if group == name for box in rule.boxes)


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
