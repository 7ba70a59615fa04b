"""Plan, apply, destroy and restore, for programs: clients are handed in, results are values, nothing is printed.

    plan = run.plan(live, lowered)
    applied = run.apply(live, plan, Path("snapshots"))

`live` is what `run.connect` returns; each thread takes its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from esacloud.change import snapshot
from esacloud.change.execute import Applied, ChangeFailedError, Origin, Progress, check_unmoved, execute
from esacloud.change.live import Connection, LiveCloud
from esacloud.change.lock import Held, locked
from esacloud.change.model import ChangePlan, State, Unmanaged
from esacloud.change.plan import make_plan
from esacloud.change.retry import Backoff
from esacloud.deployment.model import Deployment
from esacloud.errors import EsacloudError, InputError, OutsideError, Place, Problem
from esacloud.policy.lowered import Lowered

UNMANAGED: Unmanaged = "report"  # docs/apply.md says why
ROUNDS = 4  # that a run which holds the cloud's lock plans again, because one that does not is still at work


def connect(deployment: Deployment, cloud: str, connection: Connection | None = None) -> LiveCloud:
    """The live cloud of a deployment. Raises InputError where the cloud's SDK is missing or its settings do not suffice."""
    module = _module(cloud, deployment.place)
    return cast(LiveCloud, module.live(deployment, connection or Connection()))


def connect_to(found: Mapping[str, Any], connection: Connection | None = None, path: str = "snapshot") -> LiveCloud:
    """The live cloud of a snapshot's document. Raises InputError as `connect` does, and for a scope of another cloud."""
    module = _module(str(found["cloud"]), Place(path))
    try:
        return cast(LiveCloud, module.live_of(found, connection or Connection()))
    except KeyError as error:  # in a snapshot that somebody has edited
        message = f"The snapshot of {found['cloud']} lacks {error}."
        raise InputError(Problem(Place(path, key="scope"), message, "Use the file as it was written.")) from error


def _module(cloud: str, place: Place) -> Any:
    name = f"esacloud.{cloud}.live.cloud"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        message = f"Plan, apply and destroy are not there yet for {cloud}."
        raise InputError(Problem(place, message, "Use `esacloud generate` and terraform for it.")) from None


def plan(live: LiveCloud, lowered: Lowered, unmanaged: Unmanaged = UNMANAGED) -> ChangePlan:
    """What `apply` would do. Raises OutsideError where the cloud cannot be read, InputError where quotas leave no way."""
    return _planned(live, live.desired(lowered), unmanaged)


def plan_destroy(live: LiveCloud) -> ChangePlan:
    """What `destroy` would do: detach and delete what `apply` made, and nothing else."""
    return _planned(live, None, "keep")


def plan_restore(live: LiveCloud, found: Mapping[str, Any]) -> ChangePlan:
    """What brings back the state that a snapshot's document holds, rules of others included."""
    old = snapshot.state_of(found, live)
    attachments_read, old = old.attachments is not None, replace(old, attachments={})
    before = live.read(old)
    if not attachments_read:  # nothing was attached or detached then, so nothing is now
        there = {group.name: group.attached for group in before.groups}
        old = replace(old, groups=tuple(replace(group, attached=there.get(group.name, ())) for group in old.groups))
    return make_plan(live, before, old, "purge", exact=True)


def _planned(live: LiveCloud, desired: State | None, unmanaged: Unmanaged, *, exact: bool = False) -> ChangePlan:
    """A plan from what is there now; `desired` is None for no group at all."""
    before = live.read(desired)
    made = make_plan(live, before, live.nothing(before) if desired is None else desired, unmanaged, exact=exact)
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
    """Carry a plan out, whichever of the three it is.

    `shown` says that time has passed since the plan was made, so that the cloud is read again first; so it is where there
    seems to be nothing to do, and after a run that did not end. One apply of a deployment runs at a time on a machine: a
    lock in `state_directory` sees to it, and the second is refused. A run that meets another one, on whatever machine,
    takes the lock that the cloud keeps, and plans again while it holds it; some changes take it first. `notice` gets a
    sentence when the run waits.
    Raises MovedError, ChangeFailedError, or OutsideError; the first and last before anything was changed.
    """
    with locked(state_directory / "locks", plan.before) as held:
        kept = snapshots or state_directory / "snapshots"
        run = _Run(live, held, kept, backoff or Backoff(), progress, notice)
        return run.apply(plan, shown=shown)


@dataclass(frozen=True)
class _Run:
    """One run, while it holds the lock of this machine."""

    live: LiveCloud
    held: Held
    snapshots: Path
    backoff: Backoff
    progress: Progress | None
    notice: Callable[[str], None]

    def apply(self, plan: ChangePlan, *, shown: bool) -> Applied:
        unsettled = self.held.unsettled()
        if unsettled:
            self.notice(
                f"An earlier run did not end, and reads may still be older than its last change: waiting {unsettled:.0f} s."
            )
            self.backoff.sleep(unsettled)
        if shown:
            check_unmoved(self.live, plan)
        elif unsettled or plan.empty:
            plan = self._again(plan)
        if self.live.needs_lock(plan):
            return self._alone(plan, None)
        try:
            return self._execute(plan)
        except ChangeFailedError as failure:
            if not failure.conflict:
                raise
            return self._alone(failure.origin.plan, failure)

    def _again(self, plan: ChangePlan) -> ChangePlan:
        return _planned(self.live, plan.desired, plan.unmanaged, exact=plan.exact)

    def _execute(self, plan: ChangePlan, origin: Origin | None = None) -> Applied:
        live, changing = self.live, self.held.changing
        applied = execute(
            *(live, plan, self.snapshots),
            origin=origin,
            backoff=self.backoff,
            progress=self.progress,
            changing=changing,
        )
        self.held.ended()
        return applied

    def _alone(self, first: ChangePlan, failure: ChangeFailedError | None) -> Applied:
        """Bring a state that two runs have changed at once to this one's: whoever gets the cloud's lock does it.

        The other one is refused. Rules that are foreign are left as the plan says.
        """
        with ExitStack() as held:
            try:
                held.enter_context(self.live.exclusive(self.held.owner))
            except OutsideError as error:
                if failure is None:
                    raise OutsideError(f"{str(error).rstrip('.')}. Nothing was changed.") from error
                raise failure.because(str(error)) from error
            return self._rounds(first, failure)

    def _rounds(self, first: ChangePlan, failure: ChangeFailedError | None) -> Applied:
        """Plan and execute until the state is the desired one. The other run may go on for a while without the lock."""
        for number in range(ROUNDS):
            try:
                again = self._again(first)
            except EsacloudError as error:
                if failure is None:
                    raise
                raise failure.because(str(error)) from error
            try:
                return self._execute(again, failure.origin if failure else None)
            except ChangeFailedError as error:
                if not error.conflict or number == ROUNDS - 1:
                    raise
                failure = error
        raise AssertionError("the last round returns or raises")
