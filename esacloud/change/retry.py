"""Retries: which calls are sent again, and how long to wait: exponential backoff with full jitter.

A throttled call did nothing; it is sent again until the run has lost `timeout` seconds to throttles. A call whose
answer was lost may have worked, so the pending part is read before it is sent again, a fixed number of times. A call
that the cloud refused is never sent again. Source of the waiting times:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter").
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from esacloud.errors import OutsideError

T = TypeVar("T")
TIMEOUT = 600.0  # seconds
_LOST_ANSWERS = 5
LOOKS = 7  # reads of what may show late; with the pauses between them they take 16 seconds
_LONGEST_PAUSE = 8.0
_LEAST = 0.1  # of a wait's upper limit; the least that a wait counts, so that waits of no length come to an end as well
_ROUNDING = 1e-6  # seconds


class ThrottledError(OutsideError):
    """The cloud asked to slow down; the call did nothing."""


class LostError(OutsideError):
    """No answer, or an error of the cloud's own: the call may have worked or not."""


class SettledError(OutsideError):
    """The cloud says that a part of the call is done already: a duplicate, or something that does not exist."""


class LockedError(OutsideError):
    """Another run holds the lock."""


class RefusedError(OutsideError):
    """The cloud refuses the call for good. `code` is its error code."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class ConflictError(RefusedError):
    """The cloud refuses the call because its state is not the plan's: another run has probably changed it."""


@dataclass(slots=True)
class ThrottledTime:
    """The time that the calls of one run have lost to throttles."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a call is sent, and the waits in between: up to `base` * 2**n seconds, at most `most`.

    - `timeout`: seconds that a run may lose to throttles, over all its calls; `throttled`: those that it has lost.
    - `tries`: how often a call is sent whose answers are lost.
    - `sleep` and `clock` (seconds) and `jitter` (0 to 1) can be replaced; a `sleep` that returns at once counts in full.
    """

    tries: int = 8
    base: float = 0.25
    most: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    timeout: float = TIMEOUT
    clock: Callable[[], float] = time.monotonic
    throttled: ThrottledTime = field(default_factory=ThrottledTime, repr=False, compare=False)

    def for_run(self) -> Backoff:
        """A copy for another run, which has lost no time yet."""
        return replace(self, throttled=ThrottledTime())

    def wait(self, number: int) -> None:
        """Wait before try `number` + 1, counted from 0."""
        self.sleep(self.jitter() * self._limit(number))

    def wait_for_look(self, number: int) -> None:
        """Wait before read `number`, counted from 0, of what may show late: 0, 0.25, 0.5, 1 ... 8 s."""
        if number:
            self.sleep(min(_LONGEST_PAUSE, self.base * 2.0 ** min(number - 1, 64)))

    def wait_throttled(self, number: int) -> None:
        """Wait before try `number` + 1 after a throttled answer, at most for the time that the run has left."""
        limit = self._limit(number)
        self.lose(self.jitter() * limit, least=_LEAST * limit)

    def lose(self, seconds: float, least: float = 0.0) -> None:
        """Sleep because of a throttle, at most for the time that the run has left; counts as `least` or more."""
        seconds = max(0.0, min(seconds, self.left))
        begun = self.clock()
        self.sleep(seconds)
        self.throttled.seconds += max(self.clock() - begun, seconds, least)

    @property
    def left(self) -> float:
        """The seconds that the run may still lose to throttles."""
        left = self.timeout - self.throttled.seconds
        return left if left > _ROUNDING else 0.0

    def _limit(self, number: int) -> float:
        return min(self.most, self.base * 2.0 ** min(number, 64))


class Tries:
    """The tries of one call: each method waits before the next one, or raises when it was the last.

    Throttled answers are limited by the time of the run, lost ones by their number.
    """

    def __init__(self, backoff: Backoff) -> None:
        self.backoff, self._throttled, self._failed = backoff, 0, 0
        self._sent: float | None = None  # when the call was sent again after a throttled answer

    def throttled(self, error: ThrottledError) -> None:
        """Wait after a throttled answer. Raises ThrottledError when the run has no time left."""
        backoff = self.backoff
        if self._sent is not None:  # the time for the pace and for the answer counts too
            backoff.throttled.seconds += max(0.0, backoff.clock() - self._sent)
        if not backoff.left:
            message, lost = str(error).rstrip(". "), backoff.throttled.seconds
            raise ThrottledError(
                f"{message}. The cloud throttled the calls of this run for {lost:.0f} s in total, and the timeout is "
                f"{backoff.timeout:g} s. Set a longer one, such as `--timeout 30m`, or run the command again later."
            ) from error
        backoff.wait_throttled(self._throttled)
        self._throttled += 1
        self._sent = backoff.clock()

    def failed(self, error: OutsideError, most: int | None = None) -> None:
        """Wait after an answer that leaves open what was done. Raises `error` after `most` of them (default: `tries`)."""
        self._failed += 1
        self._sent = None
        if self._failed >= (self.backoff.tries if most is None else most):
            raise error
        self.backoff.wait(self._failed - 1)


def ask(send: Callable[[], T], backoff: Backoff) -> T:
    """Send a call that changes nothing until it is answered. Raises the error of the last try, or RefusedError at once.

    Without any answer it gives up sooner than other calls: the address is probably wrong.
    """
    tries = Tries(backoff)
    while True:
        try:
            return send()
        except ThrottledError as error:
            tries.throttled(error)
        except LostError as error:
            tries.failed(error, min(_LOST_ANSWERS, backoff.tries))


def converge(
    pending: Sequence[T],
    send: Callable[[Sequence[T]], None],
    left: Callable[[Sequence[T]], Sequence[T]],
    backoff: Backoff,
) -> None:
    """Send a call about all of `pending` until all of it is done.

    After an answer that leaves open what was done, `left` reads what is still pending, and only that is sent again.
    Raises RefusedError at once, or the error of the last try.
    """
    tries = Tries(backoff)
    while True:
        try:
            send(pending)
            return
        except ThrottledError as error:
            tries.throttled(error)
        except (LostError, SettledError) as error:
            pending = left(pending)
            if not pending:
                return
            tries.failed(error)


def until_done(attempt: Callable[[], T], backoff: Backoff, forget: Callable[[], object] = lambda: None) -> T:
    """Repeat `attempt` until it is done, and return its result.

    After an answer that leaves open what was done, `forget` drops what is known of the state, so that the next attempt
    reads it. Without `forget`, the effect of `attempt` is the same when it arrives twice. Raises RefusedError at once, or
    the error of the last attempt.
    """
    tries = Tries(backoff)
    while True:
        try:
            return attempt()
        except ThrottledError as error:
            tries.throttled(error)
        except (LostError, SettledError) as error:
            tries.failed(error)
            forget()
