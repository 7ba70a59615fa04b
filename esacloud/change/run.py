"""Plan, apply, destroy and restore, for programs: clients are handed in, results are values, nothing is printed.

    plan = run.plan(live, lowered)
    applied = run.apply(live, plan, Path("snapshots"))

`live` is what `run.connect` returns; each thread takes its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from esacloud.change import snapshot
from esacloud.change.execute import Applied, ChangeFailedError, Progress, check_unmoved, execute
from esacloud.change.lock import locked
from esacloud.change.plan import make_plan
from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Place, Problem
from esacloud.live.cloud import Connection, LiveCloud
from esacloud.live.model import ChangePlan, Foreign
from esacloud.live.retry import Backoff, LockedError
from esacloud.policy.cloud import Lowered

FOREIGN: Foreign = "report"  # docs/apply.md says why


def connect(deployment: Deployment, cloud: str, connection: Connection | None = None) -> LiveCloud:
    """The live cloud of a deployment. Raises InputError where the cloud's SDK is missing or its settings do not suffice."""
    module = _module(cloud, deployment.place)
    return cast(LiveCloud, module.live(deployment, connection or Connection()))


def connect_to(found: Mapping[str, Any], connection: Connection | None = None, path: str = "snapshot") -> LiveCloud:
    """The live cloud of a snapshot's document. Raises InputError as `connect` does."""
    module = _module(str(found["cloud"]), Place(path))
    return cast(LiveCloud, module.live_of(found, connection or Connection()))


def _module(cloud: str, place: Place) -> Any:
    name = f"esacloud.{cloud}.live"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        what = f"Plan, apply and destroy are not there yet for {cloud}."
        raise InputError(Problem(place, what, "Use `esacloud generate` and terraform for it.")) from None


def plan(live: LiveCloud, lowered: Lowered, foreign: Foreign = FOREIGN) -> ChangePlan:
    """What `apply` would do. Raises OutsideError where the cloud cannot be read, InputError where quotas leave no way."""
    wanted = live.wanted(lowered)
    return make_plan(live, live.read(wanted), wanted, foreign)


def plan_destroy(live: LiveCloud) -> ChangePlan:
    """What `destroy` would do: detach and delete what `apply` made, and nothing else."""
    before = live.read(None)
    return make_plan(live, before, live.nothing(before), "keep")


def plan_restore(live: LiveCloud, found: Mapping[str, Any]) -> ChangePlan:
    """What brings back the state that a snapshot's document holds, rules of others included."""
    old = snapshot.state_of(found, live)
    before = live.read(replace(old, attachments={}))
    if old.attachments is None:  # nothing was attached or detached then, so nothing is now
        there = {group.name: group.attached for group in before.groups}
        old = replace(old, groups=tuple(replace(group, attached=there.get(group.name, ())) for group in old.groups))
    return make_plan(live, before, old, "purge", exact=True)


def apply(
    live: LiveCloud,
    plan: ChangePlan,
    state_directory: Path,
    *,
    shown: bool = False,
    snapshots: Path | None = None,
    backoff: Backoff | None = None,
    progress: Progress | None = None,
) -> Applied:
    """Carry a plan out, whichever of the three it is.

    `shown` says that time has passed since the plan was made, so that the cloud is read again first. One apply of a
    deployment runs at a time on a machine: a lock in `state_directory` sees to it, and the second is refused.
    Raises MovedError, ChangeFailedError, or OutsideError; the first and last before anything was changed.
    """
    if plan.empty:
        return Applied(plan, plan.before, None, tuple(live.calls))
    with locked(state_directory / "locks", plan.before):
        if shown:
            check_unmoved(live, plan)
        kept = snapshots or state_directory / "snapshots"
        try:
            return execute(live, plan, kept, backoff=backoff, progress=progress)
        except ChangeFailedError as failure:
            if not failure.somebody_else or not plan.after.groups:
                raise
            return _alone(live, failure, kept, backoff, progress)


def _alone(
    live: LiveCloud, failure: ChangeFailedError, kept: Path, backoff: Backoff | None, progress: Progress | None
) -> Applied:
    """Bring a state that two have changed at once to one of the two: whoever gets the cloud's lock says which.

    The other one is refused. Rules that are foreign are left as the plan says.
    """
    plan = failure.plan
    try:
        with live.exclusive():
            again = make_plan(live, live.read(plan.after), plan.after, plan.foreign, exact=plan.exact)
            return replace(
                execute(live, again, kept, backoff=backoff, progress=progress), snapshot=failure.snapshot, plan=again
            )
    except LockedError as error:
        raise ChangeFailedError(
            str(error), plan, plan.steps, None, failure.state, failure.snapshot, failure.differences
        ) from error
