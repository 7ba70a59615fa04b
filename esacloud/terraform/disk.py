"""Writing new files in as few system calls as there are, and what a disk's refusal means in words."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

_WORDS = {
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "this user's share of the disk is used up",
    errno.EFBIG: "the file would be larger than this process may write",
    errno.ENAMETOOLONG: "the name is too long",
}


def said(error: OSError) -> str:
    """What the operating system said, in our words where we have some."""
    system = error.strerror or str(error)
    words = _WORDS.get(error.errno or 0)
    return f"{words} ({system})" if words else system


def write_all(path: str, contents: Mapping[str, bytes]) -> None:
    """Write new files into a directory."""
    for name, content in contents.items():
        file = os.open(os.path.join(path, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            written = 0
            while written < len(content):
                written += os.write(file, content[written:] if written else content)
        finally:
            os.close(file)
