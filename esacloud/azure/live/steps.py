"""The steps of a change on Azure, and what has to be checked before the first.

The law of a change holds here by how Azure works: a group is written whole, by one request that takes effect as one, so
that there is only the old and the new. Rules that this module obeys: what rules speak of is made before them and goes after
them; a new group has all its rules before anything carries it; a group is detached before it is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from esacloud.azure.checks import quota_uses
from esacloud.azure.limits import Limits
from esacloud.azure.live.calls import Document
from esacloud.azure.live.documents import ENDED, SUCCEEDED, state_of
from esacloud.azure.live.read import Seen
from esacloud.azure.live.rules import security_rule
from esacloud.azure.live.scope import GROUPS, INTERFACES, MEMBERS, Scope, is_members, parse_id
from esacloud.azure.model import NetworkSecurityGroup
from esacloud.change.model import GroupChange, LiveGroup, LiveRule, State, Step
from esacloud.errors import InputError, Problem
from esacloud.policy.lowered import QuotaUse

AGAIN = "Azure says that its last change "


def ordered(changes: Iterable[GroupChange], after: State, seen: Seen) -> tuple[Step, ...]:
    """The steps, each with the requests that it takes when nothing goes wrong, polls of operations apart."""
    changes = tuple(changes)
    security = [change for change in changes if not is_members(change.name)]
    members = [change for change in changes if is_members(change.name)]
    return (
        *(step for change in members for step in _made(change, seen)),
        *(step for change in members for step in _joins(change, security)),
        *(step for change in security for step in _written(change, seen)),
        *(step for change in security for step in _carried(change, after, seen)),
        *(step for change in security for step in _gone(change)),
        *(step for change in members for step in _gone(change, leave=_left(change, security))),
    )


def _made(change: GroupChange, seen: Seen) -> Iterator[Step]:
    calls = (f"{MEMBERS}/write", f"{MEMBERS}/read")
    if change.actual is None:
        yield Step("create", change.name, change.interface, calls=calls)
    elif not change.delete and (change.tags or change.untag):
        yield Step("tag", change.name, change.interface, calls=calls)
    elif not change.delete and (why := _unsettled(_document(change, seen))):
        yield Step("tag", change.name, change.interface, calls=calls, reason=why)


def _joins(change: GroupChange, security: Iterable[GroupChange]) -> Iterator[Step]:
    """Those that join and will carry the security group too are written once, when they get that."""
    later = {one for other in security if other.interface == change.interface for one in other.attach}
    now = tuple(one for one in change.attach if one not in later)
    if now:
        yield Step("attach", change.name, change.interface, attach=now, calls=_calls(now))


def _written(change: GroupChange, seen: Seen) -> Iterator[Step]:
    calls = (f"{GROUPS}/write", f"{GROUPS}/read")
    rules = change.add or change.remove or change.describe
    if change.delete:
        return
    if change.actual is None or rules or change.tags or change.untag:
        yield Step("put", change.name, change.interface, rules=(*change.add, *change.remove), calls=calls)
    elif change.desired is not None and (why := _unsettled(_document(change, seen))):
        yield Step("put", change.name, change.interface, calls=calls, reason=why)


def _carried(change: GroupChange, after: State, seen: Seen) -> Iterator[Step]:
    if change.attach:
        yield Step("attach", change.name, change.interface, attach=change.attach, calls=_calls(change.attach))
    desired_ = {one for group in after.groups if group.name == change.name for one in group.attached}
    for one, document in seen.attachments.items():
        if one in desired_ and one not in change.attach and (why := _unsettled(document)):
            yield Step("attach", change.name, change.interface, attach=(one,), calls=_calls((one,)), reason=why)
    if change.detach and not change.delete:
        yield Step("attach", change.name, change.interface, detach=change.detach, calls=_calls(change.detach, read=True))


def _left(change: GroupChange, security: Iterable[GroupChange]) -> set[str]:
    """Network interfaces that left an application security group when its security group, which goes, was taken off."""
    gone = (other for other in security if other.interface == change.interface and other.delete and change.delete)
    return {one for other in gone for one in other.detach}


def _gone(change: GroupChange, leave: Collection[str] = ()) -> Iterator[Step]:
    kind = MEMBERS if is_members(change.name) else GROUPS
    still = tuple(one for one in change.detach if one not in leave)
    if still and (change.delete or kind == MEMBERS):
        yield Step("attach", change.name, change.interface, detach=still, calls=_calls(still, read=True))
    if change.delete:
        yield Step("delete", change.name, change.interface, calls=(f"{kind}/delete",))


def _document(change: GroupChange, seen: Seen) -> Document | None:
    return seen.groups.get((change.actual.id or "").lower()) if change.actual else None


def _unsettled(document: Document | None) -> str:
    """Why a resource that is as wanted is not done: its last change has not come to its end, or to another one."""
    state = state_of(document) if document is not None else SUCCEEDED
    if state == SUCCEEDED:
        return ""
    return AGAIN + ENDED.get(state, f"is not at its end ({state})")


def _calls(ids: Iterable[str], *, read: bool = False) -> tuple[str, ...]:
    """A carrier is written, and read at the end; one that was not read before is read first."""
    kinds = [parse_id(one).kind for one in ids]
    return tuple(f"{kind}/{verb}" for kind in kinds for verb in (("read", "write", "read") if read else ("write", "read")))


def quotas(state: State) -> tuple[QuotaUse, ...]:
    """What the groups of a state use of Azure's limits."""
    groups = (
        NetworkSecurityGroup(group.name, tuple(security_rule(rule.native) for rule in group.rules))
        for group in state.groups
        if not is_members(group.name)
    )
    return tuple(quota_uses(groups, Limits(**state.limits)))


