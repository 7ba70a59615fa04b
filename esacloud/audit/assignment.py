"""Which groups count together: on each network interface of a document, and on each interface of a deployment.

What is on an interface and on the subnet around it counts, whoever put it there. A group of which nothing is known, on an
interface of which something is, is said and not passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from esacloud.errors import InputError, Place, Problem, nearest
from esacloud.policy.actual import ActualGroup, ActualGroups

Placed = dict[str, tuple[str, ...]]
_UNCOUNTED = {"any": "what it permits is not counted", "all": "what it denies is not counted"}
_FEW = 5
_BARE = (
    "neither it nor its subnet has a group, and nothing filters its packets",
    "neither they nor their subnets have a group, and nothing filters their packets",
)
_HOMELESS = (
    "nothing says which subnet it is in, whose group would have to permit too",
    "nothing says which subnets they are in, whose groups would have to permit too",
)


class Attachments(NamedTuple):
    """Network interface -> ids of the groups that count there; `unknown` and `notes` as in `ActualGroups`."""

    groups: Placed
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def attachments(actual: ActualGroups, desired: Callable[[Collection[str]], bool] = any) -> Attachments:
    """The network interfaces that carry groups, or whose subnets do, as far as `desired` says of these groups' ids."""
    known = {group.id.lower(): group.id for group in actual.groups} | {group.id: group.id for group in actual.groups}
    found: Placed = {}
    unknown: list[str] = []
    bare: list[str] = []
    homeless: list[str] = []
    lost = _UNCOUNTED[actual.together]
    for name in dict.fromkeys((*actual.attached, *actual.inside)):
        places = actual.inside.get(name, ())
        around = [one for place in places for one in actual.around.get(place.lower(), ())]
        ids = dict.fromkeys((*actual.attached.get(name, ()), *around))
        there = tuple(dict.fromkeys(known.get(one) or known.get(one.lower()) or "" for one in ids))
        unseen = [place for place in places if place.lower() not in actual.around]
        if desired(there):
            found[name] = tuple(filter(None, there))
            missing = [one for one in ids if one not in known and one.lower() not in known]
            unknown += (f"{name}: the group {one} is on it and was not read; {lost}" for one in missing)
            unknown += (f"{name}: nothing says which group is on its subnet {place}; {lost}" for place in unseen)
            if actual.together == "all" and name not in actual.inside:
                homeless.append(name)
        elif places and not ids and not unseen:
            bare.append(name)
    return Attachments(found, tuple(unknown), (*_said(bare, *_BARE), *_said(homeless, *_HOMELESS)))


def _said(names: list[str], of_one: str, of_several: str) -> tuple[str, ...]:
    if not names:
        return ()
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return (f"{', '.join(names[:_FEW])}{more}; {of_one if len(names) == 1 else of_several}",)


def by_itself(actual: ActualGroups, on: Attachments | None = None) -> Placed:
    """Interface -> groups, from the document alone: what it says is attached, and every other group for itself."""
    found = (on or attachments(actual)).groups
    on_one = {one for ids in found.values() for one in ids}
    return {**found, **{group.id: (group.id,) for group in actual.groups if group.id not in on_one}}


def for_interfaces(
    actual: ActualGroups,
    interfaces: Iterable[str],
    given: Mapping[str, tuple[str, ...]],
    place: Place,
    deployment: str | None = None,
) -> Placed:
    """Interface of a deployment -> groups: as the user gives it, else as the groups' tags say, else the only one there is.

    Tags of another deployment than `deployment` say nothing. Raises InputError for an interface without groups and for a
    group that the document does not have.
    """
    desired = tuple(interfaces)
    names = _names(actual)
    problems = [_unknown("interface", name, desired, place) for name in given if name not in desired] + [
        _unknown("group", one, tuple(names), place) for ids in given.values() for one in ids if one not in names
    ]
    found: Placed = {}
    for interface in desired:
        ids = tuple(names.get(one, one) for one in given.get(interface, ()))
        ids = ids or _tagged(actual.groups, interface, deployment)
        if not ids and len(desired) == len(actual.groups) == 1:
            ids = (actual.groups[0].id,)
        if not ids:
            message = f"Nothing says which groups are on the interface {interface}."
            problems.append(Problem(place, message, f"Add `--interface {interface}=GROUP[,GROUP...]`."))
        found[interface] = ids
    if problems:
        raise InputError(*problems)
    return found


def with_the_others(on: Attachments, placed: Placed) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each interface of a deployment with all that is on the network interfaces of its groups, and not with these alone.

    Gives what to call it -> the deployment's interfaces there, and the ids of the groups. An interface whose groups are on
    no network interface stands as it is; one whose network interfaces differ stands once for each.
    """
    found: dict[tuple[tuple[str, ...], frozenset[str]], tuple[str, tuple[str, ...]]] = {}
    for attachment, ids in on.groups.items():
        here = tuple(name for name, own in placed.items() if not set(own).isdisjoint(ids))
        if here:
            found.setdefault((here, frozenset(ids)), (attachment, ids))
    told = [here for here, _ in found]
    out = {}
    for (here, _), (attachment, ids) in found.items():
        name = " and ".join(here)
        out[name if told.count(here) == 1 else f"{name} ({attachment})"] = here, ids
    covered = {name for here in told for name in here}
    return {**{name: ((name,), ids) for name, ids in placed.items() if name not in covered}, **out}


def named(actual: ActualGroups, given: Mapping[str, tuple[str, ...]], place: Place) -> Placed:
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


def _tagged(groups: Iterable[ActualGroup], interface: str, deployment: str | None) -> tuple[str, ...]:
    return tuple(
        group.id
        for group in groups
        if group.interface == interface and (deployment is None or group.deployment in (None, deployment))
    )


def _unknown(message: str, name: str, known: tuple[str, ...], place: Place) -> Problem:
    near = nearest(name, known)
    hint = f"Write {near} if that is meant." if near else f"There are {len(known)}: {', '.join(known[:_FEW])}."
    return Problem(place, f"There is no {message} {name!r}.", hint)
