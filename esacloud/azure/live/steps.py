"""The steps of a change on Azure, and what is checked before the first.

The safety invariant holds because Azure writes a whole group atomically with one request, so that there is only the old and
the new. Rules that this module obeys: what rules refer to is created before them and deleted after them; a new group has
all its rules before it is attached; a group is detached before it is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from esacloud.azure.checks import quota_uses
from esacloud.azure.limits import Limits
from esacloud.azure.live.documents import ENDED, SUCCEEDED, Document, state_of
from esacloud.azure.live.read import Seen
from esacloud.azure.live.rules import security_rule
from esacloud.azure.live.scope import GROUPS, INTERFACES, MEMBERS, Scope, is_members, parse_id
from esacloud.azure.model import NetworkSecurityGroup
from esacloud.change.model import GroupChange, LiveGroup, LiveRule, State, Step
from esacloud.errors import InputError, Problem
from esacloud.policy.lowered import QuotaUse

AGAIN = "Azure says that its last change "


def ordered(changes: Iterable[GroupChange], after: State, seen: Seen) -> tuple[Step, ...]:
    """The steps, each with its requests when nothing fails, except for polls of operations."""
    changes = tuple(changes)
    security = [change for change in changes if not is_members(change.name)]
    members = [change for change in changes if is_members(change.name)]
    phases = (
        *(_create(change, seen) for change in members),
        *(_join(change, security) for change in members),
        *(_write(change, seen) for change in security),
        *(_attach(change, after, seen) for change in security),
        *(_delete(change) for change in security),
        *(_delete(change, detached=_detached(change, security)) for change in members),
    )
    return tuple(chain.from_iterable(phases))


def _create(change: GroupChange, seen: Seen) -> Iterator[Step]:
    calls = (f"{MEMBERS}/write", f"{MEMBERS}/read")
    if change.actual is None:
        yield Step("create", change.name, change.interface, calls=calls)
    elif not change.delete and (change.tags or change.untag):
        yield Step("tag", change.name, change.interface, calls=calls)
    elif not change.delete and (why := _unsettled(_document(change, seen))):
        yield Step("tag", change.name, change.interface, calls=calls, reason=why)


def _join(change: GroupChange, security: Iterable[GroupChange]) -> Iterator[Step]:
    """Network interfaces that join and also get the security group are written only once, when they get that."""
    later = {one for other in security if other.interface == change.interface for one in other.attach}
    if joining := tuple(one for one in change.attach if one not in later):
        yield Step("attach", change.name, change.interface, attach=joining, calls=_calls(joining))


def _write(change: GroupChange, seen: Seen) -> Iterator[Step]:
    calls = (f"{GROUPS}/write", f"{GROUPS}/read")
    rules = change.add or change.remove or change.describe
    if change.delete:
        return
    if change.actual is None or rules or change.tags or change.untag:
        yield Step("put", change.name, change.interface, rules=(*change.add, *change.remove), calls=calls)
    elif change.desired is not None and (why := _unsettled(_document(change, seen))):
        yield Step("put", change.name, change.interface, calls=calls, reason=why)


def _attach(change: GroupChange, after: State, seen: Seen) -> Iterator[Step]:
    if change.attach:
        yield Step("attach", change.name, change.interface, attach=change.attach, calls=_calls(change.attach))
    desired = {one for group in after.groups if group.name == change.name for one in group.attached}
    for one, document in seen.attachments.items():
        if one in desired and one not in change.attach and (why := _unsettled(document)):
            yield Step("attach", change.name, change.interface, attach=(one,), calls=_calls((one,)), reason=why)
    if change.detach and not change.delete:
        yield Step("attach", change.name, change.interface, detach=change.detach, calls=_calls(change.detach, read=True))


def _detached(change: GroupChange, security: Iterable[GroupChange]) -> set[str]:
    """Network interfaces that leave an application security group when its security group is detached to be deleted."""
    deleted = (other for other in security if other.interface == change.interface and other.delete and change.delete)
    return {one for other in deleted for one in other.detach}


def _delete(change: GroupChange, detached: Collection[str] = ()) -> Iterator[Step]:
    kind = MEMBERS if is_members(change.name) else GROUPS
    attached = tuple(one for one in change.detach if one not in detached)
    if attached and (change.delete or kind == MEMBERS):
        yield Step("attach", change.name, change.interface, detach=attached, calls=_calls(attached, read=True))
    if change.delete:
        yield Step("delete", change.name, change.interface, calls=(f"{kind}/delete",))


def _document(change: GroupChange, seen: Seen) -> Document | None:
    return seen.groups.get((change.actual.id or "").lower()) if change.actual else None


def _unsettled(document: Document | None) -> str:
    """Why a resource that is as desired must be written again: its last change runs or has failed. Otherwise ""."""
    state = state_of(document) if document is not None else SUCCEEDED
    if state == SUCCEEDED:
        return ""
    return AGAIN + ENDED.get(state, f"is still running ({state})")


def _calls(ids: Iterable[str], *, read: bool = False) -> tuple[str, ...]:
    """An attachment is written, and read at the end; one that was not read before is read first."""
    kinds = [parse_id(one).kind for one in ids]
    return tuple(f"{kind}/{verb}" for kind in kinds for verb in (("read", "write", "read") if read else ("write", "read")))


def quotas(state: State) -> tuple[QuotaUse, ...]:
    """How much of Azure's limits the groups of a state use."""
    groups = (
        NetworkSecurityGroup(group.name, tuple(security_rule(rule.native) for rule in group.rules))
        for group in state.groups
        if not is_members(group.name)
    )
    return tuple(quota_uses(groups, Limits(**state.limits)))


