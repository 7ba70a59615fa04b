"""Reading a user's catalogue file: JSON in UTF-8, checked against the schema and the rules of `check.py`.

Every mistake in a file is a problem with its place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from esacloud.catalogue.build import build
from esacloud.catalogue.check import Finding, findings, known
from esacloud.catalogue.check import Path as Keys
from esacloud.catalogue.model import Catalogue
from esacloud.errors import InputError, Place, Problem, one_of
from esacloud.json_files import parse, schema
from esacloud.text_files import decoded, read_bytes

_NAME_ONE, _SEE = "Name a catalogue file.", "See schemas/catalogue.schema.json."
LARGEST = 1024 * 1024  # bytes; the shipped catalogue has a tenth of it


def read(path: str) -> Catalogue:
    """The catalogue in the file at `path`. Raises InputError with every problem found."""
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - a Path raises for a name that is too long
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


_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def schema_findings(data: Any) -> list[Finding]:
    """Everything in `data` that violates schemas/catalogue.schema.json, once each, in the order of the paths."""
    from jsonschema import Draft202012Validator  # slow to import, and only a user's own catalogue needs it

    errors = Draft202012Validator(schema("catalogue")).iter_errors(data)
    ordered = sorted(errors, key=lambda error: [f"{step:>8}" for step in error.absolute_path])
    return list(dict.fromkeys(finding for error in ordered for finding in _findings(tuple(error.absolute_path), error)))


def _findings(path: tuple[str | int, ...], error: Any) -> Iterator[Finding]:
    value, limit = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            allowed = tuple(error.schema["properties"])
            for key in value:
                if key not in allowed:
                    yield (*path, key), f"The key {key!a} is unknown.", known(key, allowed)
        case "required":
            for key in limit:
                if key not in value:
                    yield path, f"The key {key} is missing.", f"Add it: {_meant(error.schema['properties'][key])}"
        case "type":
            yield path, f"This must be {_TYPES[limit]}.", f"Write {_TYPES[limit]}: {_meant(error.schema)}"
        case "enum":
            yield path, f"{_shown(value)} is not one of the allowed values.", f"Write {one_of(limit)}."
        case "const":
            yield path, f"{_shown(value)} is not allowed here.", f"Write {limit}, or leave the key out."
        case "minItems" | "minProperties":
            message = f"This has {len(value)} items, and needs at least {limit}."
            yield path, message, f"Add what is missing: {_meant(error.schema)}"
        case "uniqueItems":
            yield path, "An item of this list is repeated.", "Remove one of them."
        case "maxLength":
            yield path, f"This text has {len(value)} characters; the limit is {limit}.", "Shorten it."
        case "minimum":
            yield path, f"{_shown(value)} is too small.", f"Write {limit} or more."
        case _:  # pattern
            yield path, f"{_shown(value)} has the wrong form.", f"Write the right form: {_meant(error.schema)}"


def _meant(schema: Mapping[str, Any]) -> str:
    """What the schema says about a value."""
    return str(schema.get("description", "See the schema of the catalogue."))


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
