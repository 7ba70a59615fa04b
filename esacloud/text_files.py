"""Files that people write: reading them, UTF-8 and of a limited size, and writing new ones whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from esacloud.errors import InputError, Place

_MARKS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_bytes(path: str, most: int, hint: str) -> bytes:
    """The content of a file of at most `most` bytes. Raises InputError; `hint` is for a path that leads to no such file."""
    try:
        with open(path or ".", "rb") as file:  # noqa: PTH123 - pathlib costs every start 3 ms
            size = os.fstat(file.fileno()).st_size
            data = file.read(most + 1) if size <= most else b""
    except IsADirectoryError:
        raise InputError.at(path, "This is a directory.", hint) from None
    except FileNotFoundError:
        raise InputError.at(path, "The file does not exist.", f"Check the path. {hint}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError.at(path, f"The file cannot be read: {reason}.", "Check its permissions and its path.") from None
    if size > most or len(data) > most:
        raise InputError.at(path, f"The file is larger than {most // 1024**2} MiB.", hint)
    return data


def decoded(path: str, data: bytes) -> str:
    """The text of a file, without a byte order mark. Raises InputError where it is not UTF-8."""
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if encoding is None and b"\x00" in data[:2]:  # UTF-16 or UTF-32 without a mark: each file starts with ASCII
        encoding = "UTF-16"
    if encoding:
        hint = "Save it in UTF-8; editors offer that under “Save with encoding”."
        raise InputError.at(path, f"The file is in {encoding}.", hint)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        message = f"The byte 0x{data[error.start]:02X} here is not UTF-8."
        hint = "Save the file in UTF-8; it may be in Latin-1 or Windows-1252."
        raise InputError.at(Place(path, line, column), message, hint) from None


@contextmanager
def draft(path: str, text: str) -> Iterator[str]:
    """The path of a temporary file with the text in the directory of `path`, to link or rename to it. Raises OSError."""
    import tempfile

    handle, made = tempfile.mkstemp(prefix=".esacloud-", dir=os.path.dirname(path) or ".")  # noqa: PTH120 - as above
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(made, 0o644)  # noqa: PTH101 - mkstemp makes files for one user alone
        yield made
    finally:
        if os.path.exists(made):  # noqa: PTH110 - it was not renamed
            os.unlink(made)  # noqa: PTH108
