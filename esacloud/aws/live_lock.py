"""A lock in the VPC itself: an empty security group whose name only one can create, for as long as it is there.

It is needed only when two changes of one deployment have met, so that no change pays its calls otherwise. It carries no tag
of a deployment and nothing ever carries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from esacloud.aws.live_calls import GROUP_NOT_FOUND, Calls
from esacloud.aws.live_place import Whereabouts
from esacloud.aws.live_read import describe, tags_of
from esacloud.live.retry import LockedError, RefusedError, SettledError, converge

LOCK_TAG = "esacloud:lock"


@contextmanager
def cloud_lock(calls: Calls, where: Whereabouts) -> Iterator[None]:
    """Hold the lock of a deployment. Raises LockedError where somebody else does, OutsideError where EC2 refuses."""
    group = _take(calls, where)
    try:
        yield
    finally:
        _leave(calls, group)


def _take(calls: Calls, where: Whereabouts) -> str:
    name, run = f"esacloud-lock-{where.deployment}", str(uuid4())
    ids: list[str] = []

    def send(_: Sequence[str]) -> None:
        answer = calls.send(
            "CreateSecurityGroup",
            GroupName=name,
            Description=f"Lock of {where.deployment}, held while esacloud applies",
            VpcId=where.vpc,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": [{"Key": LOCK_TAG, "Value": run}]}],
        )
        ids.append(str(answer["GroupId"]))

    def left(todo: Sequence[str]) -> Sequence[str]:
        for found in describe(calls, where.vpc, "group-name", (name,)):
            if tags_of(found).get(LOCK_TAG) == run:
                ids.append(str(found["GroupId"]))
                return ()
            raise LockedError(
                f"another apply of {where.deployment} met this one and is bringing the cloud to its own state. If none is "
                f"at work any more, delete the security group {found['GroupId']} ({name}), which is its lock"
            )
        return todo

    converge((name,), send, left, calls.backoff)
    return ids[-1]


def _leave(calls: Calls, group: str) -> None:
    def send(_: Sequence[str]) -> None:
        try:
            calls.send("DeleteSecurityGroup", GroupId=group)
        except RefusedError as error:
            if error.code != GROUP_NOT_FOUND:
                raise
        except SettledError:
            return

    converge((group,), send, lambda todo: todo, calls.backoff)
