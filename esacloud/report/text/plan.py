"""What `plan` and `apply` print for people: rules by group with their table rows, packets, calls, quotas."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.change.execute import Applied
from esacloud.change.model import ChangePlan, GroupChange, LiveRule
from esacloud.change.plan import step_summary
from esacloud.packets.sets import SIDES, PacketSet
from esacloud.report.text.table import counted, first_of

_MOST = 6  # lines, services and remotes printed in full; the others are counted


def plan_text(plan: ChangePlan) -> str:
    """The whole plan. A plan without changes is one line and its notes."""
    scope = ", ".join(f"{key} {value}" for key, value in plan.actual.scope.items() if key != "prefix")
    head = f"{plan.actual.deployment} on {plan.actual.cloud} ({scope})"
    lines = [f"{head}: {'nothing to change' if plan.empty else ''}".rstrip(" ")]
    for change in plan.changes:
        if change:
            lines += ["", *_change(change)]
    lines += _packet_changes(plan)
    if plan.steps:
        calls = sum(len(step.calls) for step in plan.steps)
        lines += ["", f"Steps, in {counted(calls, 'API call')} and one to read back:"]
        lines += (
            f"  {number}. {step_summary(step)}{step.reason and f' ({step.reason})'}"
            for number, step in enumerate(plan.steps, 1)
        )
        lines += ["", "Quotas:", *_quotas(plan)]
    if plan.notes:
        lines += ["", *(f"note: {note}" for note in plan.notes)]
    if plan.steps:
        lines += ["", summary(plan)]
    return "\n".join(lines)


def _packet_changes(plan: ChangePlan) -> Iterator[str]:
    if plan.packet_changes:
        yield from ("", "In packets:")
    elif plan.steps:
        yield from ("", "In packets: no difference.")
    for opening in plan.packet_changes:
        for packets, label in ((opening.opened, "newly permitted"), (opening.closed, "no longer permitted")):
            yield from (f"  {opening.interface}: {label}: {line}" for line in _packets(packets))


def summary(plan: ChangePlan) -> str:
    """One line of counts."""
    made = sum(change.actual is None for change in plan.changes)
    gone = sum(change.delete for change in plan.changes)
    add = sum(len(change.add) for change in plan.changes)
    remove = sum(len(change.remove) for change in plan.changes)
    describe = sum(len(change.describe) for change in plan.changes)
    return (
        f"Plan: {counted(made, 'group')} to create, {gone} to delete; {counted(add, 'rule')} to add, {remove} to remove, "
        f"{describe} to change the description of."
    )


def applied_text(applied: Applied) -> str:
    """What was done and verified, and where the snapshot is."""
    state = applied.state
    rules = sum(len(group.rules) for group in state.groups)
    if state.groups:
        groups = f"{counted(len(state.groups), 'group')} with {counted(rules, 'rule')}"
        verified = f"Verified: {groups} permit exactly the packets of the plan."
    else:
        verified = "Verified: all groups are deleted."
    lines = [f"{state.deployment} on {state.cloud}: done in {counted(len(applied.calls), 'API call')}. {verified}"]
    lines += (f"  {group.name}: {group.id}" for group in state.groups)
    if applied.snapshot is not None:
        lines.append(f"The previous state is in {applied.snapshot}; `esacloud restore` goes back to it.")
    return "\n".join(lines)


def _packets(packets: PacketSet) -> list[str]:
    """The packets of a set, one line for each group of remotes that have the same services."""
    services: dict[tuple[str, str], dict[str, None]] = {}
    for box in packets.boxes():
        services.setdefault((SIDES[box.direction], box.remote_text()), {})[box.service_text()] = None
    remotes: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (side, remote), heads in services.items():
        remotes.setdefault((side, tuple(heads)), []).append(remote)
    lines = [f"{first_of(heads, _MOST)} {side} {first_of(names, _MOST)}" for (side, heads), names in remotes.items()]
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"and {more} more"] if more > 0 else lines


def _change(change: GroupChange) -> Iterator[str]:
    if change.actual is None:
        assert change.desired is not None  # noqa: S101 - a change has at least one side
        yield f"+ {change.name}: new group {change.desired.title}"
    elif change.delete:
        yield f"- {change.name}: {change.actual.id} {change.actual.title} will be deleted with its rules"
    else:
        yield f"~ {change.name}: {change.actual.id} {change.actual.title}"
    for rule in change.add:
        yield _rule("+", rule)
    for rule in change.remove:
        yield _rule("-", rule)
    for old, new in change.describe:
        yield f"    ~ {new.key}"
        yield f"        {old.description or 'no description'}"
        yield f"     -> {new.description}"
    if change.actual is not None:
        yield from (f"    ~ tag {key} = {value}" for key, value in change.tags.items())
        yield from (f"    - tag {key}" for key in change.untag)
    yield from (f"    + attached to {name}" for name in change.attach)
    yield from (f"    - detached from {name}" for name in change.detach)


def _rule(mark: str, rule: LiveRule) -> str:
    return f"    {mark} {rule.key}  ({rule.description or 'no description'})"


def _quotas(plan: ChangePlan) -> Iterator[str]:
    for before, after in plan.quotas:
        if before.used or after.used:
            change = f"{before.used} -> {after.used}" if before.used != after.used else f"{after.used}"
            yield f"  {after.quota}: {change} of {after.limit}"
