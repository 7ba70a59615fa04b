"""Executing a plan: snapshot, steps in order, reading back, and a report of the actual state when something fails.

Rules that this module obeys: nothing is changed before the snapshot is on disk; a step that fails ends the execution at
once; at the end the cloud is read back and its packets are compared with the plan's, and only then is the change
complete. A run that plans again keeps its first plan and snapshot: it is judged by the one and can return to the other.

The safety invariant of every change: at every moment (old and new) is within permitted is within (old or new).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from esacloud.change import snapshot
from esacloud.change.live import LiveCloud
from esacloud.change.model import ChangePlan, GroupChange, LiveGroup, State, Step, packets_of
from esacloud.change.plan import step_summary
from esacloud.change.retry import LOOKS, Backoff, ConflictError
from esacloud.errors import EsacloudError, InputError, OutsideError
from esacloud.packets.sets import PacketSet
from esacloud.policy.proof import differences

Progress = Callable[[int, int, Step], None]


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of the safety invariant at one interface: permitted by neither state, not permitted though by both."""

    interface: str
    too_open: PacketSet
    too_closed: PacketSet


def violations(
    old: Mapping[str, PacketSet], new: Mapping[str, PacketSet], now: Mapping[str, PacketSet]
) -> tuple[Violation, ...]:
    """Where the safety invariant does not hold. An interface that is missing permits nothing."""
    found = []
    for interface in sorted(old.keys() | new.keys() | now.keys()):
        before, after, here = (side.get(interface, PacketSet()) for side in (old, new, now))
        too_open, too_closed = here - (before | after), (before & after) - here
        if too_open or too_closed:
            found.append(Violation(interface, too_open, too_closed))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Applied:
    """A complete and proven change: its plan, the state as read back, the snapshot of the old one, the calls sent."""

    plan: ChangePlan
    state: State
    snapshot: Path | None
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run began: its first plan, and the snapshot of the state before it."""

    plan: ChangePlan
    snapshot: Path


class ChangeFailedError(OutsideError):
    """A change that is not complete. The text says what the actual state is and what to do.

    - `origin`: where the run began. `done`: the steps of `plan` that were completed; `failed`: the one that was not, None
      when reading back failed.
    - `state`: the state as read afterwards; None where that was not possible either.
    - `conflict`: whether another run has probably changed something in between.
    """

    def __init__(
        self, reason: str, origin: Origin, plan: ChangePlan, done: int, state: State | None, *, conflict: bool = False
    ) -> None:
        self.origin, self.plan, self.state, self.conflict = origin, plan, state, conflict
        self.done, self.failed = plan.steps[:done], plan.steps[done] if done < len(plan.steps) else None
        self.snapshot = origin.snapshot
        self.differences = () if self.failed or state is None else differences(plan.planned.packets(), state.packets())
        super().__init__("\n".join(_report(reason, self)))

    def with_reason(self, reason: str) -> ChangeFailedError:
        """The same failure with another reason."""
        return ChangeFailedError(reason, self.origin, self.plan, len(self.done), self.state, conflict=self.conflict)


class StalePlanError(OutsideError):
    """The cloud has changed since the plan was made. Nothing was changed by this run."""


def check_plan_is_current(live: LiveCloud, plan: ChangePlan) -> None:
    """Read again, and raise StalePlanError where anything that the plan depends on is different."""
    if live.read_state(plan.desired).fingerprint() != plan.fingerprint:
        raise StalePlanError(
            f"{plan.actual.deployment}: the cloud has changed since the plan was made. Nothing was changed. Run the "
            "command again to see a new plan."
        )


def execute(
    live: LiveCloud,
    plan: ChangePlan,
    snapshots: Path,
    *,
    origin: Origin | None = None,
    backoff: Backoff | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress | None = None,
    changing: Callable[[], None] = lambda: None,
) -> Applied:
    """Execute a plan. Raises ChangeFailedError, or OutsideError where no snapshot can be written and nothing is changed.

    `origin` is that of a run that has changed something already. `changing` is called before and after each step.
    """
    if plan.empty:
        return Applied(plan, plan.actual, origin.snapshot if origin else None, tuple(live.calls))
    backoff = backoff or Backoff()
    origin = origin or Origin(plan, snapshot.write(snapshots, plan.actual, now()))
    ids = {group.name: group.id for group in plan.actual.groups if group.id is not None}
    for number, step in enumerate(plan.steps):
        if progress:
            progress(number, len(plan.steps), step)
        try:
            changing()
            live.execute_step(step, plan, ids)
        except OutsideError as error:
            state, conflict = _read(live, plan), isinstance(error, ConflictError)
            raise ChangeFailedError(str(error), origin, plan, number, state, conflict=conflict) from error
        finally:
            with suppress(OutsideError):  # what was recorded before the step still says that something changed
                changing()
    return Applied(plan, _read_back(live, plan, origin, backoff), origin.snapshot, tuple(live.calls))


def _read_back(live: LiveCloud, plan: ChangePlan, origin: Origin, backoff: Backoff) -> State:
    for number in range(LOOKS):
        backoff.wait_for_look(number)
        try:
            state = live.read_back(plan)
        except EsacloudError as error:
            reason = f"all steps are done, but the result cannot be read back: {error}"
            conflict = isinstance(error, InputError)
            raise ChangeFailedError(reason, origin, plan, len(plan.steps), None, conflict=conflict) from error
        if arrived(state, plan):
            return state
        if _shows(state, plan.changes):
            break  # the read is no older than the last step, so what differs is not due to eventual consistency
    reason = "all steps are done, but the cloud is not as planned; another change may be running at the same time"
    raise ChangeFailedError(reason, origin, plan, len(plan.steps), state, conflict=True)


def _shows(state: State, changes: Iterable[GroupChange]) -> bool:
    """Whether a state as read shows everything that the steps of a plan have done."""
    groups = {group.name: group for group in state.groups}
    return all(_shows_change(groups.get(change.name), change) for change in changes)


def _shows_change(group: LiveGroup | None, change: GroupChange) -> bool:
    if group is None or change.delete:
        return group is None and (change.delete or change.desired is None)
    keys = {rule.key: rule.description for rule in group.rules}
    return (
        all(rule.key in keys for rule in change.add)
        and all(rule.key not in keys for rule in (*change.remove, *change.default_rules))
        and all(keys.get(rule.key) == rule.description for _, rule in change.describe)
        and change.tags.items() <= group.tags.items()
        and group.tags.keys().isdisjoint(change.untag)
        and set(change.attach) <= set(group.attached)
        and not set(change.detach) & set(group.attached)
    )


def arrived(state: State, plan: ChangePlan) -> bool:
    """Whether the state is the planned one: the same groups, rules, descriptions, attachments and packets, and its tags."""
    planned = plan.planned
    if _content(state) != _content(planned) or differences(planned.packets(), state.packets()):
        return False
    tags = {group.name: group.tags for group in state.groups}
    untagged = {change.name: change.untag for change in plan.changes}
    return all(
        group.tags.items() <= tags[group.name].items() and tags[group.name].keys().isdisjoint(untagged.get(group.name, ()))
        for group in planned.groups
    )


def _content(state: State) -> dict[str, Any]:
    return {
        group.name: (frozenset((rule.key, rule.description) for rule in group.rules), group.attached)
        for group in state.groups
    }


def _read(live: LiveCloud, plan: ChangePlan) -> State | None:
    """The actual state; None where it cannot be read."""
    try:
        return live.read_state(plan.planned)
    except EsacloudError:
        return None


def _report(reason: str, failure: ChangeFailedError) -> list[str]:
    old, new = failure.origin.plan.actual, failure.origin.plan.planned
    lines = [f"{old.deployment}: the change is not complete: {reason}"]
    if failure.failed is not None:
        summary = step_summary(failure.failed)
        lines.append(f"Done: {len(failure.done)} of {len(failure.plan.steps)} steps. Failed: {summary}.")
    if failure.state is None:
        lines.append(
            "The cloud could not be read afterwards. The order of the steps guarantees that everything that both the old "
            "and the new state permit is still permitted, and nothing that neither permits."
        )
    else:
        lines += _verdict(violations(old.packets(), new.packets(), _in_effect(failure.state, old)))
    lines += (sentence for difference in failure.differences for sentence in difference.sentences())
    lines.append(
        f"Run the command again to continue to the new state, or `esacloud restore {failure.snapshot}` to go back to the "
        "old one."
    )
    return lines


def _verdict(found: Iterable[Violation]) -> list[str]:
    lines = [
        f"{violation.interface} is {state} now, though not by these steps: {witness}."
        for violation in found
        for packets, state in ((violation.too_open, "too open"), (violation.too_closed, "too closed"))
        if (witness := packets.witness()) is not None
    ]
    return lines or [
        "Verified: everything that both the old and the new state permit is permitted, and nothing that neither permits."
    ]


def _in_effect(state: State, old: State) -> dict[str, Any]:
    """What is permitted now: by groups with an attachment; at an interface without any, by those that existed before."""
    known = {group.name for group in old.groups}
    attached = {group.interface for group in state.groups if group.attached}
    return packets_of(
        group for group in state.groups if group.attached or (group.interface not in attached and group.name in known)
    )
