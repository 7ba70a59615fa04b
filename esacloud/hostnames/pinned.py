"""A deployment with the lock that belongs to it, and what the lock's age says. The lock alone is read: nothing is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from esacloud.deployment.model import Deployment, Pinned
from esacloud.errors import Place, Problem
from esacloud.hostnames.lock import Lock, lock_path
from esacloud.hostnames.read_lock import read_lock

OLD_DAYS = 30
_CLOCKS_DIFFER = timedelta(minutes=10)


def with_lock(deployment: Deployment) -> Deployment:
    """The deployment with the addresses of its lock; as it is where there is no lock yet.

    The digest then covers the addresses too, and nothing else of the lock: looking names up again and finding the same
    changes no module. Raises InputError for a lock that cannot be used.
    """
    path = lock_path(deployment.place.file)
    lock = read_lock(path, deployment.name)
    if lock is None:
        return deployment
    addresses = lock.addresses()
    said = "".join(f"{name} {' '.join(map(str, networks))}\n" for name, networks in addresses.items())
    return replace(
        deployment,
        pinned=Pinned(path, lock.resolved, addresses),
        digest=sha256(f"{deployment.digest}\n{said}".encode()).hexdigest(),
    )


def age_problems(deployment: Deployment, now: datetime) -> Iterator[Problem]:
    """A warning where the lock is old, an error where it comes from the future. `now` is in UTC."""
    if deployment.pinned is None:
        return
    place = Place(deployment.pinned.file, key="resolved")
    age = now - time_of(deployment.pinned.resolved)
    if age < -_CLOCKS_DIFFER:
        yield from_the_future(place, deployment.pinned.resolved, now)
    elif age.days > OLD_DAYS:
        message = f"The addresses were looked up {age.days} days ago, and names move."
        yield Problem(place, message, f"Run `esacloud resolve {deployment.place.file}`.", "warning")


def from_the_future(place: Place, resolved: str, now: datetime) -> Problem:
    """The problem of a lock that was written after `now`."""
    message = f"The lock is from the future: it says {resolved}, and it is {time_text(now)}."
    return Problem(place, message, "Set this machine's clock right, or make the lock anew.")


def is_from_the_future(lock: Lock, now: datetime) -> bool:
    """Whether the lock was written after `now`, by more than clocks may differ."""
    return time_of(lock.resolved) > now + _CLOCKS_DIFFER


def time_of(text: str) -> datetime:
    """A time of a lock as a value with its zone, UTC."""
    return datetime.fromisoformat(text)


def time_text(time: datetime) -> str:
    """A time, in UTC, as a lock says it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
