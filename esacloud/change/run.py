"""Plan, apply, destroy and restore, for programs: clients are passed in, results are values, nothing is printed.

    plan = run.plan(live, lowered)
    applied = run.apply(live, plan, Path("state"))

`live` is what `workflow.connect` returns; each thread takes its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from esacloud.change import snapshot
from esacloud.change.execute import Applied, ChangeFailedError, Origin, Progress, check_plan_is_current, execute
from esacloud.change.live import LiveCloud
from esacloud.change.lock import MachineLock, locked
from esacloud.change.model import ChangePlan, State, Unmanaged
from esacloud.change.plan import make_plan
from esacloud.change.retry import Backoff
from esacloud.errors import EsacloudError, OutsideError
from esacloud.policy.lowered import Lowered

UNMANAGED: Unmanaged = "report"  # docs/apply.md says why
ROUNDS = 4  # plans of a run that holds the cloud's lock, while one that does not may still change something


def plan(live: LiveCloud, lowered: Lowered, unmanaged: Unmanaged = UNMANAGED) -> ChangePlan:
    """The plan of `apply`. Raises OutsideError where the cloud cannot be read, InputError where quotas allow no order."""
    return _plan_for(live, live.desired_state(lowered), unmanaged)


def plan_destroy(live: LiveCloud) -> ChangePlan:
    """The plan of `destroy`: detach and delete what `apply` made, and nothing else."""
    return _plan_for(live, None, "keep")


def plan_restore(live: LiveCloud, document: Mapping[str, Any]) -> ChangePlan:
    """The plan that restores the state of a snapshot's document, unmanaged rules included."""
    old = snapshot.state_of(document, live)
    attachments_read, old = old.attachments is not None, replace(old, attachments={})
    actual = live.read_state(old)
    if not attachments_read:  # that change attached and detached nothing, so the restore does not either
        attached = {group.name: group.attached for group in actual.groups}
        old = replace(old, groups=tuple(replace(group, attached=attached.get(group.name, ())) for group in old.groups))
    return make_plan(live, actual, old, "purge", exact=True)


def _plan_for(live: LiveCloud, desired: State | None, unmanaged: Unmanaged, *, exact: bool = False) -> ChangePlan:
    """A plan from the actual state; `desired` is None to delete all groups."""
    actual = live.read_state(desired)
    made = make_plan(live, actual, live.empty_state(actual) if desired is None else desired, unmanaged, exact=exact)
    return replace(made, desired=desired)


def apply(
    live: LiveCloud,
    plan: ChangePlan,
    state_directory: Path,
    *,
    shown: bool = False,
    snapshots: Path | None = None,
    backoff: Backoff | None = None,
    progress: Progress | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Applied:
    """Execute a plan of any of the three kinds.

    The cloud is read again first when the plan was `shown`, as time has passed since; when there seems to be nothing to
    change; and after a run that did not complete. Only one apply of a deployment runs at a time on a machine, under a lock
    in `state_directory`; a second one is refused. A run that meets another one, on any machine, takes the cloud's lock and
    plans again while it holds it; some changes take that lock first. `notice` gets a sentence when the run waits.
    Raises StalePlanError, ChangeFailedError, or OutsideError; the first and last before anything is changed.
    """
    with locked(state_directory / "locks", plan.actual) as lock:
        run = _Run(live, lock, snapshots or state_directory / "snapshots", backoff or Backoff(), progress, notice)
        return run.apply(plan, shown=shown)


@dataclass(frozen=True)
class _Run:
    """One run, while it holds the lock of this machine."""

    live: LiveCloud
    lock: MachineLock
    snapshots: Path
    backoff: Backoff
    progress: Progress | None
    notice: Callable[[str], None]

    def apply(self, plan: ChangePlan, *, shown: bool) -> Applied:
        unsettled = self.lock.unsettled()
        if unsettled:
            self.notice(
                f"An earlier run did not complete, and reads may be older than its last change. Waiting {unsettled:.0f} s."
            )
            self.backoff.sleep(unsettled)
        if shown:
            check_plan_is_current(self.live, plan)
        elif unsettled or plan.empty:
            plan = self._replan(plan)
        if self.live.needs_lock(plan):
            return self._apply_locked(plan, None)
        try:
            return self._execute(plan)
        except ChangeFailedError as failure:
            if not failure.conflict:
                raise
            return self._apply_locked(failure.origin.plan, failure)

    def _replan(self, plan: ChangePlan) -> ChangePlan:
        return _plan_for(self.live, plan.desired, plan.unmanaged, exact=plan.exact)

    def _execute(self, plan: ChangePlan, origin: Origin | None = None) -> Applied:
        applied = execute(
            *(self.live, plan, self.snapshots),
            origin=origin,
            backoff=self.backoff,
            progress=self.progress,
            changing=self.lock.changing,
        )
        self.lock.ended()
        return applied

    def _apply_locked(self, first: ChangePlan, failure: ChangeFailedError | None) -> Applied:
        """Reach the desired state of `first` under the cloud's lock, whatever another run does. That run is refused."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self.live.hold_lock(self.lock.owner))
            except OutsideError as error:
                if failure is None:
                    raise OutsideError(f"{str(error).rstrip('.')}. Nothing was changed.") from error
                raise failure.with_reason(str(error)) from error
            return self._rounds(first, failure)

    def _rounds(self, first: ChangePlan, failure: ChangeFailedError | None) -> Applied:
        """Plan and execute until the state is the planned one. Another run may go on for a while without the lock."""
        for number in range(ROUNDS):
            try:
                plan = self._replan(first)
            except EsacloudError as error:
                if failure is None:
                    raise
                raise failure.with_reason(str(error)) from error
            try:
                return self._execute(plan, failure.origin if failure else None)
            except ChangeFailedError as error:
                if not error.conflict or number == ROUNDS - 1:
                    raise
                failure = error
        raise AssertionError("the last round returns or raises")
