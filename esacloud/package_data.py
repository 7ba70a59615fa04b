"""The tables that lie as JSON beside the modules that use them."""

from __future__ import annotations

import json
import os
from typing import Any


def path_beside(module_file: str, name: str) -> str:
    """The path of the file `name` beside a module; `module_file` is its `__file__`."""
    return os.path.join(os.path.dirname(module_file), name)  # noqa: PTH118, PTH120 - pathlib costs every start 3 ms


def read_beside(module_file: str, name: str) -> Any:
    """The JSON value in the file `name` beside a module."""
    with open(path_beside(module_file, name), "rb") as file:  # noqa: PTH123 - as above
        return json.load(file)
