"""JSON documents to text and back.

The text is made for people and for `git diff`: two spaces a level, keys in the document's own order, and each row of a
table in `locals` on one line. Reading is strict: ambiguous JSON (a duplicate key, NaN) is refused, with its line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn

from esacloud.errors import InputError, Place, Problem
from esacloud.policy.lowered import Document

_encode = json.JSONEncoder(ensure_ascii=False).encode  # without indentation this is the C encoder
_SPLIT = ",\0"  # separates items: JSON text never holds a NUL, strings escape it
_PLAIN = {str, int, bool, type(None)}
_encode_split = json.JSONEncoder(ensure_ascii=False, separators=(_SPLIT, ": ")).encode


def render(document: Document) -> str:
    """The text of a `*.tf.json` document, ending in a newline."""
    texts = {key: _locals(value) if key == "locals" else _nested(value) for key, value in document.items()}
    return "{\n" + ",\n".join([f"  {_encode(key)}: {text}" for key, text in texts.items()]) + "\n}\n"


def render_flat(document: Mapping[str, Any]) -> str:
    """The text of a document whose keys hold plain values, or lists and objects written one element a line."""
    return "{\n" + ",\n".join([f"  {_encode(key)}: {_lines(value, '  ')}" for key, value in document.items()]) + "\n}\n"


def _locals(tables: Mapping[str, Any]) -> str:
    return "{\n" + ",\n".join([f"    {_encode(name)}: {_lines(table, '    ')}" for name, table in tables.items()]) + "\n  }"


def _lines(value: Any, margin: str) -> str:
    """An object or list with each of its elements on one line."""
    if not value or not isinstance(value, (dict, list)):
        return _encode(value)
    inner = f",\n{margin}  "
    kinds = set(map(type, value.values() if isinstance(value, dict) else value))
    if kinds == {dict}:  # a table: all rows in one call
        lines = _encode_split(value)[1:-1].replace("}" + _SPLIT, "}" + inner).replace(_SPLIT, ", ")
    elif kinds <= _PLAIN:
        lines = _encode_split(value)[1:-1].replace(_SPLIT, inner)
    elif isinstance(value, dict):
        lines = inner.join([f"{_encode(key)}: {_encode(element)}" for key, element in value.items()])
    else:
        lines = inner.join(map(_encode, value))
    return f"{{\n{margin}  {lines}\n{margin}}}" if isinstance(value, dict) else f"[\n{margin}  {lines}\n{margin}]"


def _nested(value: Any) -> str:
    if not value or not isinstance(value, dict):
        return _nested_text(_encode(value), "  ")
    lines = ",\n".join([f"    {_encode(key)}: {_nested_text(_encode(inside), '    ')}" for key, inside in value.items()])
    return f"{{\n{lines}\n  }}"


@lru_cache(maxsize=256)
def _nested_text(compact: str, margin: str) -> str:
    """The indented form, cached: most of a module is the same in every module."""
    return json.dumps(json.loads(compact), ensure_ascii=False, indent=2).replace("\n", f"\n{margin}")


class _DuplicateKeyError(ValueError):
    """An object has a key twice."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DuplicateKeyError
    return made


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON.")


_decode = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_constant).decode


def parse(text: str, file: str) -> dict[str, Any]:
    """The document in a text. Raises `InputError` with the line for text that is not JSON, not an object, or ambiguous."""
    hint = "Run esacloud generate again."
    try:
        document = _decode(text)
    except _DuplicateKeyError:
        key, line, column = _first_duplicate(text)
        place = Place(file, line, column, key)
        raise InputError(Problem(place, f"The key {key!r} occurs twice in one object.", hint)) from None
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        raise InputError(Problem(place, f"The file is not JSON: {error.msg}.", hint)) from None
    except RecursionError:
        raise InputError(Problem(Place(file), "The file is nested too deeply.", hint)) from None
    except ValueError as error:
        raise InputError(Problem(Place(file), str(error), hint)) from None
    if not isinstance(document, dict):
        raise InputError(Problem(Place(file, 1), "The file is not a JSON object.", hint))
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


def documents_of(files: Mapping[str, str]) -> dict[str, Document]:
    """The documents among a module's files (`*.tf.json`), by file name. Raises InputError as `parse` does."""
    return {name: parse(text, name) for name, text in files.items() if name.endswith(".tf.json")}
