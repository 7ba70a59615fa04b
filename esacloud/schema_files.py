"""Where the JSON Schemas lie: in `schemas/` of a checkout, or beside the modules in an installed package.

A schema is called by its name alone: `catalogue` is the file `catalogue.schema.json`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "schemas", _HERE.parent / "schemas")  # a wheel carries them inside, a checkout beside the package


def schema_path(name: str) -> Path:
    """The file of the schema of that name. Raises KeyError where there is none."""
    for place in _PLACES:
        if (path := place / f"{name}.schema.json").is_file():
            return path
    raise KeyError(name)


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema of that name, read once a process; leave it as it is. Raises KeyError where there is none."""
    document: dict[str, Any] = json.loads(schema_path(name).read_text(encoding="utf-8"))
    return document
