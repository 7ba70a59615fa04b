"""A plan: what is there against what shall be, in order, with what it means in packets and in quotas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from esacloud.change.diff import group_changes
from esacloud.change.fingerprint import fingerprint
from esacloud.change.live import LiveCloud
from esacloud.change.model import ChangePlan, GroupChange, LiveGroup, Opening, State, Unmanaged
from esacloud.packets.sets import PacketSet
from esacloud.policy.lowered import QuotaUse

WHY_UNMANAGED = {
    "report": "is left alone and reported (--unmanaged report); keep or purge it",
    "keep": "is kept (--unmanaged keep)",
    "purge": "goes with everything else that the deployment does not ask for (--unmanaged purge)",
}
LEFT = "stays with the group, which is not deleted"


def make_plan(live: LiveCloud, before: State, desired: State, unmanaged: Unmanaged, *, exact: bool = False) -> ChangePlan:
    """The plan from a state as read to a wanted one. Raises InputError where quotas leave no way that keeps the law.

    `exact` also undoes attachments and tags that the wanted state does not have, as a restore wants it.
    """
    desired = desired
    desired = live.complete(before, desired)
    changes = group_changes(before, desired, unmanaged, exact_attachments=exact, begins=live.begins_with)
    after = _after(before, desired, changes)
    return ChangePlan(
        before=before,
        desired=desired,
        after=after,
        fingerprint=fingerprint(before),
        changes=tuple(change for change in changes if change or change.unmanaged),
        steps=live.steps(changes, after),
        openings=tuple(_openings(before, after)),
        quotas=_quotas(live, before, after),
        notes=tuple(dict.fromkeys((*_notes(changes, unmanaged), *desired.notes, *before.notes))),
        unmanaged=unmanaged,
        exact=exact,
    )


def _after(before: State, desired: State, changes: Iterable[GroupChange]) -> State:
    """The state at the end: wanted rules, rules left alone, and groups that are not ours to delete."""
    groups = []
    for change in changes:
        if change.after is not None:
            groups.append(_group_after(change, change.after))
        elif not change.delete and change.before is not None:
            tags = {key: value for key, value in change.before.tags.items() if key not in change.untag}
            groups.append(replace(change.before, rules=change.stays, tags=tags))
    return replace(desired, groups=tuple(groups), attachments=before.attachments)


def _group_after(change: GroupChange, desired: LiveGroup) -> LiveGroup:
    if change.before is None:
        return desired
    attached = {*change.before.attached, *desired.attached} - set(change.detach)
    tags = {key: value for key, value in change.before.tags.items() if key not in change.untag}
    return replace(
        desired,
        id=change.before.id,
        title=change.before.title,
        description=change.before.description,
        rules=(*desired.rules, *change.unmanaged),
        tags={**tags, **desired.tags},
        attached=tuple(sorted(attached)),
        made_here=change.before.made_here,
        adopted=change.before.adopted,
    )


def _openings(before: State, after: State) -> Iterator[Opening]:
    old, new, empty = before.packets(), after.packets(), PacketSet()
    for interface in sorted(old.keys() | new.keys()):
        was, will = old.get(interface, empty), new.get(interface, empty)
        if was != will:
            yield Opening(interface, will - was, was - will)


def _quotas(live: LiveCloud, before: State, after: State) -> tuple[tuple[QuotaUse, QuotaUse], ...]:
    old = {use.quota: use for use in live.quotas(before)}
    new = {use.quota: use for use in live.quotas(after)}
    pairs = []
    for message in dict.fromkeys((*new, *old)):
        known = new.get(message) or old[message]
        none = replace(known, used=0)
        pairs.append((old.get(message, none), new.get(message, none)))
    return tuple(pairs)


def _notes(changes: Iterable[GroupChange], unmanaged: Unmanaged) -> Iterator[str]:
    for change in changes:
        if change.before is None:
            continue
        if change.attach and change.unmanaged:
            keys = "; ".join(rule.key for rule in change.unmanaged)
            yield f"{change.name}: rules that esacloud did not make take effect on {', '.join(change.attach)} too: {keys}."
        gone = () if change.delete else change.remove
        why = LEFT if change.after is None else WHY_UNMANAGED[unmanaged]
        for rule in (*change.unmanaged, *(rule for rule in gone if not rule.ours)):
            said = f" ({rule.description})" if rule.description else ""
            yield f"{change.name}: the rule {rule.key}{said} was not made by esacloud; it {why}."
        for rule in change.before.rules:
            if not rule.judged:
                yield f"{change.name}: nobody here knows what the rule {rule.key} permits, so it is in no proof."
        if change.after is None and not change.delete:
            yield f"{change.name}: the group {change.before.id} was not made by `esacloud apply` and is left in place."
