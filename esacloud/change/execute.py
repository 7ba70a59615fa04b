"""Carrying a plan out: snapshot, steps in order, reading back, and saying where things stand when something fails.

Rules that this module obeys: nothing is changed before the snapshot is on disk; a step that fails ends the execution at
once; at the end the cloud is read back and its packets are compared with what was planned, and only then is the change
called done. A run that plans again keeps its first plan and snapshot: they are what it is judged by and goes back to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from esacloud.change import snapshot
from esacloud.change.fingerprint import fingerprint
from esacloud.change.invariant import violations
from esacloud.change.live import LiveCloud
from esacloud.change.model import ChangePlan, GroupChange, LiveGroup, State, Step, packets_of
from esacloud.change.retry import LOOKS, Backoff, ConflictError
from esacloud.errors import EsacloudError, InputError, OutsideError
from esacloud.policy.proof import Difference, differences

Progress = Callable[[int, int, Step], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was made and proven: the plan, the state as read back, where the old state is kept, the calls sent."""

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
    """A change that did not get to its end. The text says where things stand and what to do.

    - `origin`: where the run began. `done`: the steps of `plan` that were finished; `failed`: the one that was not, None
      where the reading back failed.
    - `state`: what was read afterwards, None where that was not possible either.
    - `conflict`: whether it looks as if another run had come in between.
    """

    def __init__(
        self,
        reason: str,
        origin: Origin,
        plan: ChangePlan,
        done: tuple[Step, ...],
        failed: Step | None,
        state: State | None,
        differing: tuple[Difference, ...] = (),
        *,
        conflict: bool = False,
    ) -> None:
        self.origin, self.plan, self.done, self.failed, self.state = origin, plan, done, failed, state
        self.snapshot, self.differences, self.conflict = origin.snapshot, differing, conflict
        super().__init__("\n".join(_where_things_stand(reason, self)))

    def because(self, reason: str) -> ChangeFailedError:
        """The same failure, with what kept it from being overcome."""
        return ChangeFailedError(
            reason, self.origin, self.plan, self.done, self.failed, self.state, self.differences, conflict=self.conflict
        )


class MovedError(OutsideError):
    """The cloud is not as it was when the plan was shown. Nothing was changed."""

    def __init__(self, deployment: str) -> None:
        super().__init__(
            f"{deployment}: the cloud has changed since the plan was made, and nothing was done. Look at a new plan."
        )


def check_unmoved(live: LiveCloud, plan: ChangePlan) -> None:
    """Read again, and raise MovedError where anything that the plan looked at is different."""
    if fingerprint(live.read(plan.desired)) != plan.fingerprint:
        raise MovedError(plan.before.deployment)


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
    """Make the change. Raises ChangeFailedError, or OutsideError where no snapshot can be written and nothing is done.

    `origin` is given where the run has begun already. `changing` is called before and after each step.
    """
    if plan.empty:
        return Applied(plan, plan.before, origin.snapshot if origin else None, tuple(live.calls))
    backoff = backoff or Backoff()
    origin = origin or Origin(plan, snapshot.write(snapshots, plan.before, now()))
    ids = {group.name: group.id for group in plan.before.groups if group.id is not None}
    for number, step in enumerate(plan.steps):
        if progress:
            progress(number, len(plan.steps), step)
        try:
            changing()
            live.execute_step(step, plan, ids)
        except OutsideError as error:
            state, conflict = _read(live, plan), isinstance(error, ConflictError)
            raise ChangeFailedError(
                str(error), origin, plan, plan.steps[:number], step, state, conflict=conflict
            ) from error
        finally:
            with suppress(OutsideError):  # what was remembered before the step still says that something changed
                changing()
    return Applied(plan, _read_back(live, plan, origin, backoff), origin.snapshot, tuple(live.calls))


def _read_back(live: LiveCloud, plan: ChangePlan, origin: Origin, backoff: Backoff) -> State:
    for number in range(LOOKS):
        backoff.wait_for_look(number)
        try:
            state = live.read_back(plan)
        except EsacloudError as error:
            reason = f"all steps were done, and the result cannot be read back: {error}"
            conflict = isinstance(error, InputError)
            raise ChangeFailedError(reason, origin, plan, plan.steps, None, None, conflict=conflict) from error
        if arrived(state, plan):
            return state
        if _shows(state, plan.changes):
            break  # it is no older than the last step, so whatever differs is not the cloud's delay
    found = differences(plan.after.packets(), state.packets())
    reason = "all steps were done, and the cloud is not as planned; somebody else may be changing it at the same time"
    raise ChangeFailedError(reason, origin, plan, plan.steps, None, state, found, conflict=True)


def _shows(state: State, changes: Iterable[GroupChange]) -> bool:
    """Whether a state that was read shows everything that a plan's steps have done."""
    there = {group.name: group for group in state.groups}
    return all(_shows_change(there.get(change.name), change) for change in changes)


