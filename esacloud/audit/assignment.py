"""Which groups count together: on each network interface of a document, and on each interface of a deployment.

All groups on an interface and on its subnet count, whoever made them. A group that was not read, on an interface with
groups that were, is reported and never skipped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from esacloud.errors import InputError, Place, Problem, did_you_mean
from esacloud.policy.actual import ActualGroup, ActualGroups

Assignment = Mapping[str, tuple[str, ...]]  # interface -> ids of its groups
_FEW = 5
_NO_GROUP = "the network interface and its subnet have no group; nothing filters its packets"
_NO_SUBNET = "the source does not name its subnet, whose group has to permit packets too"


class Attachments(NamedTuple):
    """Network interface -> ids of the groups that count there; `unknown` and `notes` as in `ActualGroups`."""

    groups: Assignment
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def attachments(actual: ActualGroups, relevant: Callable[[Collection[str]], bool] = any) -> Attachments:
    """The network interfaces with groups, on them or on their subnets, for which `relevant` of the groups' ids holds."""
    ids = [group.id for group in actual.groups]
    known = dict(zip(map(str.lower, ids), ids, strict=True)) | dict(zip(ids, ids, strict=True))
    found: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    without_group: list[str] = []
    without_subnet: list[str] = []
    for name in dict.fromkeys((*actual.attached, *actual.inside)):
        attached = _ids_on(actual, name)
        read = {group: known.get(group) or known.get(group.lower()) for group in attached}
        subnets = actual.inside.get(name, ())
        unread_subnets = [subnet for subnet in subnets if subnet.lower() not in actual.around]
        own = tuple(dict.fromkeys(filter(None, read.values())))
        if relevant(own):
            found[name] = own
            unknown += _unread(name, [group for group in attached if not read[group]], unread_subnets, actual)
            if actual.together == "all" and name not in actual.inside:
                without_subnet.append(name)
        elif subnets and not attached and not unread_subnets:
            without_group.append(name)
    return Attachments(found, tuple(unknown), (*_note(without_group, _NO_GROUP), *_note(without_subnet, _NO_SUBNET)))


def _ids_on(actual: ActualGroups, name: str) -> tuple[str, ...]:
    on_subnets = (group for subnet in actual.inside.get(name, ()) for group in actual.around.get(subnet.lower(), ()))
    return tuple(dict.fromkeys((*actual.attached.get(name, ()), *on_subnets)))


def _unread(name: str, groups: Iterable[str], subnets: Iterable[str], actual: ActualGroups) -> Iterator[str]:
    effect = f"what it {'permits' if actual.together == 'any' else 'denies'} is not counted"
    yield from (f"{name}: the group {group} is attached and was not read; {effect}" for group in groups)
    yield from (f"{name}: the group of its subnet {subnet} is unknown; {effect}" for subnet in subnets)


def _note(names: list[str], text: str) -> Iterator[str]:
    if names:
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        yield f"{', '.join(names[:_FEW])}{more}: {text}"


def by_itself(actual: ActualGroups, on: Attachments | None = None) -> Assignment:
    """Interface -> groups from the document alone: its attachments, and every other group as an interface of its own."""
    found = (on or attachments(actual)).groups
    attached = {group for ids in found.values() for group in ids}
    return {**found, **{group.id: (group.id,) for group in actual.groups if group.id not in attached}}


def for_interfaces(
    actual: ActualGroups, interfaces: Iterable[str], given: Assignment, place: Place, deployment: str | None = None
) -> Assignment:
    """Interface of a deployment -> groups: as the user gives them, else by the groups' tags, else the only group.

    Tags of another deployment than `deployment` are ignored. Raises InputError for an interface without groups and for a
    group that the document does not have.
    """
    known = tuple(interfaces)
    names = _names(actual)
    problems = [_unknown("interface", name, known, place) for name in given if name not in known]
    problems += _unknown_groups(given, names, place)
    found: dict[str, tuple[str, ...]] = {}
    for interface in known:
        ids = tuple(names.get(group, group) for group in given.get(interface, ()))
        ids = ids or _tagged(actual.groups, interface, deployment)
        if not ids and len(known) == len(actual.groups) == 1:
            ids = (actual.groups[0].id,)
        if not ids:
            message = f"The groups of the interface {interface} are unknown."
            problems.append(Problem(place, message, f"Add `--interface {interface}=GROUP[,GROUP...]`."))
        found[interface] = ids
    if problems:
        raise InputError(*problems)
    return found


def with_other_groups(on: Attachments, assignment: Assignment) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each interface of a deployment with every group of the network interfaces that have its groups.

    Returns label -> the deployment's interfaces there, and the ids of the groups. An interface whose groups are on no
    network interface stays as it is; one with different groups on several network interfaces occurs once for each.
    """
    found: dict[tuple[tuple[str, ...], frozenset[str]], tuple[str, tuple[str, ...]]] = {}
    for attachment, ids in on.groups.items():
        interfaces = tuple(name for name, own in assignment.items() if not set(own).isdisjoint(ids))
        if interfaces:
            found.setdefault((interfaces, frozenset(ids)), (attachment, ids))
    occurring = [interfaces for interfaces, _ in found]
    covered = {name for interfaces in occurring for name in interfaces}
    out: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        name: ((name,), ids) for name, ids in assignment.items() if name not in covered
    }
    for (interfaces, _), (attachment, ids) in found.items():
        label = " and ".join(interfaces)
        out[label if occurring.count(interfaces) == 1 else f"{label} ({attachment})"] = interfaces, ids
    return out


def named(actual: ActualGroups, given: Assignment, place: Place) -> Assignment:
    """The interfaces that the user names, with the ids of their groups. Raises InputError for an unknown group."""
    names = _names(actual)
    if problems := _unknown_groups(given, names, place):
        raise InputError(*problems)
    return {interface: tuple(names[group] for group in ids) for interface, ids in given.items()}


def _names(actual: ActualGroups) -> dict[str, str]:
    """What a user may call a group -> its id. An id takes precedence over another group's name."""
    by_name = {group.name: group.id for group in actual.groups if group.name}
    return by_name | {group.id: group.id for group in actual.groups}


def _tagged(groups: Iterable[ActualGroup], interface: str, deployment: str | None) -> tuple[str, ...]:
    return tuple(
        group.id
        for group in groups
        if group.interface == interface and (deployment is None or group.deployment in (None, deployment))
    )


def _unknown_groups(given: Assignment, names: Mapping[str, str], place: Place) -> list[Problem]:
    unknown = (group for ids in given.values() for group in ids if group not in names)
    return [_unknown("group", group, tuple(names), place) for group in unknown]


def _unknown(noun: str, name: str, known: tuple[str, ...], place: Place) -> Problem:
    hint = did_you_mean(name, known, f"There are {len(known)}: {', '.join(known[:_FEW])}.")
    return Problem(place, f"There is no {noun} {name!r}.", hint)
