"""Holding a directory against other processes of esacloud, without a lock file that somebody would have to clean up.

The lock is the operating system's own on the open directory: whoever dies gives it up. Where there is no such lock
(Windows, some network file systems) the directory is held without one.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from esacloud.errors import OutsideError

PATIENCE = 10.0  # seconds to wait for another process that writes into the same directory


@contextmanager
def hold(path: str | os.PathLike[str]) -> Iterator[bool]:
    """Hold the directory while the block runs. Gives whether it is still in its place once it is held.

    Raises OutsideError when another process does not let go of it, OSError when there is no such directory to open.
    """
    if sys.platform == "win32":
        yield os.path.isdir(path)  # noqa: PTH112 - a text may come, or a Path
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield False
        return
    try:
        _wait(descriptor, path)
        yield _is_there(path, descriptor)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: str | os.PathLike[str]) -> None:
    import fcntl

    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OutsideError(f"{path}: Another process has been writing here for {PATIENCE:.0f} s.") from None
            time.sleep(0.005)
        except OSError:
            return  # this file system has no locks
        else:
            return


def _is_there(path: str | os.PathLike[str], descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
