"""Writing a module into a directory, whole or not at all.

A new directory is made beside its place and renamed into it once. In a directory that is there already, all files are
first written into a staging directory inside, and then renamed one by one, the manifest last: a write that was interrupted
is known by its staging directory, and the next one finishes it. Of two processes that write into one directory the second
waits, and its module stays. Files are not forced to the disk one by one: after a power cut a file may be cut short, and is
known for that.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from esacloud.errors import InputError, OutsideError, Place, Problem
from esacloud.terraform.locking import hold
from esacloud.terraform.manifest import MANIFEST, read_manifest
from esacloud.terraform.ownership import STAGING, look_into
from esacloud.terraform.reading import read_documents

__all__ = ["read_documents", "write"]

_WORDS = {
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "this user's share of the disk is used up",
    errno.EFBIG: "the file would be larger than this process may write",
    errno.ENAMETOOLONG: "the name is too long",
}


def write(directory: str, files: Mapping[str, str], *, force: bool = False) -> None:
    """Write all files of a module, or none. A directory whose files are right already is left alone.

    `force` replaces files of an earlier module that were edited by hand since; files that are not esacloud's never.
    Raises InputError for a directory that is not esacloud's to write into, OutsideError where the disk refuses.
    """
    contents = {name: text.encode() for name, text in files.items() if name != MANIFEST}
    contents[MANIFEST] = files[MANIFEST].encode()  # the last to be written, and the sign that all are there
    path = Path(directory)
    try:
        while not (_exists(path) and _update(path, contents, force=force)) and not _make(path, contents):
            pass  # another process made or moved the directory in between: look again
    except OSError as error:
        raise OutsideError(f"{directory}: The module cannot be written: {_said(error)}. Nothing was changed.") from None


def _said(error: OSError) -> str:
    system = error.strerror or str(error)
    words = _WORDS.get(error.errno or 0)
    return f"{words} ({system})" if words else system


def _exists(path: Path) -> bool:
    """Whether there is a directory. Raises InputError for anything else in its place, or in the place of one above it."""
    if path.is_symlink():
        what = "The output directory is a symbolic link; esacloud does not write through it."
        raise InputError(Problem(Place(str(path)), what, f"Name the directory itself: {path.resolve()}."))
    if path.is_dir():
        return True
    nearest = next((place for place in (path, *path.parents) if os.path.lexists(place)), None)
    if nearest is not None and not nearest.is_dir():
        what = "Something that is no directory stands where the output directory should be."
        raise InputError(Problem(Place(str(nearest)), what, "Choose another directory, or move it away."))
    return False


def _make(path: Path, contents: Mapping[str, bytes]) -> bool:
    """Make a new directory beside its place and rename it there. False when another process was first."""
    made = [above for above in path.parents if not above.exists()]
    beside = path.with_name(f".{path.name}.esacloud-new")
    try:
        if made:
            path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # of another process, which holds it, or of one that died
            beside.mkdir()
        with hold(beside) as is_there:
            return is_there and _fill_and_rename(beside, path, contents)
    except BaseException:
        for above in made:
            with suppress(OSError):
                above.rmdir()
        raise


def _fill_and_rename(beside: Path, path: Path, contents: Mapping[str, bytes]) -> bool:
    try:
        for left in list(os.scandir(beside)):
            Path(left).unlink()
        _write_all(beside, contents)
        beside.rename(path)
    except BaseException as error:
        shutil.rmtree(beside, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _update(path: Path, contents: Mapping[str, bytes], *, force: bool) -> bool:
    """Bring a directory that exists to the new contents. False when it was moved away before it could be held."""
    with hold(path) as is_there:
        if not is_there:
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
        _write_all(staging, contents)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    try:
        for name in contents:
            if name == MANIFEST:
                for gone in obsolete:
                    (path / gone).unlink()
            (staging / name).replace(path / name)
        staging.rmdir()
    except OSError as error:
        raise OutsideError(
            f"{path}: The module was written by half only: {_said(error)}. Run the same command again to finish it."
        ) from None


def _finish(path: Path) -> None:
    """Finish a write that was interrupted: rename what was staged, if all of it was, or else forget it."""
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


def _write_all(path: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        file = os.open(path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            written = 0
            while written < len(content):
                written += os.write(file, content[written:] if written else content)
        finally:
            os.close(file)
