"""One change of a deployment at a time on one machine: a lock on a file, which the system releases when its process ends.

The file also remembers a run that did not come to its end, and when it last changed something: what a cloud answers soon
after may be older than that. It says nothing about other machines; docs/apply.md says what holds there.
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

SETTLES = 15.0  # seconds after its last write within which the cloud may still answer with an older state; docs/apply.md
_WIDTH = 32  # bytes
_NOT_OF_THE_PLACE = ("prefix", "location")  # what a file can change without meaning another deployment


@dataclass
class Held:
    """The lock while it is held. `clock` gives the seconds since 1970.

    `owner` names the directory of locks: whoever holds a lock in a cloud under this name, and not this lock, is gone.
    """

    handle: int | None = None
    owner: str = field(default_factory=lambda: uuid4().hex)
    clock: Callable[[], float] = lambda: time.time()

    def unsettled(self) -> float:
        """Seconds for which reads may still be older than the last write of a run that did not end here; 0 mostly."""
        if self.handle is None:
            return 0.0
        try:
            last = float(os.pread(self.handle, _WIDTH, 0) or b"0")
        except ValueError:
            return 0.0
        past = self.clock() - last
        return SETTLES - past if 0 <= past < SETTLES else 0.0

    def changing(self) -> None:
        """Remember that something is about to be changed."""
        self._write(repr(self.clock()).encode())

    def ended(self) -> None:
        """The change is read back: whatever is read from now on is not older."""
        self._write(b"")

    def _write(self, content: bytes) -> None:
        """Write over what is there, always as much: a full disk then refuses the first write at most."""
        if self.handle is not None:
            try:
                os.pwrite(self.handle, content.ljust(_WIDTH), 0)
            except OSError as error:
                raise OutsideError(f"the lock of this machine cannot be written ({error.strerror})") from error


@contextmanager
def locked(directory: Path, state: State) -> Iterator[Held]:
    """Hold the lock of a deployment. Raises OutsideError at once where another process or thread holds it."""
    try:
        import fcntl
    except ImportError:  # Windows: no such lock there, and reading back still finds what another process did
        yield Held()
        return
    scope = " ".join(f"{key}={value}" for key, value in sorted(state.scope.items()) if key not in _NOT_OF_THE_PLACE)
    name = sha256(f"{state.cloud} {scope} {state.deployment}".encode()).hexdigest()[:16]
    path = directory / f"{state.deployment}-{name}.lock"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutsideError(f"{path}: the lock cannot be made: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutsideError(
                f"{state.deployment}: another apply of it is at work on this machine, and nothing was done. Try again when "
                "it has ended."
            ) from None
        yield Held(handle, _owner(directory))
    finally:
        os.close(handle)


def _owner(directory: Path) -> str:
    """The name of this machine's locks in this directory, made of what is kept beside them, which the first run makes.

    A copy of the directory, in an image or a cache of another machine, must not pass for this one: whoever has the same
    name takes away locks that are held. So the machine and the very file are parts of the name, and a broken file is none.
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
        made = f"{path.read_text(encoding='utf-8')} {_place_of(path)}"
        return sha256(made.encode()).hexdigest()[:32]
    except (OSError, ValueError) as error:
        raise OutsideError(f"{path}: the name of this machine's locks cannot be kept: {error}.") from error


def _place_of(path: Path) -> str:
    """What tells a file from a copy of it: the machine, and the file's number there."""
    return f"{platform.node()} {path.stat().st_ino}"


def _is_name(path: Path) -> bool:
    return path.exists() and re.fullmatch(rb"[0-9a-f]{32}", path.read_bytes()) is not None