def check_after(changes: Iterable[GroupChange], after: State, seen: Seen, where: Scope) -> None:
    """Refuse, before any request, what Azure would refuse.

    That is too many rules, two with one number or one name, and deleting what rules of others name. Raises InputError.
    """
    changes = tuple(changes)
    place = replace(where.place, key="cloud.azure.quotas")
    problems = []
    for use in quotas(replace(after, limits=where.limits)):  # a restore has room for what was there
        if use.used > use.limit:
            message = f"{use.quota}: {use.used} are needed, {use.limit} fit: {use.used - use.limit} too many."
            problems.append(Problem(place, message, "Take rules of others out, or ask Azure for more and write it here."))
    for change in changes:
        users = seen.users.get(((change.actual.id if change.actual else None) or "").lower()) if change.delete else None
        if users and change.actual is not None:
            message = f"{change.actual.title} is to be deleted, and rules of {', '.join(sorted(users))} name it."
            problems.append(Problem(where.place, message, "Take it out of those rules first."))
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
        f"{group.name}: the rule {rule.key} was not made by esacloud and has {shared}, as the rule "
        f"{ours.native['name']} has it that the file asks for. A group cannot have both."
    )
    hint = (
        "Give that rule another priority or name, keep esacloud's rules away from it with first_priority and last_priority "
        "under `cloud.azure.quotas`, or let it go with --unmanaged purge."
    )
    return Problem(where.place, message, hint)


def check_attachments(before: State, desired: State, seen: Seen, where: Scope) -> None:
    """Refuse what would take a place that is taken: a subnet's or network interface's group, or a group's name.

    Raises InputError.
    """
    problems = []
    there = {group.name: group for group in before.groups}
    ids = {(group.id or "").lower(): group.name for group in before.groups}
    place = replace(where.place, key="cloud.azure.interfaces")
    for group in desired.groups:
        kind = MEMBERS if is_members(group.name) else GROUPS
        own = there.get(group.name)
        if own is None:
            new = where.resource(kind, group.title)
            if new.lower() in seen.taken:
                problems.append(_taken(group, seen.taken[new.lower()], where))
        if kind == MEMBERS:
            continue
        for one in group.attached:
            on = (before.attachments or {}).get(one, ())
            if on and on[0].lower() != ((own.id if own else None) or "").lower():
                whose = ids.get(on[0].lower())
                message = (
                    f"{one} carries {f'the group of {whose}' if whose else on[0]}, and would get that of {group.name}."
                )
                hint = "It carries one: take that off first, or adopt it with `group`, so that nothing is open meanwhile."
                problems.append(Problem(place, message, hint))
    if problems:
        raise InputError(*problems)


def _taken(group: LiveGroup, owner: str, where: Scope) -> Problem:
    whose = f"belongs to the deployment {owner}" if owner else "is not this deployment's"
    message = f"{group.title} is in {where.resource_group} already and {whose}."
    hint = f"Take it over with `group` under `cloud.azure.interfaces.{group.interface}`, or write another `name_prefix`."
    return Problem(where.place, message, hint)


def bare(before: State, desired: State) -> Iterator[str]:
    """Sentences on what carries no network security group once those that are not wanted are gone."""
    kept = {group.name for group in desired.groups}
    for group in before.groups:
        if group.made_here and group.name not in kept and not is_members(group.name):
            for one in group.attached:
                yield (
                    f"{one} carries no network security group afterwards; Azure then lets through all that the group "
                    f"of {'its subnet' if parse_id(one).kind == INTERFACES else 'a network interface in it'} does not stop."
                )
