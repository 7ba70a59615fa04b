"""Keeping to a cloud's rate limits before it has to refuse: token buckets, as the clouds themselves count, for all threads.

A bucket holds so many tokens and is filled at a steady rate; a request takes one, or waits for it. Requests of one kind go
in the order in which they asked. A cloud that throttles all the same (others draw from its buckets too) empties ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket: `burst` requests at once, and `per_second` more."""

    burst: float
    per_second: float

    def part(self, share: float) -> Rate:
        """A bucket that is so much of this one."""
        return Rate(self.burst * share, self.per_second * share)


OURS = 0.8  # of a cloud's own buckets; a fifth is left to whoever else draws from them


@dataclass(slots=True)
class _Bucket:
    tokens: float
    since: float


class Pace:
    """A bucket for each kind of request. Threads share one object; `clock` and `sleep` (seconds) can be replaced."""

    def __init__(
        self,
        rate_of: Callable[[str], Rate],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate_of, self._clock, self._sleep = rate_of, clock, sleep
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def wait(self, kind: str) -> None:
        """Take a token, and wait until it is there."""
        with self._lock:
            bucket = self._filled(kind)
            bucket.tokens -= 1
            seconds = -bucket.tokens / self._rate_of(kind).per_second
        if seconds > 0:
            self._sleep(seconds)

    def throttled(self, kind: str) -> None:
        """The cloud refused a request of this kind: its bucket is empty, so ours is."""
        with self._lock:
            bucket = self._filled(kind)
            bucket.tokens = min(bucket.tokens, 0)

    def _filled(self, kind: str) -> _Bucket:
        rate, now = self._rate_of(kind), self._clock()
        bucket = self._buckets.setdefault(kind, _Bucket(rate.burst, now))
        bucket.tokens = min(rate.burst, bucket.tokens + (now - bucket.since) * rate.per_second)
        bucket.since = now
        return bucket


_shared: dict[Hashable, Pace] = {}
_sharing = threading.Lock()


def shared(place: Hashable, rate_of: Callable[[str], Rate]) -> Pace:
    """The one pace of this process for a place whose requests the cloud counts together."""
    with _sharing:
        return _shared.setdefault(place, Pace(rate_of))