def check_after(changes: Iterable[GroupChange], after: State, seen: Seen, where: Scope) -> None:
    """Refuse, before any request, what Azure would refuse. Raises InputError.

    That is: too many rules, two with one priority or name, and deleting a group that rules of others name.
    """
    changes = tuple(changes)
    place = where.place.at("cloud.azure.quotas")
    problems = []
    for use in quotas(replace(after, limits=where.limits)):  # a restore has room for what was there
        if use.used > use.limit:
            message = f"{use.quota}: {use.used} are needed, {use.limit} fit: {use.used - use.limit} too many."
            problems.append(
                Problem(place, message, "Remove rules of others, or ask Azure for a higher quota and write it here.")
            )
    for change in changes:
        users = seen.users.get(((change.actual.id if change.actual else None) or "").lower()) if change.delete else None
        if users and change.actual is not None:
            message = f"{change.actual.title} would be deleted, and rules of {', '.join(sorted(users))} name it."
            problems.append(Problem(where.place, message, "Remove it from those rules first."))
    kept = {change.name: change.unmanaged for change in changes}
    for group in after.groups:
        others = {rule.key for rule in kept.get(group.name, ())}
        problems += _clashes(group, others, where)
    if problems:
        raise InputError(*problems)


def _clashes(group: LiveGroup, others: set[str], where: Scope) -> Iterator[Problem]:
    desired = [rule for rule in group.rules if rule.key not in others]
    numbers = {(rule.direction, rule.native["priority"]): rule for rule in desired}
    names = {str(rule.native["name"]).lower(): rule for rule in desired}
    for rule in group.rules:
        if rule.key not in others:
            continue
        for shared, ours in (
            (f"the priority {rule.native['priority']}", numbers.get((rule.direction, rule.native["priority"]))),
            ("its name", names.get(str(rule.native["name"]).lower())),
        ):
            if ours is not None:
                yield _clash(group, rule, ours, shared, where)


def _clash(group: LiveGroup, rule: LiveRule, ours: LiveRule, shared: str, where: Scope) -> Problem:
    message = (
        f"{group.name}: the rule {rule.key} was not made by esacloud and has {shared}, as does the rule "
        f"{ours.native['name']} that the file needs. A group cannot have both."
    )
    hint = (
        "Give that rule another priority or name, keep esacloud's rules away from it with first_priority and last_priority "
        "under `cloud.azure.quotas`, or remove it with --unmanaged purge."
    )
    return Problem(where.place, message, hint)


def check_attachments(before: State, desired: State, seen: Seen, where: Scope) -> None:
    """Refuse names of groups that others have, and subnets and network interfaces with another group. Raises InputError."""
    problems = []
    existing = {group.name: group for group in before.groups}
    for group in desired.groups:
        own = existing.get(group.name)
        target = where.resource(MEMBERS if is_members(group.name) else GROUPS, group.title).lower()
        if own is None and target in seen.taken:
            problems.append(_name_taken(group, seen.taken[target], where))
        if not is_members(group.name):
            problems += _occupied(group, own, before, where)
    if problems:
        raise InputError(*problems)


def _occupied(group: LiveGroup, own: LiveGroup | None, before: State, where: Scope) -> Iterator[Problem]:
    """Subnets and network interfaces that have another group."""
    own_id = ((own.id if own else None) or "").lower()
    names = {(other.id or "").lower(): other.name for other in before.groups}
    for one in group.attached:
        attached = (before.attachments or {}).get(one, ())
        if attached and attached[0].lower() != own_id:
            other = names.get(attached[0].lower())
            title = f"the group of {other}" if other else attached[0]
            message = f"{one} already has {title}, and would get that of {group.name}."
            hint = "Only one can be attached: detach it first, or adopt it with `group`, so that nothing is open meanwhile."
            yield Problem(where.place.at("cloud.azure.interfaces"), message, hint)


def _name_taken(group: LiveGroup, owner: str, where: Scope) -> Problem:
    whose = f"belongs to the deployment {owner}" if owner else "does not belong to this deployment"
    message = f"{group.title} already exists in {where.resource_group} and {whose}."
    hint = f"Adopt it with `group` under `cloud.azure.interfaces.{group.interface}`, or write another `name_prefix`."
    return Problem(where.place, message, hint)


def unprotected(before: State, desired: State) -> Iterator[str]:
    """Sentences on what has no network security group once undesired ones are deleted."""
    kept = {group.name for group in desired.groups}
    for group in before.groups:
        if group.made_here and group.name not in kept and not is_members(group.name):
            for one in group.attached:
                other = "its subnet" if parse_id(one).kind == INTERFACES else "a network interface in it"
                yield (
                    f"{one} has no network security group afterwards; Azure then permits everything that the group of "
                    f"{other} does not deny."
                )
