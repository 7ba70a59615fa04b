"""One change of a deployment at a time on one machine: a lock on a file, which the system releases when its process ends.

The file also records a run that did not complete, and when it last changed something: reads soon after may be older than
that. For several machines see docs/apply.md.
"""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from esacloud.change.model import State
from esacloud.errors import OutsideError

SETTLES = 15.0  # seconds after its last write within which a read may still show an older state; docs/apply.md
_WIDTH = 32  # bytes
_NOT_IDENTITY = ("prefix", "location")  # parts of a scope that may change while the deployment stays the same


@dataclass
class MachineLock:
    """The lock while it is held. `clock` gives the seconds since 1970.

    `owner` names the directory of locks: a run that holds a cloud's lock under this name, and not this lock, has ended.
    """

    handle: int | None = None
    owner: str = field(default_factory=lambda: uuid4().hex)
    clock: Callable[[], float] = lambda: time.time()

    def unsettled(self) -> float:
        """Seconds for which reads may still be older than the last write of a run that did not complete; usually 0."""
        if self.handle is None:
            return 0.0
        try:
            last = float(os.pread(self.handle, _WIDTH, 0) or b"0")
        except ValueError:
            return 0.0
        past = self.clock() - last
        return SETTLES - past if 0 <= past < SETTLES else 0.0

    def changing(self) -> None:
        """Record that something is about to be changed."""
        self._write(repr(self.clock()).encode())

    def ended(self) -> None:
        """Record that the change was read back: later reads are not older."""
        self._write(b"")

    def _write(self, content: bytes) -> None:
        """Overwrite the content with the same length, so that a full disk refuses the first write or none."""
        if self.handle is not None:
            try:
                os.pwrite(self.handle, content.ljust(_WIDTH), 0)
            except OSError as error:
                raise OutsideError(f"the lock of this machine cannot be written ({error.strerror})") from error


@contextmanager
def locked(directory: Path, state: State) -> Iterator[MachineLock]:
    """Hold the lock of a deployment. Raises OutsideError at once where another process or thread holds it."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock; reading back still finds what another process did
        yield MachineLock()
        return
    scope = " ".join(f"{key}={value}" for key, value in sorted(state.scope.items()) if key not in _NOT_IDENTITY)
    name = sha256(f"{state.cloud} {scope} {state.deployment}".encode()).hexdigest()[:16]
    path = directory / f"{state.deployment}-{name}.lock"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutsideError(f"{path}: the lock cannot be created: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutsideError(
                f"{state.deployment}: another apply of this deployment is running on this machine. Nothing was changed. "
                "Try again when it has ended."
            ) from None
        yield MachineLock(handle, _owner(directory))
    finally:
        os.close(handle)


def _owner(directory: Path) -> str:
    """The name of this machine's locks in this directory, from a file beside them, which the first run writes.

    A copy of the directory, in an image or a cache of another machine, must not have the same name, because a run removes
    locks of its own name. So the name includes the machine and the inode, and a broken file is written anew.
    """
    path = directory / "owner"
    try:
        if not _is_name(path):
            partial = directory / f".owner.{uuid4().hex}.partial"
            partial.write_text(uuid4().hex, encoding="utf-8")
            if path.exists():
                partial.replace(path)
            else:
                with suppress(FileExistsError):
                    os.link(partial, path)
                partial.unlink()
        made = f"{path.read_text(encoding='utf-8')} {_identity(path)}"
        return sha256(made.encode()).hexdigest()[:32]
    except (OSError, ValueError) as error:
        raise OutsideError(f"{path}: the name of this machine's locks cannot be stored: {error}.") from error


def _identity(path: Path) -> str:
    """The machine and the inode, which tell a file from a copy."""
    return f"{platform.node()} {path.stat().st_ino}"


def _is_name(path: Path) -> bool:
    return path.exists() and re.fullmatch(rb"[0-9a-f]{32}", path.read_bytes()) is not None
