"""Reading a user's catalogue file: JSON in UTF-8, checked against the schema and the rules of `check.py`.

Every mistake in a file is a problem with its place.
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
from esacloud.json_files import parse
from esacloud.text_files import decoded, read_bytes

_NAME_ONE, _SEE = "Name a catalogue file.", "See schemas/catalogue.schema.json."
LARGEST = 1024 * 1024  # bytes; the shipped catalogue has a tenth of it


def read(path: str) -> Catalogue:
    """The catalogue in the file at `path`. Raises InputError with every problem found."""
    if (file := Path(path)).exists() and not file.is_file():
        raise InputError.at(path, "This is not a regular file.", _NAME_ONE)
    content = read_bytes(path, LARGEST, _NAME_ONE)
    text = decoded(path, content)
    data = parse(text, path, _SEE)
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError.at(path, "A text has half of a surrogate pair.", _SEE) from None
    if found := schema_findings(data) or findings(data):
        lines = _lines_of(text)
        raise InputError(
            *(
                Problem(Place(path, *_line_and_column(lines, where), key=_key_text(where) or None), message, hint)
                for where, message, hint in found
            )
        )
    return build(data, sha256(content).hexdigest())


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
