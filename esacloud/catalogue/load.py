"""Reading a catalogue: the shipped one, or a file of the user's in the same schema.

The shipped file is trusted, because the tests hold it against the schema and the checks; so a start costs neither. A
user's file is held against both, and all of its problems are raised together.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256

from esacloud.catalogue.build import build
from esacloud.catalogue.model import Catalogue
from esacloud.package_data import path_beside

SHIPPED = path_beside(__file__, "secure-email-gateway.json")


def load(path: str | None = None) -> Catalogue:
    """The catalogue in the file at `path`, or the shipped one, which is read once a process.

    Raises InputError for a file that cannot be read, is no JSON, breaks the schema, or contradicts itself.
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
