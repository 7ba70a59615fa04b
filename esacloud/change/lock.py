"""One change of a deployment at a time on one machine: a lock on a file, which the system releases when its process ends.

It says nothing about other machines; docs/apply.md says what holds there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from esacloud.errors import OutsideError
from esacloud.live.model import State


@contextmanager
def locked(directory: Path, state: State) -> Iterator[None]:
    """Hold the lock of a deployment. Raises OutsideError at once where another process or thread holds it."""
    try:
        import fcntl
    except ImportError:  # Windows: no such lock there, and reading back still finds what another process did
        yield
        return
    scope = " ".join(f"{key}={value}" for key, value in sorted(state.scope.items()))
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
        yield
    finally:
        os.close(handle)
