"""Reading a catalogue file of the user's: JSON in UTF-8, held against the schema and the checks.

Every problem has its place, and nothing that stands in a file ends in a traceback: too large, no UTF-8, no JSON, keys
twice, numbers without end and brackets without bottom are problems like any other.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from esacloud.catalogue.build import build
from esacloud.catalogue.check import findings
from esacloud.catalogue.model import Catalogue
from esacloud.catalogue.places import key_text, line_and_column, lines_of
from esacloud.catalogue.schema_errors import schema_findings
from esacloud.errors import InputError, Place, Problem

LARGEST = 1024 * 1024  # bytes; the shipped catalogue has a tenth of it


def read(path: str) -> Catalogue:
    """The catalogue in the file at `path`. Raises InputError with every problem found."""
    content = _content(path)
    data, text = _parsed(path, content)
    found = schema_findings(data) or findings(data)
    if found:
        lines = lines_of(text)
        raise InputError(
            *(
                Problem(Place(path, *line_and_column(lines, where), key=key_text(where) or None), message, hint)
                for where, message, hint in found
            )
        )
    return build(data, sha256(content).hexdigest())


def _content(path: str) -> bytes:
    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            raise _refused(path, "This is no regular file.", "Name a catalogue file.")
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise _refused(path, "There is no such file.", "Name a catalogue file.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refused(path, f"The file cannot be read: {why}.", "Name a catalogue file.") from None
    if len(content) > LARGEST:
        raise _refused(path, "The file is larger than 1 MiB, which no port table is.", "Name a catalogue file.")
    return content


class _TwiceError(ValueError):
    """A key that stands twice in one object."""


def _parsed(path: str, content: bytes) -> tuple[Any, str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(path, "The file is not in UTF-8.", "Save it in UTF-8, without a byte order mark.", line) from None
    if text.startswith("\ufeff"):
        raise _refused(path, "The file begins with a byte order mark.", "Save it in UTF-8 without one.", 1, 1)
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair is JSON and no text
    except json.JSONDecodeError as error:
        message = f"This is no JSON: {error.msg[:1].lower()}{error.msg[1:]}."
        raise _refused(path, message, "Write the catalogue as one JSON object.", error.lineno, error.colno) from None
    except _TwiceError as error:
        raise _refused(path, f"The key {error} stands twice in one object.", "Take one of them out.") from None
    except RecursionError:
        message = "The brackets are nested too deeply."
        raise _refused(path, message, "Write the catalogue as its schema has it.") from None
    except ValueError as error:
        message = "There is a number or a text that no catalogue holds"
        raise _refused(path, f"{message}: {error}.", "Write the catalogue as its schema has it.") from None
    return data, text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise _TwiceError(ascii(key))
        made[key] = value
    return made


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _refused(path: str, message: str, hint: str, line: int | None = None, column: int | None = None) -> InputError:
    return InputError(Problem(Place(path, line, column), message, hint))
