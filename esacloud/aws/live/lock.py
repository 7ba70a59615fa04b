"""A lock in the VPC itself: an empty security group, whose name only one run can create while it exists.

It is taken only when two changes of one deployment meet, so that other changes do not pay for its calls. It has the
deployment's tag, so that every read of the groups shows it, and it is never attached. Its tags name the owner and the time
until which it is held; the owner extends that time while it works. An expired lock, or one that an earlier run of this
machine left, is replaced: deleted by its id and created again, and only one run can do either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any
from uuid import uuid4

from esacloud.aws.live.calls import GROUP_NOT_FOUND, Calls, tag_list
from esacloud.aws.live.read import LOCK_TAG, Seen, describe
from esacloud.aws.live.scope import Scope, tags_of
from esacloud.change.retry import LockedError, LostError, RefusedError, SettledError, converge, until_done
from esacloud.errors import OutsideError
from esacloud.policy.actual import DEPLOYMENT_TAG

UNTIL_TAG = "esacloud:locked-until"
HELD = timedelta(minutes=5)  # longer than a call, its answer and the pause after it, and than clocks differ
BEAT = timedelta(minutes=1)  # between two extensions
LOST = "LockLost"


class CloudLock(AbstractContextManager[None]):
    """Hold the lock of a deployment while the block runs.

    Entering raises LockedError where another run holds it, OutsideError where EC2 refuses. Leaving raises OutsideError
    where the change succeeded and the lock cannot be deleted. `owner` is the name of this machine's locks, of which the
    caller holds that of this deployment.
    """

    def __init__(
        self,
        calls: Calls,
        where: Scope,
        seen: Seen,
        owner: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.calls, self.where, self.seen, self.owner, self.now = calls, where, seen, owner, now
        self.name = f"esacloud-lock-{where.deployment}"
        self.group = ""
        self.next_beat = now()

    def __enter__(self) -> None:
        self._take()
        self.seen.own_lock = self.group
        self.calls.before_each = self._beat

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.calls.before_each = None
        self.seen.own_lock = None
        try:
            self._delete(self.group, made=True)
        except OutsideError as failure:
            if kind is None:
                raise OutsideError(
                    f"{self.where.deployment}: the change was made and read back, but its lock, the security group "
                    f"{self.group} ({self.name}), could not be deleted: {failure}. It expires {HELD.seconds // 60} minutes "
                    "after it was last held; or delete it"
                ) from failure

    def _take(self) -> None:
        run = f"{self.owner}/{uuid4()}"
        ids: list[str] = []

        def send(_: Sequence[str]) -> None:
            tags = {LOCK_TAG: run, UNTIL_TAG: self._until(), DEPLOYMENT_TAG: self.where.deployment}
            description = f"Lock of {self.where.deployment}, held while esacloud applies"
            ids.append(self.calls.create_group(self.where.vpc, self.name, description, tags))

        def left(pending: Sequence[str]) -> Sequence[str]:
            for found in describe(self.calls, self.where.vpc, "group-name", (self.name,)):
                if tags_of(found).get(LOCK_TAG) == run:
                    ids.append(str(found["GroupId"]))
                    return ()
                if not self._is_expired(found):
                    raise LockedError(self._held(found))
                self._delete(str(found["GroupId"]))
            return pending

        try:
            converge((self.name,), send, left, self.calls.backoff)
        except SettledError as error:
            raise LockedError(f"another run for {self.where.deployment} holds its lock, {self.name} ({error})") from error
        self.group = ids[-1]

    def _until(self) -> str:
        now = self.now()
        self.next_beat = now + BEAT
        return (now + HELD).isoformat(timespec="seconds")

    def _beat(self) -> None:
        """Extend the time until which it is held. Raises RefusedError where another run has replaced it."""
        if self.now() < self.next_beat:
            return
        try:
            self.calls.repeat("CreateTags", Resources=[self.group], Tags=tag_list({UNTIL_TAG: self._until()}))
        except RefusedError as error:
            if error.code == GROUP_NOT_FOUND:
                message = f"the lock {self.group} no longer exists: another run assumed that this run was dead"
                raise RefusedError(message, LOST) from error  # EC2's own code would be about the next call
            raise

    def _is_expired(self, group: Mapping[str, Any]) -> bool:
        """Whether no run holds it any longer. A lock without a time holds until somebody deletes it."""
        tags = tags_of(group)
        if tags.get(LOCK_TAG, "").partition("/")[0] == self.owner:
            return True
        try:
            return datetime.fromisoformat(tags.get(UNTIL_TAG, "")) < self.now()
        except (ValueError, TypeError):  # no such tag, or one that was written by hand
            return False

    def _held(self, group: Mapping[str, Any]) -> str:
        until = tags_of(group).get(UNTIL_TAG)
        wait = f"the lock expires at {until}" if until else "the lock has no expiry time"
        return (
            f"another run for {self.where.deployment} holds its lock in the VPC. If no other run is active: {wait}; or "
            f"delete the security group {group['GroupId']} ({self.name}), which is the lock"
        )

    def _delete(self, group: str, *, made: bool = False) -> None:
        """Delete it. EC2 may not know a group everywhere yet that this run has made."""
        unknown = 0

        def send() -> None:
            nonlocal unknown
            try:
                self.calls.send("DeleteSecurityGroup", GroupId=group)
            except RefusedError as error:
                if error.code != GROUP_NOT_FOUND:
                    raise
                unknown += 1
                if made and unknown < 4:
                    raise LostError(str(error)) from error

        until_done(send, self.calls.backoff)
