"""Client-side rate limits, which keep requests below a cloud's own: token buckets, as the clouds count them.

A bucket holds tokens and is filled at a steady rate; a request takes one, or waits for it, in the order of requests.
When the cloud throttles nevertheless (other clients use its buckets too, or it counts kinds together that are apart
here), our bucket is emptied and filled at 0.7 times the rate; the rate recovers within a minute.

`Pace` is for the threads of a process, `SharedPace` for all processes of a machine: it keeps the buckets in a file.
Whatever the file contains, and however the clock jumps, it never fails, and never waits longer than `LONGEST_WAIT` or
the time of one token.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from math import inf, isfinite
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate of a bucket: `burst` requests at once, and `per_second` more."""

    burst: float
    per_second: float

    def part(self, share: float) -> Rate:
        """A share of this rate."""
        return Rate(self.burst * share, self.per_second * share)


OURS = 0.8  # of a cloud's own buckets; a fifth is left to other clients
LONGEST_WAIT = 60.0  # seconds
PACED_FOR = 300.0  # seconds after the last throttled answer, for a server that is paced only when it throttles
_LEAST_SHARE, _SLOWER, _REGROWTH = 1 / 16, 0.7, 1 / 60  # of the rate; the last one a second
_BETWEEN = 1.0  # seconds; throttled answers within this time slow down once
_LARGEST_FILE = 1 << 16  # bytes
_LOCK_TRIES, _LOCK_PAUSE = 200, 0.005  # seconds


@dataclass(slots=True)
class _Bucket:
    """`tokens` at the moment `since`, below 0 for requests that wait; `share` of the rate since `slowed`."""

    tokens: float
    since: float
    share: float = 1.0
    slowed: float | None = None

    def fill(self, rate: Rate, now: float) -> None:
        """Add the tokens since the last time. A clock that was set back adds none."""
        elapsed = max(0.0, now - self.since)
        self.tokens = min(rate.burst, self.tokens + elapsed * rate.per_second * self.share)
        self.share = min(1.0, self.share + elapsed * _REGROWTH)
        self.since = now

    def take(self, rate: Rate, longest: float) -> float:
        """Take a token. Returns the seconds until it is available, at most `longest` or the time of one token."""
        speed = rate.per_second * self.share
        longest = max(longest, 1 / speed)
        self.tokens = max(-longest * speed, self.tokens - 1)
        return max(0.0, -self.tokens / speed)

    def empty(self, now: float) -> None:
        """Empty the bucket, because the cloud's is empty, and fill it more slowly."""
        self.tokens = min(self.tokens, 0)
        if self.slowed is None or not 0 <= now - self.slowed < _BETWEEN:
            self.share, self.slowed = max(_LEAST_SHARE, self.share * _SLOWER), now


@dataclass(slots=True)
class _Buckets:
    """The buckets by kind of request, and when the last answer was throttled."""

    by_kind: dict[str, _Bucket] = field(default_factory=dict)
    throttled: float | None = None

    def filled(self, kind: str, rate: Rate, now: float) -> _Bucket:
        bucket = self.by_kind.setdefault(kind, _Bucket(rate.burst, now))
        bucket.fill(rate, now)
        return bucket


class Pace:
    """A bucket for each kind of request; threads share one object. `clock` and `sleep` count seconds.

    `spare`: requests are paced only for some minutes after a throttled answer.
    """

    _longest = inf

    def __init__(
        self,
        rate_of: Callable[[str], Rate],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        spare: bool = False,
    ) -> None:
        self._rate_of, self._clock, self._sleep, self._spare = rate_of, clock, sleep, spare
        self._buckets = _Buckets()
        self._lock = threading.Lock()

    def wait(self, kind: str) -> None:
        """Take a token, and wait until it is available."""

        def take(buckets: _Buckets, now: float) -> float:
            last = buckets.throttled
            if self._spare and (last is None or not 0 <= now - last <= PACED_FOR):
                return 0.0
            rate = self._rate_of(kind)
            return buckets.filled(kind, rate, now).take(rate, self._longest)

        seconds = self._with_buckets(take)
        if seconds > 0:
            self._sleep(seconds)

    def throttled(self, kind: str) -> None:
        """Empty the bucket of this kind, because the cloud throttled a request."""

        def empty(buckets: _Buckets, now: float) -> None:
            buckets.throttled = now
            buckets.filled(kind, self._rate_of(kind), now).empty(now)

        self._with_buckets(empty)

    def _with_buckets(self, use: Callable[[_Buckets, float], T]) -> T:
        with self._lock:
            return use(self._buckets, self._clock())


