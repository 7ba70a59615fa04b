"""A plan and what came of it, for people: rules by group with their table rows, packets, calls, quotas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from esacloud.change.execute import Applied
from esacloud.change.model import ChangePlan, GroupChange, LiveRule
from esacloud.change.plan import step_summary
from esacloud.packets.sets import PacketSet

_MOST = 6  # lines, services and far sides that are written out; the rest is counted


def plan_text(plan: ChangePlan) -> str:
    """The whole plan. A plan without a change is one line and its notes."""
    scope = ", ".join(f"{key} {value}" for key, value in plan.actual.scope.items() if key != "prefix")
    head = f"{plan.actual.deployment} on {plan.actual.cloud} ({scope})"
    lines = [f"{head}: {'nothing to change' if plan.empty else ''}".rstrip(" ")]
    for change in plan.changes:
        if change:
            lines += ["", *_change(change)]
    if plan.packet_changes:
        lines += ["", "In packets:"]
        for opening in plan.packet_changes:
            for packets, word in ((opening.opened, "newly permitted"), (opening.closed, "no longer permitted")):
                lines += (f"  {opening.interface}: {word}: {line}" for line in _packets(packets))
    elif plan.steps:
        lines += ["", "In packets: no difference."]
    if plan.steps:
        lines += ["", f"Steps, in {_count(_calls(plan), 'API call')} and one to read back:"]
        lines += (f"  {number}. {step_summary(step)}{_why(step.reason)}" for number, step in enumerate(plan.steps, 1))
        lines += ["", "Quotas:", *_quotas(plan)]
    if plan.notes:
        lines += ["", *(f"note: {note}" for note in plan.notes)]
    if plan.steps:
        lines += ["", summary(plan)]
    return "\n".join(lines)


def summary(plan: ChangePlan) -> str:
    """One line that counts."""
    made = sum(change.actual is None for change in plan.changes)
    gone = sum(change.delete for change in plan.changes)
    add = sum(len(change.add) for change in plan.changes)
    remove = sum(len(change.remove) for change in plan.changes)
    describe = sum(len(change.describe) for change in plan.changes)
    return (
        f"Plan: {_count(made, 'group')} to make, {gone} to delete; {_count(add, 'rule')} to add, {remove} to remove, "
        f"{describe} to describe anew."
    )


def applied_text(applied: Applied) -> str:
    """What was done, proven, and where the old state is kept."""
    state = applied.state
    rules = sum(len(group.rules) for group in state.groups)
    if state.groups:
        there = f"{_count(len(state.groups), 'group')} with {_count(rules, 'rule')}"
        held = f"Read back and proven: {there} permit exactly the packets of the plan."
    else:
        held = "Read back: no group of it is there."
    lines = [f"{state.deployment} on {state.cloud}: done in {_count(len(applied.calls), 'API call')}. {held}"]
    lines += (f"  {group.name}: {group.id}" for group in state.groups)
    if applied.snapshot is not None:
        lines.append(f"The state before is kept in {applied.snapshot}; `esacloud restore` brings it back.")
    return "\n".join(lines)


def _packets(packets: PacketSet) -> list[str]:
    """What a set holds, one line for each group of far sides that have the same services."""
    services: dict[tuple[str, str], list[str]] = {}
    for box in packets.boxes():
        head, way, _ = str(box).partition(" in from " if box.direction == "ingress" else " out to ")
        services.setdefault((way, box.remote_text()), []).append(head)
    remotes: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (way, remote), heads in services.items():
        remotes.setdefault((way, tuple(dict.fromkeys(heads))), []).append(remote)
    lines = [f"{_listed(heads)}{way}{_listed(names)}" for (way, heads), names in remotes.items()]
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"and {more} more"] if more > 0 else lines


def _listed(words: Sequence[str]) -> str:
    more = len(words) - _MOST
    return ", ".join(words[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _change(change: GroupChange) -> Iterator[str]:
    if change.actual is None:
        assert change.desired is not None  # noqa: S101 - a change has at least one side
        yield f"+ {change.name}: new group {change.desired.title}"
    elif change.delete:
        yield f"- {change.name}: {change.actual.id} {change.actual.title} is deleted with its rules"
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
    yield from (f"    + attached to {one}" for one in change.attach)
    yield from (f"    - detached from {one}" for one in change.detach)


def _rule(mark: str, rule: LiveRule) -> str:
    said = rule.description or "no description"
    return f"    {mark} {rule.key}  ({said})"


def _quotas(plan: ChangePlan) -> Iterator[str]:
    for before, after in plan.quotas:
        if before.used or after.used:
            change = f"{before.used} -> {after.used}" if before.used != after.used else f"{after.used}"
            yield f"  {after.quota}: {change} of {after.limit}"


def _calls(plan: ChangePlan) -> int:
    return sum(len(step.calls) for step in plan.steps)


def _why(text: str) -> str:
    return f" ({text})" if text else ""


def _count(number: int, message: str) -> str:
    return f"{number} {message}{'' if number == 1 else 's'}"
