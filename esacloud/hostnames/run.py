"""Resolving for one deployment file, end to end: the names, their answers, the next lock, and writing it atomically."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from esacloud import provider as clouds
from esacloud.deployment.model import Deployment
from esacloud.deployment.read import read
from esacloud.errors import InputError, OutsideError, Place, Problem
from esacloud.hostnames.ask import ask
from esacloud.hostnames.lock import Lock, lock_path, lock_text
from esacloud.hostnames.pinned import future_problem
from esacloud.hostnames.read_lock import read_lock
from esacloud.hostnames.resolve import GRACE_DAYS, Change, changes, next_lock, refusals
from esacloud.policy.compile import pinned_names
from esacloud.text_files import draft


@dataclass(frozen=True, slots=True)
class Resolved:
    """The result for a deployment file. `path` is the lock's."""

    deployment: str
    path: str
    before: Lock | None
    lock: Lock
    changes: tuple[Change, ...]
    warnings: tuple[Problem, ...]

    @property
    def changed(self) -> bool:
        """Whether the addresses changed, so that modules would change."""
        return any(change.added or change.removed for change in self.changes) or (
            self.before is None or self.before.names.keys() != self.lock.names.keys()
        )


def resolve(
    file: str,
    *,
    now: datetime,
    servers: Sequence[tuple[str, int]] = (),
    grace_days: int | None = None,
    timeout: float = 5.0,
) -> Resolved:
    """Resolve every name that the file pins, on any of its clouds. `now` is in UTC; nothing is written.

    Raises InputError for names that cannot be pinned and for a lock that cannot be used, OutsideError when only resolvers
    failed.
    """
    dialects = {name: clouds.load(name).dialect for name in clouds.CLOUDS}
    deployment = read(file, dialects)
    path = lock_path(file)
    before = read_lock(path, deployment.name)
    if before is not None and (problem := future_problem(path, before.resolved, now)):
        raise InputError(problem)
    places = _places(deployment)
    answers = ask(tuple(places), servers, timeout=timeout) if places else {}
    found = list(refusals(places, answers, deployment.versions))
    if found and all(outside for _, outside in found):
        raise OutsideError("\n".join(str(problem) for problem, _ in found))
    if found:
        raise InputError(*(problem for problem, _ in found))
    days = grace_days if grace_days is not None else before.grace_days if before else GRACE_DAYS
    lock = next_lock(deployment.name, answers, before, now, days)
    warnings = list(deployment.warnings)
    if not places:
        message = "No host name of this file is pinned, so there is nothing to resolve."
        warnings.append(Problem(Place(file, key="hostnames"), message, "Write `hostnames: pinned`.", "warning"))
    return Resolved(deployment.name, path, before, lock, changes(before, lock), tuple(warnings))


def _places(deployment: Deployment) -> dict[str, Place]:
    """The names that any of the clouds pins -> their places in the file, in order."""
    places: dict[str, Place] = {}
    for cloud in deployment.clouds:
        for name, place in pinned_names(deployment, clouds.load(cloud).dialect).items():
            places.setdefault(name, place)
    return dict(sorted(places.items()))


def write_lock(resolved: Resolved) -> None:
    """Write the lock atomically. Raises OutsideError when the disk fails."""
    try:
        with draft(resolved.path, lock_text(resolved.lock)) as made:
            Path(made).replace(resolved.path)
    except OSError as error:
        message = f"The lock cannot be written: {error.strerror}. It is unchanged."
        raise OutsideError(f"{resolved.path}: {message}") from None
