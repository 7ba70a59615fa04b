"""Updating an existing directory to a new module, through a staging directory as directory.py describes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from esacloud.errors import OutsideError
from esacloud.terraform.disk import error_text, hold, write_all
from esacloud.terraform.manifest import MANIFEST, read_manifest
from esacloud.terraform.ownership import STAGING, look_into


def update(directory: str, contents: Mapping[str, bytes], *, force: bool) -> bool:
    """Update an existing directory. False when it was moved before it could be locked."""
    path = Path(directory)
    with hold(directory) as held:
        if not held:
            return False
        holding = look_into(path, contents, force=force)
        if holding.interrupted:
            _finish(path)
            holding = look_into(path, contents, force=force)
        if len(holding.current) < len(contents) or holding.obsolete:
            _replace(path, contents, holding.obsolete)
        return True


def _replace(path: Path, contents: Mapping[str, bytes], obsolete: tuple[str, ...]) -> None:
    staging = path / STAGING
    staging.mkdir()
    try:
        write_all(str(staging), contents)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    try:
        for name in contents:
            if name == MANIFEST:
                for name_of_old in obsolete:
                    (path / name_of_old).unlink()
            (staging / name).replace(path / name)
        staging.rmdir()
    except OSError as error:
        raise OutsideError(
            f"{path}: The module was written only in part: {error_text(error)}. Run the same command again to finish it."
        ) from None


def _finish(path: Path) -> None:
    """Finish an interrupted write: rename the staged files if all of them are there, else discard them."""
    staging = path / STAGING
    try:
        staged = read_manifest((staging / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        staged = None
    if staged is not None and staged.intact:
        for name in (*staged.files, MANIFEST):
            with suppress(FileNotFoundError):  # it was renamed before the interruption
                (staging / name).replace(path / name)
    shutil.rmtree(staging)
