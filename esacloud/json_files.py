"""JSON files of this package and of others: tables next to a module, the JSON Schemas, and values of unknown shape."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any


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
