"""JSON of this package and of others: tables next to a module, the JSON Schemas, strict reading, values of unknown shape.

Strict reading refuses ambiguous JSON (a duplicate key, NaN), with its line.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from esacloud.errors import InputError, Place


def path_beside(module_file: str, name: str) -> str:
    """The path of the file `name` next to a module; `module_file` is its `__file__`."""
    return os.path.join(os.path.dirname(module_file), name)  # noqa: PTH118, PTH120 - pathlib costs every start 3 ms


@cache
def read_beside(module_file: str, name: str) -> Any:
    """The JSON value in the file `name` next to a module, read once a process; do not change it."""
    with open(path_beside(module_file, name), "rb") as file:  # noqa: PTH123 - as above
        return json.load(file)


def schema_path(name: str) -> str:
    """The file `<name>.schema.json`. Raises KeyError where there is none."""
    for folder in ("schemas", "../schemas"):  # a wheel carries them inside the package, a checkout next to it
        path = path_beside(__file__, f"{folder}/{name}.schema.json")
        if os.path.isfile(path):  # noqa: PTH113 - as above
            return path
    raise KeyError(name)


def schema(name: str) -> dict[str, Any]:
    """The schema of that name. Raises KeyError where there is none."""
    document: dict[str, Any] = read_beside(schema_path(name), f"{name}.schema.json")
    return document


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list, none if the value is not a list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


class _DuplicateKeyError(ValueError):
    """An object has a key twice."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DuplicateKeyError
    return made


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


_decode = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_constant).decode


def parse(text: str, file: str, hint: str = "Run esacloud generate again.") -> dict[str, Any]:
    """The object in a text. Raises `InputError` with the line for text that is not JSON, not an object, or ambiguous."""
    try:
        document = _decode(text)
    except _DuplicateKeyError:
        key, line, column = _first_duplicate(text)
        place = Place(file, line, column, key)
        raise InputError.at(place, f"The key {key!r} occurs twice in one object.", hint) from None
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        raise InputError.at(place, f"The file is not JSON: {error.msg}.", hint) from None
    except RecursionError:
        raise InputError.at(file, "The file is nested too deeply.", hint) from None
    except ValueError as error:
        raise InputError.at(file, f"A number is not valid: {error}.", hint) from None
    if not isinstance(document, dict):
        raise InputError.at(Place(file, 1), "The file is not a JSON object.", hint)
    return document


_LEXEME = r'"(?:[^"\\]|\\.)*"|[{}\[\],:]'


def _first_duplicate(text: str) -> tuple[str, int, int]:
    """The first duplicate key of an object in a valid JSON text, with line and column, from 1."""
    objects: list[set[str] | None] = []
    before = ""
    for token in re.finditer(_LEXEME, text):
        word = token[0]
        if word == "{":
            objects.append(set())
        elif word == "[":
            objects.append(None)
        elif word in "}]":
            objects.pop()
        elif word[0] == '"' and before in "{," and objects and (keys := objects[-1]) is not None:
            key = json.loads(word)
            if key in keys:
                line_start = text.rfind("\n", 0, token.start()) + 1
                return key, text.count("\n", 0, token.start()) + 1, token.start() - line_start + 1
            keys.add(key)
        before = word
    raise AssertionError("no duplicate key")
