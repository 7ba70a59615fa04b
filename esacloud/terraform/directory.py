"""Writing a module into a directory, whole or not at all.

A new directory is written under a temporary name beside its path, then renamed once. In an existing directory, all files
are first written into a staging directory inside it, then renamed one by one, the manifest last. The staging directory of
an interrupted write stays, and the next write finishes it. If two processes write into one directory, the second waits,
and its module stays. Files are not synced one by one: after a power failure a file may be truncated, and its digest shows
it.

Paths are strings and the calls are those of `os`, because every run passes here and a `Path` costs more than most calls.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress

from esacloud.errors import InputError, OutsideError, Place
from esacloud.terraform.disk import error_text, hold, write_all
from esacloud.terraform.manifest import MANIFEST


def write(directory: str, files: Mapping[str, str], *, force: bool = False) -> None:
    """Write all files of a module, or none. A directory that already holds them is not changed.

    `force` replaces files of an earlier module that were edited since; it never replaces files that esacloud did not write.
    Raises InputError for a directory with files of others, OutsideError when the disk fails.
    """
    contents = {name: text.encode() for name, text in files.items() if name != MANIFEST}
    contents[MANIFEST] = files[MANIFEST].encode()  # written last: it marks the module as complete
    path = directory.rstrip("/") or directory
    try:
        done = False
        while not done:  # another process may create or move the directory meanwhile: look again
            if _exists(path):
                from esacloud.terraform.replacing import update  # not needed by a first write

                done = update(path, contents, force=force)
            done = done or _make(path, contents)
    except OSError as error:
        raise OutsideError(
            f"{directory}: The module cannot be written: {error_text(error)}. Nothing was changed."
        ) from None


def _exists(path: str) -> bool:
    """Whether the path is a directory. Raises InputError when it, or a parent, is something else."""
    if os.path.islink(path):
        message = "The output directory is a symbolic link; esacloud does not write through links."
        raise InputError.at(_place(path), message, f"Name the directory itself: {os.path.realpath(path)}.")
    if os.path.isdir(path):
        return True
    nearest = path
    while nearest and not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    if nearest and not os.path.isdir(nearest):
        message = "The output path exists and is not a directory."
        raise InputError.at(_place(nearest), message, "Choose another directory, or move the file.")
    return False


def _place(path: str) -> Place:
    from pathlib import Path

    return Place(str(Path(path)))


def _make(path: str, contents: Mapping[str, bytes]) -> bool:
    """Write a new directory under a temporary name and rename it. False when another process was first."""
    parent, name = os.path.split(path)
    made = []
    above = parent
    while above and not os.path.exists(above):
        made.append(above)
        above = os.path.dirname(above)
    beside = os.path.join(parent, f".{name}.esacloud-new")
    try:
        if made:
            os.makedirs(parent, exist_ok=True)
        with suppress(FileExistsError):  # another process holds it, or one died
            os.mkdir(beside)
        with hold(beside) as held:
            return held and _fill_and_rename(beside, path, contents)
    except BaseException:
        for above in made:
            with suppress(OSError):
                os.rmdir(above)
        raise


def _fill_and_rename(beside: str, path: str, contents: Mapping[str, bytes]) -> bool:
    try:
        for left in os.listdir(beside):
            os.unlink(os.path.join(beside, left))
        write_all(beside, contents)
        os.rename(beside, path)
    except BaseException as error:
        from shutil import rmtree

        rmtree(beside, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True
