"""The shipped catalogue, or a user's file in the same schema.

The tests check the shipped file against the schema and the rules of `check.py`, so a start does not repeat it. A user's
file is checked against both.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256

from esacloud.catalogue.build import build
from esacloud.catalogue.model import Catalogue
from esacloud.json_files import path_beside

SHIPPED = path_beside(__file__, "secure-email-gateway.json")


def load(path: str | None = None) -> Catalogue:
    """The catalogue in the file at `path`, or the shipped one, which is read once a process.

    Raises InputError with every problem of the file.
    """
    if path is None:
        return _shipped()
    from esacloud.catalogue.read import read

    return read(path)


@cache
def _shipped() -> Catalogue:
    with open(SHIPPED, "rb") as file:  # noqa: PTH123 - pathlib costs every start 3 ms
        content = file.read()
    return build(json.loads(content), sha256(content).hexdigest())
