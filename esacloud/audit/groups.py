"""The groups on each interface, counted together as their cloud counts them, ready to be compared.

A reference that names a group of the same interface is `self`, as in a policy. Groups that reference each other in a loop
need no care: a reference is a set that nobody looks into.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from esacloud.audit.model import Looked
from esacloud.errors import InputError, Place, Problem, nearest
from esacloud.packets import IPV4, IPV6, PacketSet
from esacloud.policy.actual import ActualGroup, ActualGroups, Statement
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
    packets = PacketSet.of(box for _, rule in own for box in rule.boxes)
    if actual.together == "all" and len(groups) > 1:
        for group in groups:
            packets &= PacketSet.of(box for name, rule in own if name == group.id for box in rule.boxes)
        own = [
            (name, Statement(rule.label, tuple((PacketSet.of(rule.boxes) & packets).boxes()), rule.roles, rule.place))
            for name, rule in own
        ]
    looked = Looked(interface, tuple(group.id for group in groups), len(own))
    return Together(looked, tuple(own), packets, tuple(said for group in groups for said in group.unknown))


def _with_self(rule: Statement, names: frozenset[str]) -> Statement:
    if all(box.realm in (IPV4, IPV6) or box.realm.partition(":")[2] not in names for box in rule.boxes):
        return rule
    boxes = tuple(box._replace(realm=SELF) if box.realm.partition(":")[2] in names else box for box in rule.boxes)
    return Statement(rule.label, boxes, rule.roles, rule.place)


def by_itself(actual: ActualGroups) -> dict[str, tuple[str, ...]]:
    """Interface -> groups, from the document alone: what it says is attached, and every other group for itself."""
    known = {group.id for group in actual.groups}
    attached = {name: tuple(one for one in ids if one in known) for name, ids in actual.attached.items()}
    found = {name: ids for name, ids in attached.items() if ids}
    on_one = {one for ids in found.values() for one in ids}
    return {**found, **{group.id: (group.id,) for group in actual.groups if group.id not in on_one}}


def for_interfaces(
    actual: ActualGroups, interfaces: Iterable[str], given: Mapping[str, tuple[str, ...]], place: Place
) -> dict[str, tuple[str, ...]]:
    """Interface of a deployment -> groups: as the user gives it, else as the groups' tags say, else the only one there is.

    Raises InputError for an interface without groups and for a group that the document does not have.
    """
    wanted = tuple(interfaces)
    names = _names(actual)
    problems = [_unknown("interface", name, wanted, place) for name in given if name not in wanted] + [
        _unknown("group", one, tuple(names), place) for ids in given.values() for one in ids if one not in names
    ]
    found: dict[str, tuple[str, ...]] = {}
    for interface in wanted:
        ids = tuple(names.get(one, one) for one in given.get(interface, ())) or _tagged(actual.groups, interface)
        if not ids and len(wanted) == len(actual.groups) == 1:
            ids = (actual.groups[0].id,)
        if not ids:
            what = f"Nothing says which groups are on the interface {interface}."
            problems.append(Problem(place, what, f"Add `--interface {interface}=GROUP[,GROUP...]`."))
        found[interface] = ids
    if problems:
        raise InputError(*problems)
    return found


def named(actual: ActualGroups, given: Mapping[str, tuple[str, ...]], place: Place) -> dict[str, tuple[str, ...]]:
    """The interfaces that the user names, with the ids of their groups. Raises InputError for a group that is not there."""
    names = _names(actual)
    problems = [_unknown("group", one, tuple(names), place) for ids in given.values() for one in ids if one not in names]
    if problems:
        raise InputError(*problems)
    return {interface: tuple(names[one] for one in ids) for interface, ids in given.items()}


def _names(actual: ActualGroups) -> dict[str, str]:
    """What a user may call a group, with its id: an id comes before another group's name."""
    return {
        **{group.name: group.id for group in actual.groups if group.name},
        **{group.id: group.id for group in actual.groups},
    }


def _tagged(groups: Iterable[ActualGroup], interface: str) -> tuple[str, ...]:
    return tuple(group.id for group in groups if group.interface == interface)


def _unknown(what: str, name: str, known: tuple[str, ...], place: Place) -> Problem:
    near = nearest(name, known)
    mend = f"Write {near} if that is meant." if near else f"There are {len(known)}: {', '.join(known[:5])}."
    return Problem(place, f"There is no {what} {name!r}.", mend)
