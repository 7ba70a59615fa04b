"""What may be tried again, and how long to wait: exponential backoff with full jitter.

A call that the cloud throttled did nothing and is sent again as it was, for as long as the throttle lasts or until the run
has lost `timeout` seconds to throttles. A call whose answer was lost may have worked, so what is still to do is read before
it is sent again, a fixed number of times. A call that the cloud refused is never sent again. Source of the waiting times:
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
LOOKS = 7  # at what a cloud shows late: with the pauses between them they take 16 seconds
_LONGEST_PAUSE = 8.0
_LEAST = 0.1  # of a wait's upper limit; a wait counts as at least this, so that waits of no length come to an end as well
_ROUNDING = 1e-6  # seconds


class ThrottledError(OutsideError):
    """The cloud asked to slow down; the call did nothing."""


class LostError(OutsideError):
    """No answer, or an error of the cloud's own: the call may have worked or not."""


class SettledError(OutsideError):
    """The cloud says that a part of the call is done already: a duplicate, or something that is gone."""


class LockedError(OutsideError):
    """Somebody else holds the lock."""


class RefusedError(OutsideError):
    """The cloud will not do it, however often it is asked. `code` is its own word for why."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class ConflictError(RefusedError):
    """The cloud will not do it because something is not as the plan has it: another run has probably come in between."""


@dataclass(slots=True)
class ThrottledTime:
    """The time that the calls of one run have lost to throttles so far."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long and how often a call is tried, and how long is waited between: up to `base` * 2**n seconds, at most `most`.

    `timeout`: seconds that a run may lose to throttles, over all its calls. `tries`: how often a call is sent whose answers
    are lost. `sleep` (seconds), `jitter` (a number from 0 to 1) and `clock` (seconds) can be replaced, for tests and for
    schedulers; a `sleep` that returns at once counts as if it had slept. `throttled` is shared by all calls of a run.
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
        """The same for another run, which has lost no time yet."""
        return replace(self, throttled=ThrottledTime())

    def wait(self, number: int) -> None:
        """Wait before try `number` + 1, counted from 0."""
        self.sleep(self.jitter() * self._limit(number))

    def wait_for_look(self, number: int) -> None:
        """Wait before look `number`, counted from 0, at what a cloud shows late: 0, 0.25, 0.5, 1 ... 8 s."""
        if number:
            self.sleep(min(_LONGEST_PAUSE, self.base * 2.0 ** min(number - 1, 64)))

    def wait_throttled(self, number: int) -> None:
        """The same after a throttled answer: the run loses the time, and the wait ends when the run has no more of it."""
        limit = self._limit(number)
        self.lose(self.jitter() * limit, least=_LEAST * limit)

    def lose(self, seconds: float, least: float = 0.0) -> None:
        """Sleep because of a throttle, at most for the time that the run has left; it counts as `least` at least."""
        seconds = max(0.0, min(seconds, self.left))
        begun = self.clock()
        self.sleep(seconds)
        self.throttled.seconds += max(self.clock() - begun, seconds, least)

    @property
    def left(self) -> float:
        """The seconds that the run may still lose to throttles; 0 when it has lost `timeout`."""
        left = self.timeout - self.throttled.seconds
        return left if left > _ROUNDING else 0.0

    def _limit(self, number: int) -> float:
        return min(self.most, self.base * 2.0 ** min(number, 64))


class Tries:
    """The tries of one call: each method waits before the next one, or raises where there is none.

    Throttled answers are limited by the time of the run alone, and lost ones by their number alone.
    """

    def __init__(self, backoff: Backoff) -> None:
        self.backoff, self._throttled, self._failed = backoff, 0, 0
        self._sent: float | None = None  # when the call was sent again after a throttled answer

    def throttled(self, error: ThrottledError) -> None:
        """Wait after a throttled answer. Raises ThrottledError when the run has lost all of its time."""
        backoff = self.backoff
        if self._sent is not None:  # waiting for the pace, and for the answer
            backoff.throttled.seconds += max(0.0, backoff.clock() - self._sent)
        if not backoff.left:
            raise ThrottledError(_given_up(error, backoff)) from error
        backoff.wait_throttled(self._throttled)
        self._throttled += 1
        self._sent = backoff.clock()

    def failed(self, error: OutsideError, most: int | None = None) -> None:
        """Wait after an answer that leaves open what was done. Raises `error` after `most` (`tries`) of them."""
        self._failed += 1
        self._sent = None
        if self._failed >= (self.backoff.tries if most is None else most):
            raise error
        self.backoff.wait(self._failed - 1)


def _given_up(error: ThrottledError, backoff: Backoff) -> str:
    said = str(error).rstrip(". ")
    return (
        f"{said}. The cloud throttled the calls of this run for {backoff.throttled.seconds:.0f} s in all, and the timeout "
        f"is {backoff.timeout:g} s. Set a longer one, as `--timeout 30m`, or run it again later."
    )


def ask(send: Callable[[], T], backoff: Backoff) -> T:
    """Send a call that changes nothing until it is answered. Raises what the last try raised, or RefusedError at once.

    Where there is no answer at all it gives up sooner: an address that is wrong does not get right.
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

    After an answer that leaves it open what was done, `left` reads what is still to do, and that alone is sent again.
    Raises RefusedError at once, and what the last try raised when all tries are used.
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


def until_done(attempt: Callable[[], T], forget: Callable[[], object], backoff: Backoff) -> T:
    """Try until it is done, and return what the last try returned.

    Before a try that follows an answer which leaves it open what was done, `forget` drops what is known of the state, so
    that the try reads it. Raises RefusedError at once, and what the last try raised when all tries are used.
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
