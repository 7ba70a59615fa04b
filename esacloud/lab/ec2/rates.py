"""EC2's side of its request limits: token buckets that everybody who calls one server draws from.

Each action has a bucket of its own, by the published figures (`esacloud/aws/live/rates.py` names the page). A request that
finds its bucket empty is answered 503 RequestLimitExceeded and does nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from esacloud.aws.live.rates import published
from esacloud.change.pace import Rate

THROTTLED = 503, "RequestLimitExceeded", "Request limit exceeded."
_SHARED = "everything that changes"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    since: float


class Buckets:
    """The buckets of one account and region.

    `rate_of` gives the bucket of an action, None where its requests are not counted. With `shared`, everything that changes
    draws from one bucket of that rate instead. `clock` counts seconds. `refused` is how many requests found a bucket empty.
    """

    def __init__(
        self,
        rate_of: Callable[[str], Rate | None] = published,
        *,
        shared: Rate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate_of, self._shared, self._clock = rate_of, shared, clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()
        self.refused = 0

    def over(self, action: str) -> bool:
        """Take a token for a request; True where there is none left, and the request has to be refused."""
        name, rate = (_SHARED, self._shared) if self._shared and not _reads(action) else (action, self._rate_of(action))
        if rate is None:
            return False
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(name, _Bucket(rate.burst, now))
            bucket.tokens = min(rate.burst, bucket.tokens + (now - bucket.since) * rate.per_second)
            bucket.since = now
            empty = bucket.tokens < 1
            bucket.tokens -= not empty
            self.refused += empty
            return empty


def _reads(action: str) -> bool:
    return action.startswith(("Describe", "Get"))
