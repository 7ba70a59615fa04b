"""The disk under a module: holding its directory against other processes, writing new files, and errors in words.

The lock is the operating system's own on the open directory, so a process that dies releases it and no lock file stays
behind. On systems without such a lock (Windows, some network file systems) the directory is used unlocked.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from esacloud.errors import OutsideError

PATIENCE = 10.0  # seconds to wait for another process that writes into the same directory
_WORDS = {
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "this user's disk quota is used up",
    errno.EFBIG: "the file exceeds this process's file size limit",
    errno.ENAMETOOLONG: "the name is too long",
}


def error_text(error: OSError) -> str:
    """The operating system's error, with a plainer explanation first where there is one."""
    system = error.strerror or str(error)
    words = _WORDS.get(error.errno or 0)
    return f"{words} ({system})" if words else system


def write_all(path: str, contents: Mapping[str, bytes]) -> None:
    """Write new files into a directory, in as few system calls as possible."""
    for name, content in contents.items():
        file = os.open(os.path.join(path, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            written = 0
            while written < len(content):
                written += os.write(file, content[written:] if written else content)
        finally:
            os.close(file)


@contextmanager
def hold(path: str) -> Iterator[bool]:
    """Lock the directory while the block runs. Yields whether the path still leads to it once it is locked.

    Raises OutsideError when another process does not release it, OSError when the directory cannot be opened.
    """
    if sys.platform == "win32":
        yield os.path.isdir(path)
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield False
        return
    try:
        _wait(descriptor, path)
        yield _is_same(path, descriptor)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: str) -> None:
    import fcntl

    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OutsideError(f"{path}: Another process is writing here. Gave up after {PATIENCE:.0f} s.") from None
            time.sleep(0.005)
        except OSError:
            return  # this file system has no locks
        else:
            return


def _is_same(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