def _shows_change(group: LiveGroup | None, change: GroupChange) -> bool:
    if group is None or change.delete:
        return group is None and (change.delete or change.after is None)
    keys = {rule.key: rule.description for rule in group.rules}
    return (
        all(rule.key in keys for rule in change.add)
        and all(rule.key not in keys for rule in (*change.remove, *change.begins))
        and all(keys.get(rule.key) == rule.description for _, rule in change.describe)
        and change.tags.items() <= group.tags.items()
        and group.tags.keys().isdisjoint(change.untag)
        and set(change.attach) <= set(group.attached)
        and not set(change.detach) & set(group.attached)
    )


def arrived(state: State, plan: ChangePlan) -> bool:
    """Whether the state is what a plan wanted: the same groups, rules, descriptions, attachments, packets, and its tags."""
    after = plan.after
    if _content(state) != _content(after) or differences(after.packets(), state.packets()):
        return False
    tags = {group.name: group.tags for group in state.groups}
    gone = {change.name: change.untag for change in plan.changes}
    return all(
        group.tags.items() <= tags[group.name].items() and tags[group.name].keys().isdisjoint(gone.get(group.name, ()))
        for group in after.groups
    )


def _content(state: State) -> dict[str, Any]:
    return {
        group.name: (frozenset((rule.key, rule.description) for rule in group.rules), group.attached)
        for group in state.groups
    }


def _read(live: LiveCloud, plan: ChangePlan) -> State | None:
    """What is there now; None where even that cannot be read. What was done stands in the cloud, not here."""
    try:
        return live.read(plan.after)
    except EsacloudError:
        return None


def _where_things_stand(reason: str, failure: ChangeFailedError) -> list[str]:
    old, new = failure.origin.plan.before, failure.origin.plan.after
    lines = [f"{old.deployment}: the change is not complete: {reason}"]
    if failure.failed is not None:
        lines.append(f"Done: {len(failure.done)} of {len(failure.plan.steps)} steps. Failed: {said(failure.failed)}.")
    if failure.state is None:
        lines.append(
            "The cloud could not be read afterwards. The order of the steps sees to it that what both the old and the new "
            "state permit is still permitted, and nothing that neither permits."
        )
    else:
        found = violations(old.packets(), new.packets(), _in_effect(failure.state, old))
        for violation in found:
            for packets, message in ((violation.too_open, "too open"), (violation.too_closed, "too closed")):
                if (witness := packets.witness()) is not None:
                    lines.append(f"{violation.interface} is {message} now, not by these steps: {witness}.")
        if not found:
            lines.append(
                "Read afterwards: everything that both the old and the new state permit is permitted, and nothing that "
                "neither permits."
            )
    lines += (sentence for difference in failure.differences for sentence in difference.sentences())
    lines.append(f"Run it again to go on to the new state, or `esacloud restore {failure.snapshot}` to go back to the old.")
    return lines


def _in_effect(state: State, old: State) -> dict[str, Any]:
    """What is permitted now: by groups that something carries, and where nothing carries any, by those that were there."""
    known = {group.name for group in old.groups}
    carried = {group.interface for group in state.groups if group.attached}
    return packets_of(
        group for group in state.groups if group.attached or (group.interface not in carried and group.name in known)
    )


def said(step: Step) -> str:
    """A step in words: `authorize 12 inbound rules in data1`."""
    count = len(step.rules)
    rules = f"{count} {'inbound' if step.direction == 'ingress' else 'outbound'} rule{'' if count == 1 else 's'}"
    match step.action:
        case "create":
            return f"create the group {step.group}"
        case "tag":
            return f"tag the group {step.group}"
        case "untag":
            return f"take esacloud's tags off the group {step.group}"
        case "add":
            return f"authorize {rules} in {step.group}"
        case "remove":
            return f"revoke {rules} in {step.group}"
        case "confirm":
            return f"confirm {rules} in {step.group}"
        case "describe":
            return f"describe {rules} in {step.group}"
        case "replace":
            return f"turn {rules} in {step.group} into what takes {'its' if count == 1 else 'their'} place"
        case "revoke_default":
            return f"revoke the default egress rule of the new group {step.group}"
        case "assign":
            return "; ".join(_assigned(step))
        case "attach" if step.attach:
            return f"attach {step.group} to {', '.join(step.attach)}"
        case "attach":
            return f"detach {step.group} from {', '.join(step.detach)}"
        case "delete":
            return f"delete the group {step.group}"
        case "put":
            return f"write the group {step.group} with all its rules"


def _assigned(step: Step) -> list[str]:
    """`attach data1, data1-2 to eni-1, eni-2`: what gets or loses the same groups in one sentence."""
    moves: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in step.assignments:
        for verb, names in (("attach", one.attach), ("detach", one.detach)):
            if names:
                moves.setdefault((verb, names), []).append(one.attachment)
    return [
        f"{verb} {', '.join(names)} {'to' if verb == 'attach' else 'from'} {', '.join(places)}"
        for (verb, names), places in moves.items()
    ]