class SharedPace(Pace):
    """A pace that all processes share which name the same file; the threads of this one, where it cannot be used.

    The file holds kinds of requests, counts and times, nothing else. The clock is wall time, which goes on while the
    machine is off.
    """

    _longest = LONGEST_WAIT

    def __init__(
        self,
        rate_of: Callable[[str], Rate],
        path: Path,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        *,
        spare: bool = False,
    ) -> None:
        super().__init__(rate_of, clock, sleep, spare=spare)
        self.path = path

    def wait(self, kind: str) -> None:
        """Take a token, and wait until it is available. With `spare` there is no file before the first throttled answer."""
        if self._spare and self._buckets.throttled is None and not os.path.exists(self.path):  # noqa: PTH110 - which never raises
            return
        super().wait(kind)

    def _with_buckets(self, use: Callable[[_Buckets, float], T]) -> T:
        try:
            handle = _locked(self.path)
        except (OSError, ImportError):
            return super()._with_buckets(use)
        try:
            buckets = _read(handle)
            found = use(buckets, self._clock())
            _write(handle, buckets)
            return found
        except OSError:  # the disk is full, say
            return super()._with_buckets(use)
        finally:
            os.close(handle)  # which releases the lock


def _locked(path: Path) -> int:
    """Open a file and lock it. Raises OSError for what is not a regular file, and for one that stays locked."""
    import fcntl  # Windows has none

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path} is not a regular file")
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except BlockingIOError:
                time.sleep(_LOCK_PAUSE)
        raise OSError(f"{path} stays locked")  # for example by a suspended process
    except BaseException:
        os.close(handle)
        raise


def _read(handle: int) -> _Buckets:
    """The buckets of a file, without what is not valid."""
    try:
        content = os.pread(handle, _LARGEST_FILE + 1, 0)
        document = json.loads(content) if len(content) <= _LARGEST_FILE else None
    except (OSError, ValueError, RecursionError):
        document = None
    found = document if isinstance(document, dict) else {}
    buckets = found["buckets"] if isinstance(found.get("buckets"), dict) else {}
    known = {kind: bucket for kind, values in buckets.items() if (bucket := _bucket(values)) is not None}
    return _Buckets(known, _number(found.get("throttled")))


def _bucket(values: Any) -> _Bucket | None:
    if not isinstance(values, dict):
        return None
    tokens, since, share = (_number(values.get(name)) for name in ("tokens", "since", "share"))
    if tokens is None or since is None or share is None:
        return None
    return _Bucket(tokens, since, max(_LEAST_SHARE, min(1.0, share)), _number(values.get("slowed")))


def _number(value: Any) -> float | None:
    try:
        return float(value) if type(value) in (int, float) and isfinite(value) else None
    except OverflowError:  # an integer that no float holds
        return None


def _write(handle: int, buckets: _Buckets) -> None:
    """Overwrite the file. Raises OSError where the disk is full, and leaves the file broken or as it was."""
    by_kind = {kind: asdict(bucket) for kind, bucket in buckets.by_kind.items()}
    content = json.dumps({"throttled": buckets.throttled, "buckets": by_kind}).encode()
    if os.pwrite(handle, content, 0) < len(content):
        raise OSError("the disk is full")
    os.ftruncate(handle, len(content))


_paces: dict[Hashable, Pace] = {}
_sharing = threading.Lock()


def shared(
    cloud: str,
    place: tuple[str, ...],
    rate_of: Callable[[str], Rate],
    directory: Path | None = None,
    *,
    spare: bool = False,
) -> Pace:
    """The one pace for requests that the cloud counts together: of this process, or of all that share `directory`.

    `place` names what they have in common, such as region and credentials; the file's name has only a hash of it.
    """
    key = (cloud, place, directory)
    with _sharing:
        if key not in _paces and directory is None:
            _paces[key] = Pace(rate_of, spare=spare)
        elif key not in _paces and directory is not None:
            digest = sha256("\n".join(place).encode()).hexdigest()[:16]
            _paces[key] = SharedPace(rate_of, directory / f"{cloud}-{digest}.json", spare=spare)
        return _paces[key]
