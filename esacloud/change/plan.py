"""A plan: desired against actual, in ordered steps, with the packets and quotas that change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from esacloud.change.diff import group_changes
from esacloud.change.live import LiveCloud
from esacloud.change.model import ChangePlan, GroupChange, LiveGroup, PacketChange, State, Step, Unmanaged
from esacloud.policy.lowered import QuotaUse
from esacloud.policy.proof import differences

WHY_UNMANAGED = {
    "report": "is left in place and reported (--unmanaged report); keep or purge it",
    "keep": "is kept (--unmanaged keep)",
    "purge": "is removed, as is every rule that the deployment does not ask for (--unmanaged purge)",
}
LEFT = "stays with the group, which is not deleted"


def make_plan(live: LiveCloud, actual: State, desired: State, unmanaged: Unmanaged, *, exact: bool = False) -> ChangePlan:
    """The plan from the actual state to a desired one.

    `exact` also removes attachments and tags that are not desired, as a restore does. Raises InputError where the quotas
    allow no order that keeps the safety invariant.
    """
    complete = live.complete_state(actual, desired)
    changes = tuple(group_changes(actual, complete, unmanaged, exact=exact, default_rules=live.default_rules))
    planned = _planned(actual, complete, changes)
    return ChangePlan(
        actual=actual,
        desired=desired,
        planned=planned,
        fingerprint=actual.fingerprint(),
        changes=tuple(change for change in changes if change or change.unmanaged),
        steps=live.ordered_steps(changes, planned),
        packet_changes=tuple(
            PacketChange(found.interface, opened=found.extra, closed=found.missing)
            for found in differences(actual.packets(), planned.packets())
        ),
        quotas=tuple(_quotas(live, actual, planned)),
        notes=tuple(dict.fromkeys((*_notes(changes, unmanaged), *complete.notes, *actual.notes))),
        unmanaged=unmanaged,
        exact=exact,
    )


def _planned(actual: State, desired: State, changes: Iterable[GroupChange]) -> State:
    """The state after the change: desired rules, rules that are kept, and groups that esacloud does not delete."""
    groups = tuple(group for change in changes if (group := _planned_group(change)) is not None)
    return replace(desired, groups=groups, attachments=actual.attachments)


def _planned_group(change: GroupChange) -> LiveGroup | None:
    actual, desired = change.actual, change.desired
    if actual is None or change.delete:
        return desired
    tags = {key: value for key, value in actual.tags.items() if key not in change.untag}
    if desired is None:
        return replace(actual, rules=change.kept, tags=tags)
    return replace(
        desired,
        id=actual.id,
        title=actual.title,
        description=actual.description,
        rules=(*desired.rules, *change.unmanaged),
        tags={**tags, **desired.tags},
        attached=tuple(sorted({*actual.attached, *desired.attached} - set(change.detach))),
        made_here=actual.made_here,
        adopted=actual.adopted,
    )


def _quotas(live: LiveCloud, actual: State, planned: State) -> Iterator[tuple[QuotaUse, QuotaUse]]:
    old = {use.quota: use for use in live.quota_uses(actual)}
    new = {use.quota: use for use in live.quota_uses(planned)}
    for quota in dict.fromkeys((*new, *old)):
        unused = replace(new.get(quota) or old[quota], used=0)
        yield old.get(quota, unused), new.get(quota, unused)


def _notes(changes: Iterable[GroupChange], unmanaged: Unmanaged) -> Iterator[str]:
    for change in changes:
        if change.actual is not None:
            yield from _group_notes(change, change.actual, unmanaged)


def _group_notes(change: GroupChange, actual: LiveGroup, unmanaged: Unmanaged) -> Iterator[str]:
    if change.attach and change.unmanaged:
        keys = "; ".join(rule.key for rule in change.unmanaged)
        yield f"{change.name}: rules that esacloud did not make take effect on {', '.join(change.attach)} too: {keys}."
    removed = () if change.delete else tuple(rule for rule in change.remove if not rule.managed)
    fate = LEFT if change.desired is None else WHY_UNMANAGED[unmanaged]
    for rule in (*change.unmanaged, *removed):
        description = f" ({rule.description})" if rule.description else ""
        yield f"{change.name}: the rule {rule.key}{description} was not made by esacloud; it {fate}."
    for rule in actual.rules:
        if not rule.supported:
            yield f"{change.name}: esacloud cannot evaluate the rule {rule.key}, so no proof covers it."
    if change.desired is None and not change.delete:
        yield f"{change.name}: the group {actual.id} was not made by `esacloud apply` and is left in place."


def step_summary(step: Step) -> str:
    """A step in words: `authorize 12 inbound rules in data1`."""
    count = len(step.rules)
    rules = f"{count} {'inbound' if step.direction == 'ingress' else 'outbound'} rule{'' if count == 1 else 's'}"
    match step.action:
        case "add":
            return f"authorize {rules} in {step.group}"
        case "remove":
            return f"revoke {rules} in {step.group}"
        case "confirm" | "describe":
            return f"{step.action} {rules} in {step.group}"
        case "replace":
            return f"modify {rules} in {step.group} in place"
        case "revoke_default":
            return f"revoke the default egress rule of the new group {step.group}"
        case "assign":
            return "; ".join(_assignments(step))
        case "attach" if step.attach:
            return f"attach {step.group} to {', '.join(step.attach)}"
        case "attach":
            return f"detach {step.group} from {', '.join(step.detach)}"
        case "put":
            return f"write the group {step.group} with all its rules"
        case "untag":
            return f"remove esacloud's tags from the group {step.group}"
        case "create" | "tag" | "delete":
            return f"{step.action} the group {step.group}"


def _assignments(step: Step) -> list[str]:
    """`attach data1, data1-2 to eni-1, eni-2`: one sentence for all attachments that get or lose the same groups."""
    sentences: dict[tuple[str, str], list[str]] = {}
    for assignment in step.assignments:
        for verb, to, groups in (("attach", "to", assignment.attach), ("detach", "from", assignment.detach)):
            if groups:
                sentences.setdefault((f"{verb} {', '.join(groups)}", to), []).append(assignment.attachment)
    return [f"{head} {to} {', '.join(attachments)}" for (head, to), attachments in sentences.items()]
