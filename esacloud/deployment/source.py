"""The bytes of a deployment file to text: UTF-8, of a size that a person could have written."""

from __future__ import annotations

import os

from esacloud.errors import InputError, Place, Problem

MOST_BYTES = 8 * 1024 * 1024
_MARKS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_source(path: str) -> str:
    """The text of the file, without a byte order mark.

    Raises InputError when the file does not exist, cannot be read, is larger than MOST_BYTES or is not UTF-8.
    """
    try:
        with open(path or ".", "rb") as file:  # noqa: PTH123 - pathlib costs every start 3 ms
            size = os.fstat(file.fileno()).st_size
            data = file.read(MOST_BYTES + 1) if size <= MOST_BYTES else b""
    except IsADirectoryError:
        raise _refused(path, "This is a directory.", "Name the deployment file in it.") from None
    except FileNotFoundError:
        raise _refused(path, "The file does not exist.", "Check the path, or create a file with `esacloud init`.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(path, f"The file cannot be read: {reason}.", "Check its permissions and its path.") from None
    if size > MOST_BYTES or len(data) > MOST_BYTES:
        raise _refused(
            path,
            f"The file is larger than {MOST_BYTES // 1024**2} MiB.",
            "Name a deployment file; one with 5,000 networks has 0.2 MB.",
        )
    return _decoded(path, data)


def _decoded(path: str, data: bytes) -> str:
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if encoding is None and b"\x00" in data[:2]:  # UTF-16 or UTF-32 without a mark: each file starts with ASCII
        encoding = "UTF-16"
    if encoding:
        raise _refused(
            path, f"The file is in {encoding}.", "Save it in UTF-8; editors offer that under “Save with encoding”."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        problem = Problem(
            Place(path, line, column),
            f"The byte 0x{data[error.start]:02X} here is not UTF-8.",
            "Save the file in UTF-8; it may be in Latin-1 or Windows-1252.",
        )
        raise InputError(problem) from None


def _refused(path: str, message: str, hint: str) -> InputError:
    return InputError(Problem(Place(path), message, hint))
