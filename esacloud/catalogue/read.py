"""Reading a user's catalogue file: JSON in UTF-8, checked against the schema and the rules of `check.py`.

Every mistake in a file is a problem with its place: size, encoding, syntax, duplicate keys, numbers and nesting.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from esacloud.catalogue.build import build
from esacloud.catalogue.check import Path as Keys
from esacloud.catalogue.check import findings
from esacloud.catalogue.model import Catalogue
from esacloud.catalogue.schema_errors import schema_findings
from esacloud.errors import InputError, Place, Problem

LARGEST = 1024 * 1024  # bytes; the shipped catalogue has a tenth of it


def read(path: str) -> Catalogue:
    """The catalogue in the file at `path`. Raises InputError with every problem found."""
    content = _content(path)
    data, text = _parsed(path, content)
    found = schema_findings(data) or findings(data)
    if found:
        lines = _lines_of(text)
        raise InputError(
            *(
                Problem(Place(path, *_line_and_column(lines, where), key=_key_text(where) or None), message, hint)
                for where, message, hint in found
            )
        )
    return build(data, sha256(content).hexdigest())


def _content(path: str) -> bytes:
    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            raise _refused(path, "This is not a regular file.", "Name a catalogue file.")
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise _refused(path, "The file does not exist.", "Name a catalogue file.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refused(path, f"The file cannot be read: {why}.", "Name a catalogue file.") from None
    if len(content) > LARGEST:
        raise _refused(path, "The file is larger than 1 MiB.", "Name a catalogue file.")
    return content


class _TwiceError(ValueError):
    """A key is repeated in one object."""


def _parsed(path: str, content: bytes) -> tuple[Any, str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(path, "The file is not in UTF-8.", "Save it in UTF-8, without a byte order mark.", line) from None
    if text.startswith("\ufeff"):
        raise _refused(path, "The file starts with a byte order mark.", "Save it in UTF-8 without a byte order mark.", 1, 1)
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair is JSON but not text
    except json.JSONDecodeError as error:
        message = f"This is not JSON: {error.msg[:1].lower()}{error.msg[1:]}."
        raise _refused(path, message, "Write the catalogue as one JSON object.", error.lineno, error.colno) from None
    except _TwiceError as error:
        raise _refused(path, f"The key {error} is repeated in one object.", "Remove one of them.") from None
    except RecursionError:
        message = "The brackets are nested too deeply."
        raise _refused(path, message, "See schemas/catalogue.schema.json.") from None
    except ValueError as error:
        message = "A number or a text is not valid"
        raise _refused(path, f"{message}: {error}.", "See schemas/catalogue.schema.json.") from None
    return data, text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise _TwiceError(ascii(key))
        made[key] = value
    return made


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _refused(path: str, message: str, hint: str, line: int | None = None, column: int | None = None) -> InputError:
    return InputError(Problem(Place(path, line, column), message, hint))


def _lines_of(text: str) -> Any:
    """The text as a tree of nodes with their lines; None where YAML cannot parse it (tabs, a few characters)."""
    import yaml

    try:
        return yaml.compose(text.replace("\t", " "), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return None


def _line_and_column(tree: Any, path: Keys) -> tuple[int | None, int | None]:
    """The line and column, from 1, of the value at `path`, or of the nearest value above it."""
    if tree is None:
        return None, None
    node = tree
    for step in path:
        below = None
        if isinstance(node.value, list):
            if isinstance(step, int) and step < len(node.value) and node.id == "sequence":
                below = node.value[step]
            elif node.id == "mapping":
                below = next((value for key, value in node.value if key.value == step), None)
        if below is None:
            break
        node = below
    return node.start_mark.line + 1, node.start_mark.column + 1


def _key_text(path: Keys) -> str:
    """`entries[3].ports[0]` of ("entries", 3, "ports", 0)."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
