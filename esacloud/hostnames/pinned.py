"""A deployment with its lock, and warnings about the lock's age. Only the lock is read; nothing is resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from esacloud.deployment.model import Deployment, Pinned
from esacloud.errors import Place, Problem
from esacloud.hostnames.lock import lock_path, read_lock

OLD_DAYS = 30
_CLOCKS_DIFFER = timedelta(minutes=10)


def with_lock(deployment: Deployment) -> Deployment:
    """The deployment with the addresses of its lock; unchanged when there is no lock yet.

    The digest then covers the addresses too, and nothing else of the lock, so that resolving again with the same result
    changes no module. Raises InputError for a lock that cannot be used.
    """
    path = lock_path(deployment.place.file)
    lock = read_lock(path, deployment.name)
    if lock is None:
        return deployment
    addresses = lock.addresses()
    text = "".join(f"{name} {' '.join(map(str, networks))}\n" for name, networks in addresses.items())
    return replace(
        deployment,
        pinned=Pinned(path, lock.resolved, addresses),
        digest=sha256(f"{deployment.digest}\n{text}".encode()).hexdigest(),
    )


def age_problems(deployment: Deployment, now: datetime) -> Iterator[Problem]:
    """A warning when the lock is old, an error when it is from the future. `now` is in UTC."""
    if deployment.pinned is None:
        return
    path, resolved = deployment.pinned.file, deployment.pinned.resolved
    if problem := future_problem(path, resolved, now):
        yield problem
    elif (age := now - time_of(resolved)).days > OLD_DAYS:
        message = f"The addresses were resolved {age.days} days ago and may have changed."
        hint = f"Run `esacloud resolve {deployment.place.file}`."
        yield Problem(Place(path, key="resolved"), message, hint, "warning")


def future_problem(path: str, resolved: str, now: datetime) -> Problem | None:
    """The problem of a lock that was written after `now`, by more than clocks may differ."""
    if time_of(resolved) <= now + _CLOCKS_DIFFER:
        return None
    message = f"The lock is from the future: {resolved}; now is {time_text(now)}."
    hint = "Correct this machine's clock, or remove the lock and run `esacloud resolve`."
    return Problem(Place(path, key="resolved"), message, hint)


def time_of(text: str) -> datetime:
    """A time in a lock as a value with its zone, UTC."""
    return datetime.fromisoformat(text)


def time_text(time: datetime) -> str:
    """A time, in UTC, as a lock writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
