"""JSON documents to text and back.

The text is made for people and for `git diff`: two spaces a level, keys in the document's own order, and each row of a
table in `locals` on one line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from esacloud.json_files import parse
from esacloud.policy.lowered import Document

_encode = json.JSONEncoder(ensure_ascii=False).encode  # without indentation this is the C encoder
_SPLIT = ",\0"  # separates items: JSON text never holds a NUL, strings escape it
_PLAIN = {str, int, bool, type(None)}
_encode_split = json.JSONEncoder(ensure_ascii=False, separators=(_SPLIT, ": ")).encode


def render(document: Document) -> str:
    """The text of a `*.tf.json` document, ending in a newline."""
    texts = {key: _tables(value, "  ") if key == "locals" else _nested(value) for key, value in document.items()}
    return "{\n" + ",\n".join([f"  {_encode(key)}: {text}" for key, text in texts.items()]) + "\n}\n"


def render_flat(document: Mapping[str, Any]) -> str:
    """The text of a document whose keys hold plain values, or lists and objects written one element a line."""
    return _tables(document, "") + "\n"


def _tables(tables: Mapping[str, Any], margin: str) -> str:
    """An object whose values are written one element a line."""
    inner = f"{margin}  "
    return (
        "{\n"
        + ",\n".join([f"{inner}{_encode(key)}: {_lines(value, inner)}" for key, value in tables.items()])
        + f"\n{margin}}}"
    )


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


def documents_of(files: Mapping[str, str]) -> dict[str, Document]:
    """The documents among a module's files (`*.tf.json`), by file name. Raises InputError as `parse` does."""
    return {name: parse(text, name) for name, text in files.items() if name.endswith(".tf.json")}
