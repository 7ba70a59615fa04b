"""A lock in the VPC itself: an empty security group whose name only one can create, for as long as it is there.

It is needed only when two changes of one deployment have met, so that no change pays its calls otherwise. It carries no tag
of a deployment and nothing ever carries it. A tag says until when it holds: one that a killed process left is taken over
after that, by deleting it by its id, which only one can do, and making a new one, which only one can do either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from esacloud.aws.live_calls import GROUP_NOT_FOUND, Calls
from esacloud.aws.live_place import Whereabouts
from esacloud.aws.live_read import describe, tags_of
from esacloud.errors import OutsideError
from esacloud.live.retry import LockedError, RefusedError, SettledError, converge

LOCK_TAG, UNTIL_TAG = "esacloud:lock", "esacloud:locked-until"
HELD = timedelta(minutes=30)  # longer than a change with all its retries takes, and than clocks differ


@contextmanager
def cloud_lock(calls: Calls, where: Whereabouts, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[None]:
    """Hold the lock of a deployment. Raises LockedError where somebody else does, OutsideError where EC2 refuses.

    Where it cannot be given back after a change that was made, an OutsideError says so; one that failed says that instead.
    """
    group = _take(calls, where, now)
    try:
        yield
    except BaseException:
        with suppress(OutsideError):
            _delete(calls, group)
        raise
    try:
        _delete(calls, group)
    except OutsideError as error:
        raise OutsideError(
            f"{where.deployment}: the change was made and read back, and its lock, the security group {group} "
            f"({_name(where)}), could not be taken away: {error}. It is given up {HELD.seconds // 60} minutes after it was "
            "taken; or delete it"
        ) from error


def _name(where: Whereabouts) -> str:
    return f"esacloud-lock-{where.deployment}"


def _take(calls: Calls, where: Whereabouts, now: Callable[[], datetime]) -> str:
    name, run = _name(where), str(uuid4())
    ids: list[str] = []

    def send(_: Sequence[str]) -> None:
        tags = {LOCK_TAG: run, UNTIL_TAG: (now() + HELD).isoformat(timespec="seconds")}
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        answer = calls.send(
            "CreateSecurityGroup",
            GroupName=name,
            Description=f"Lock of {where.deployment}, held while esacloud applies",
            VpcId=where.vpc,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": listed}],
        )
        ids.append(str(answer["GroupId"]))

    def left(todo: Sequence[str]) -> Sequence[str]:
        for found in describe(calls, where.vpc, "group-name", (name,)):
            if tags_of(found).get(LOCK_TAG) == run:
                ids.append(str(found["GroupId"]))
                return ()
            if not _over(found, now()):
                raise LockedError(_held(found, name, where.deployment))
            _delete(calls, str(found["GroupId"]))
        return todo

    converge((name,), send, left, calls.backoff)
    return ids[-1]


def _over(group: Mapping[str, Any], now: datetime) -> bool:
    """Whether a lock says that its time is over; one that says nothing of a time holds until somebody deletes it."""
    try:
        return datetime.fromisoformat(tags_of(group).get(UNTIL_TAG, "")) < now
    except (ValueError, TypeError):  # no such tag, or one that was written by hand
        return False


def _held(group: Mapping[str, Any], name: str, deployment: str) -> str:
    until = tags_of(group).get(UNTIL_TAG)
    wait = f"its lock is given up at {until}" if until else "its lock says no time"
    return (
        f"another apply of {deployment} met this one and is bringing the cloud to its own state. If none is at work any "
        f"more: {wait}; or delete the security group {group['GroupId']} ({name}), which is the lock"
    )


def _delete(calls: Calls, group: str) -> None:
    def send(_: Sequence[str]) -> None:
        try:
            calls.send("DeleteSecurityGroup", GroupId=group)
        except RefusedError as error:
            if error.code != GROUP_NOT_FOUND:
                raise
        except SettledError:
            return

    converge((group,), send, lambda todo: todo, calls.backoff)
