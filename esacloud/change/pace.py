"""Keeping to a cloud's rate limits before it has to refuse: token buckets, as the clouds themselves count.

A bucket holds so many tokens and is filled at a steady rate; a request takes one, or waits for it. Requests of one kind go
in the order in which they asked. A cloud that throttles all the same (others draw from its buckets too, or it counts kinds
together that are apart here) empties ours, and takes three tenths off the rate at which it fills; the rate grows back
within a minute.

`Pace` is for the threads of a process. `SharedPace` keeps the buckets in a file, for all processes of a machine. Whatever
is in that file, and wherever the clock jumps, it never fails, and never waits for longer than `LONGEST_WAIT` or the time
that one token takes.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket: `burst` requests at once, and `per_second` more."""

    burst: float
    per_second: float

    def part(self, share: float) -> Rate:
        """A bucket that is so much of this one."""
        return Rate(self.burst * share, self.per_second * share)


OURS = 0.8  # of a cloud's own buckets; a fifth is left to whoever else draws from them
LONGEST_WAIT = 60.0  # seconds
PACED_FOR = 300.0  # seconds after its last throttled answer, for a server that is paced only when it throttles
_LEAST_SHARE, _SLOWER, _REGROWTH = 1 / 16, 0.7, 1 / 60  # of the rate; the last one a second
_BETWEEN = 1.0  # seconds; throttled answers to requests that were under way together slow down once
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
        """Add what came in. A clock that was set back adds nothing."""
        gone = max(0.0, now - self.since)
        self.tokens = min(rate.burst, self.tokens + gone * rate.per_second * self.share)
        self.share = min(1.0, self.share + gone * _REGROWTH)
        self.since = now

    def take(self, rate: Rate, longest: float) -> float:
        """Take a token; the seconds until it is there, at most `longest` or what one token takes."""
        speed = rate.per_second * self.share
        longest = max(longest, 1 / speed)
        self.tokens = max(-longest * speed, self.tokens - 1)
        return max(0.0, -self.tokens / speed)

    def empty(self, now: float) -> None:
        """The cloud's bucket is empty, so this one is; and it is filled more slowly."""
        self.tokens = min(self.tokens, 0)
        if self.slowed is None or not 0 <= now - self.slowed < _BETWEEN:
            self.share, self.slowed = max(_LEAST_SHARE, self.share * _SLOWER), now


@dataclass(slots=True)
class _Buckets:
    """The buckets of a place by kind, and when it throttled last."""

    by_kind: dict[str, _Bucket] = field(default_factory=dict)
    throttled: float | None = None

    def filled(self, kind: str, rate: Rate, now: float) -> _Bucket:
        bucket = self.by_kind.setdefault(kind, _Bucket(rate.burst, now))
        bucket.fill(rate, now)
        return bucket


class Pace:
    """A bucket for each kind of request. Threads share one object; `clock` and `sleep` (seconds) can be replaced.

    `spare`: nothing is paced but for some minutes after a throttled answer.
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
        """Take a token, and wait until it is there."""

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
        """The cloud refused a request of this kind: its bucket is empty, so ours is."""

        def empty(buckets: _Buckets, now: float) -> None:
            buckets.throttled = now
            buckets.filled(kind, self._rate_of(kind), now).empty(now)

        self._with_buckets(empty)

    def _with_buckets(self, use: Callable[[_Buckets, float], T]) -> T:
        with self._lock:
            return use(self._buckets, self._clock())


class SharedPace(Pace):
    """A pace that all processes share which name the same file. Where it cannot be used, the threads of this one share it.

    The file holds no more than kinds of requests, counts and times. The clock is the one on the wall, which goes on while
    the machine is off.
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
        """Take a token, and wait until it is there. A server that is spared leaves no file before it throttles."""
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
    """Open a file and lock it; what is no plain file, or stays locked, raises OSError."""
    import fcntl  # Windows has none

    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path} is no plain file")
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except BlockingIOError:
                time.sleep(_LOCK_PAUSE)
        raise OSError(f"{path} stays locked")  # by a process that was stopped in the middle, say
    except BaseException:
        os.close(handle)
        raise


def _read(handle: int) -> _Buckets:
    """The buckets of a file; what is not understood counts as not there."""
    try:
        content = os.pread(handle, _LARGEST_FILE + 1, 0)
        document = json.loads(content) if len(content) <= _LARGEST_FILE else None
    except (OSError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return _Buckets()
    found = document.get("buckets")
    buckets = found if isinstance(found, dict) else {}
    known = {kind: bucket for kind, values in buckets.items() if (bucket := _bucket(values)) is not None}
    return _Buckets(known, _number(document.get("throttled")))


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
    """Write the file anew. Raises OSError, and leaves the file broken or as it was, where the disk is full."""
    by_kind = {kind: asdict(bucket) for kind, bucket in buckets.by_kind.items()}
    content = json.dumps({"throttled": buckets.throttled, "buckets": by_kind}).encode()
    if os.pwrite(handle, content, 0) < len(content):
        raise OSError("only a part could be written")
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
    """The one pace for a place whose requests the cloud counts together: of this process, or of all that share `directory`.

    What is in `place` is kept as a hash, as the file's name.
    """
    key = (cloud, place, directory)
    with _sharing:
        if key not in _paces:
            _paces[key] = (
                Pace(rate_of, spare=spare)
                if directory is None
                else SharedPace(rate_of, directory / f"{cloud}-{_digest(place)}.json", spare=spare)
            )
        return _paces[key]


def _digest(place: tuple[str, ...]) -> str:
    from hashlib import sha256

    return sha256("\n".join(place).encode()).hexdigest()[:16]
