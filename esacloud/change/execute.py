"""Carrying a plan out: snapshot, steps in order, reading back, and saying where things stand when something fails.

Rules that this module obeys: nothing is changed before the snapshot is on disk; a step that fails ends the run at once; at
the end the cloud is read back and its packets are compared with what was planned, and only then is the change called done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from esacloud.change import snapshot
from esacloud.change.fingerprint import fingerprint
from esacloud.change.law import breaches
from esacloud.errors import OutsideError
from esacloud.live.cloud import LiveCloud
from esacloud.live.model import ChangePlan, State, Step
from esacloud.live.retry import Backoff
from esacloud.policy.proof import Difference, differences

READ_BACK = 4  # times: EC2 may answer from before the change for a moment
Progress = Callable[[int, int, Step], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was made and proven: the plan, the state as read back, where the old state is kept, the calls sent."""

    plan: ChangePlan
    state: State
    snapshot: Path | None
    calls: tuple[str, ...]


class ChangeFailedError(OutsideError):
    """A change that did not get to its end. The law held all the way; the text says where things stand and what to do.

    - `done`: the steps that were finished; `failed`: the one that was not, None where the reading back failed.
    - `state`: what was read afterwards, None where that was not possible either.
    - `snapshot`: the file of the old state.
    - `somebody_else`: whether all steps were done and the cloud is otherwise than planned.
    """

    def __init__(
        self,
        reason: str,
        plan: ChangePlan,
        done: tuple[Step, ...],
        failed: Step | None,
        state: State | None,
        kept: Path | None,
        differing: tuple[Difference, ...] = (),
    ) -> None:
        self.plan, self.done, self.failed, self.state, self.snapshot = plan, done, failed, state, kept
        self.differences = differing
        self.somebody_else = failed is None and state is not None
        super().__init__("\n".join(_where_things_stand(reason, self)))


class MovedError(OutsideError):
    """The cloud is not as it was when the plan was shown. Nothing was changed."""

    def __init__(self, deployment: str) -> None:
        super().__init__(
            f"{deployment}: the cloud has changed since the plan was made, and nothing was done. Look at a new plan."
        )


def check_unmoved(live: LiveCloud, plan: ChangePlan) -> None:
    """Read again, and raise MovedError where anything that the plan looked at is different."""
    if fingerprint(live.read(plan.after)) != plan.fingerprint:
        raise MovedError(plan.before.deployment)


def execute(
    live: LiveCloud,
    plan: ChangePlan,
    snapshots: Path,
    *,
    backoff: Backoff | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress | None = None,
) -> Applied:
    """Make the change. Raises ChangeFailedError, or OutsideError where no snapshot can be written and nothing is done."""
    if plan.empty:
        return Applied(plan, plan.before, None, tuple(live.calls))
    backoff = backoff or Backoff()
    kept = snapshot.write(snapshots, plan.before, now())
    ids = {group.name: group.id for group in plan.before.groups if group.id is not None}
    for number, step in enumerate(plan.steps):
        if progress:
            progress(number, len(plan.steps), step)
        try:
            live.perform(step, plan, ids)
        except OutsideError as error:
            raise ChangeFailedError(str(error), plan, plan.steps[:number], step, _read(live, plan), kept) from error
    return Applied(plan, _read_back(live, plan, kept, backoff), kept, tuple(live.calls))


def _read_back(live: LiveCloud, plan: ChangePlan, kept: Path, backoff: Backoff) -> State:
    for number in range(READ_BACK):
        try:
            state = live.read(plan.after)
        except OutsideError as error:
            reason = f"all steps were done, and the result cannot be read back: {error}"
            raise ChangeFailedError(reason, plan, plan.steps, None, None, kept) from error
        if arrived(state, plan.after):
            return state
        if number < READ_BACK - 1:
            backoff.wait(number)
    found = differences(plan.after.packets(), state.packets())
    reason = "all steps were done, and the cloud is not as planned; somebody else may be changing it at the same time"
    raise ChangeFailedError(reason, plan, plan.steps, None, state, kept, found)


def arrived(state: State, after: State) -> bool:
    """Whether the state is what a plan wanted: the same groups, rules, descriptions, attachments, and packets."""
    return _content(state) == _content(after) and not differences(after.packets(), state.packets())


def _content(state: State) -> dict[str, Any]:
    return {
        group.name: (frozenset((rule.key, rule.description) for rule in group.rules), group.attached)
        for group in state.groups
    }


def _read(live: LiveCloud, plan: ChangePlan) -> State | None:
    """What is there now; None where even that cannot be read. What was done stands in the cloud, not here."""
    try:
        return live.read(plan.after)
    except OutsideError:
        return None


def _where_things_stand(reason: str, failure: ChangeFailedError) -> list[str]:
    plan, done, failed = failure.plan, failure.done, failure.failed
    name = plan.before.deployment
    lines = [f"{name}: the change is not complete: {reason}"]
    if failed is not None:
        lines.append(f"Done: {len(done)} of {len(plan.steps)} steps. Failed: {said(failed)}.")
    if failure.state is None:
        lines.append(
            "The cloud could not be read afterwards. The order of the steps sees to it that what both the old and the new "
            "state permit is still permitted, and nothing that neither permits."
        )
    else:
        found = breaches(plan.before.packets(), plan.after.packets(), _in_effect(failure.state, plan))
        for breach in found:
            for packets, what in ((breach.too_open, "too open"), (breach.too_closed, "too closed")):
                if (witness := packets.witness()) is not None:
                    lines.append(f"{breach.interface} is {what} now, not by these steps: {witness}.")
        if not found:
            lines.append(
                "Read afterwards: everything that both the old and the new state permit is permitted, and nothing that "
                "neither permits."
            )
    lines += (sentence for difference in failure.differences for sentence in difference.sentences())
    lines.append(f"Run it again to go on to the new state, or `esacloud restore {failure.snapshot}` to go back to the old.")
    return lines


def _in_effect(state: State, plan: ChangePlan) -> dict[str, Any]:
    """What is permitted now: a group that this change made counts once something carries it."""
    from esacloud.live.model import packets_of

    known = {group.name for group in plan.before.groups}
    return packets_of(group for group in state.groups if group.name in known or group.attached)


def said(step: Step) -> str:
    """A step in words: `authorize 12 inbound rules in data1`."""
    count = len(step.rules)
    rules = f"{count} {'inbound' if step.direction == 'in' else 'outbound'} rule{'' if count == 1 else 's'}"
    words = {
        "create": f"create the group {step.group}",
        "tag": f"tag the group {step.group}",
        "untag": f"take esacloud's tags off the group {step.group}",
        "add": f"authorize {rules} in {step.group}",
        "remove": f"revoke {rules} in {step.group}",
        "describe": f"describe {rules} in {step.group}",
        "replace": f"turn {rules} in {step.group} into what takes {'its' if count == 1 else 'their'} place",
        "strip": f"revoke what the new group {step.group} began with",
        "attach": f"attach {step.group} to {', '.join(step.attach)}"
        if step.attach
        else f"detach {step.group} from {', '.join(step.detach)}",
        "delete": f"delete the group {step.group}",
        "put": f"write the group {step.group} with all its rules",
    }
    return words[step.action]
