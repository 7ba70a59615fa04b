"""The groups on each interface, counted together as their cloud counts them, ready to be compared.

A reference that names a group of the same interface is `self`, as in a policy. Groups that reference each other in a loop
need no care: a reference is a set that nobody looks into.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from esacloud.audit.intersection import Filter, filter_of, meet
from esacloud.audit.model import Looked
from esacloud.packets.sets import IPV4, IPV6, PacketSet
from esacloud.policy.actual import ActualGroups
from esacloud.policy.model import Statement
from esacloud.policy.packets import SELF


@dataclass(frozen=True, slots=True)
class Together:
    """An interface with all of its groups: every rule with its group's id, and the packets that pass."""

    looked: Looked
    rules: tuple[tuple[str, Statement], ...]
    packets: PacketSet
    unknown: tuple[str, ...]


def put_together(actual: ActualGroups, interface: str, ids: Iterable[str]) -> Together:
    """The groups of one interface. Where all of them have to permit a packet, a rule keeps what the others let through."""
    by_id = {group.id: group for group in actual.groups}
    groups = [by_id[name] for name in ids]
    names = frozenset(name for group in groups for name in (group.id, group.name) if name)
    own = [(group.id, _with_self(rule, names)) for group in groups for rule in group.rules]
    if actual.together == "all" and len(groups) > 1:
        passing = {one.id: filter_of(box for name, rule in own if name == one.id for box in rule.boxes) for one in groups}
        own = [(name, _let_through(name, rule, passing, actual)) for name, rule in own]
    packets = PacketSet.of(box for _, rule in own for box in rule.boxes)
    looked = Looked(interface, tuple(group.id for group in groups), len(own))
    return Together(looked, tuple(own), packets, tuple(said for group in groups for said in group.unknown))


def _let_through(group: str, rule: Statement, passing: Mapping[str, Filter], actual: ActualGroups) -> Statement:
    """What the other groups leave of a rule; `passing` is what each of them permits."""
    boxes = rule.boxes
    for other, theirs in passing.items():
        if other != group:
            boxes = meet(boxes, theirs, actual)
    return Statement(rule.label, boxes, rule.roles, rule.place)


def _with_self(rule: Statement, names: frozenset[str]) -> Statement:
    if all(box.address_space in (IPV4, IPV6) or box.address_space.partition(":")[2] not in names for box in rule.boxes):
        return rule
    boxes = tuple(
        box._replace(address_space=SELF) if box.address_space.partition(":")[2] in names else box for box in rule.boxes
    )
    return Statement(rule.label, boxes, rule.roles, rule.place)
