"""What may be tried again, and how long to wait: exponential backoff with full jitter.

A call that the cloud throttled did nothing and is sent again as it was. A call whose answer was lost may have worked, so
what is still to do is read before it is sent again. A call that the cloud refused is never sent again. Source of the
waiting times: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter").
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from esacloud.errors import OutsideError

T = TypeVar("T")
_LOST_ANSWERS = 5


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


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a call is tried and how long is waited between: up to `base` * 2**n seconds, at most `most`.

    `sleep` and `jitter` (a number from 0 to 1) can be replaced, for tests and for schedulers.
    """

    tries: int = 8
    base: float = 0.25
    most: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def wait(self, number: int) -> None:
        """Wait before try `number` + 1, counted from 0."""
        self.sleep(self.jitter() * min(self.most, self.base * 2**number))


def ask(send: Callable[[], T], backoff: Backoff) -> T:
    """Send a call that changes nothing until it is answered. Raises what the last try raised, or RefusedError at once.

    Where there is no answer at all it gives up sooner: an address that is wrong does not get right.
    """
    lost = 0
    for number in range(backoff.tries - 1):
        try:
            return send()
        except ThrottledError:
            backoff.wait(number)
        except LostError:
            lost += 1
            if lost >= _LOST_ANSWERS:
                raise
            backoff.wait(number)
    return send()


def converge(
    todo: Sequence[T],
    send: Callable[[Sequence[T]], None],
    left: Callable[[Sequence[T]], Sequence[T]],
    backoff: Backoff,
) -> None:
    """Send a call about all of `todo` until all of it is done.

    After an answer that leaves it open what was done, `left` reads what is still to do, and that alone is sent again.
    Raises RefusedError at once, and what the last try raised when all tries are used.
    """
    for number in range(backoff.tries):
        last = number == backoff.tries - 1
        try:
            send(todo)
            return
        except ThrottledError:
            if last:
                raise
            backoff.wait(number)
        except (LostError, SettledError):
            remaining = left(todo)
            if not remaining:
                return
            if last:
                raise
            todo = remaining
            backoff.wait(number)
