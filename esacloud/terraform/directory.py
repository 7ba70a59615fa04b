"""Writing a module into a directory, whole or not at all.

A new directory is made beside its place and renamed into it once. In a directory that is there already, all files are
first written into a staging directory inside, and then renamed one by one, the manifest last: a write that was interrupted
is known by its staging directory, and the next one finishes it. Of two processes that write into one directory the second
waits, and its module stays. Files are not forced to the disk one by one: after a power cut a file may be cut short, and is
known for that.

Paths are texts and the calls are those of `os` here: every run comes this way, and a `Path` costs more than most of them.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress

from esacloud.errors import InputError, OutsideError, Place, Problem
from esacloud.terraform.disk import said, write_all
from esacloud.terraform.locking import hold
from esacloud.terraform.manifest import MANIFEST


def write(directory: str, files: Mapping[str, str], *, force: bool = False) -> None:
    """Write all files of a module, or none. A directory whose files are right already is left alone.

    `force` replaces files of an earlier module that were edited by hand since; files that are not esacloud's never.
    Raises InputError for a directory that is not esacloud's to write into, OutsideError where the disk refuses.
    """
    contents = {name: text.encode() for name, text in files.items() if name != MANIFEST}
    contents[MANIFEST] = files[MANIFEST].encode()  # the last to be written, and the sign that all are there
    path = directory.rstrip("/") or directory
    try:
        while not (_exists(path) and _updated(path, contents, force=force)) and not _make(path, contents):
            pass  # another process made or moved the directory in between: look again
    except OSError as error:
        raise OutsideError(f"{directory}: The module cannot be written: {said(error)}. Nothing was changed.") from None


def _updated(path: str, contents: Mapping[str, bytes], *, force: bool) -> bool:
    from esacloud.terraform.replacing import update  # a first write need not know how to look into a directory

    return update(path, contents, force=force)


def _exists(path: str) -> bool:
    """Whether there is a directory. Raises InputError for anything else in its place, or in the place of one above it."""
    if os.path.islink(path):
        message = "The output directory is a symbolic link; esacloud does not write through it."
        raise InputError(Problem(_place(path), message, f"Name the directory itself: {os.path.realpath(path)}."))
    if os.path.isdir(path):
        return True
    nearest = path
    while nearest and not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    if nearest and not os.path.isdir(nearest):
        message = "Something that is no directory stands where the output directory should be."
        raise InputError(Problem(_place(nearest), message, "Choose another directory, or move it away."))
    return False


def _place(path: str) -> Place:
    from pathlib import Path

    return Place(str(Path(path)))


def _make(path: str, contents: Mapping[str, bytes]) -> bool:
    """Make a new directory beside its place and rename it there. False when another process was first."""
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
        with suppress(FileExistsError):  # of another process, which holds it, or of one that died
            os.mkdir(beside)
        with hold(beside) as is_there:
            return is_there and _fill_and_rename(beside, path, contents)
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
