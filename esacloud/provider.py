"""The clouds that esacloud knows: one line each. Everything above this module asks here and names no cloud itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

from esacloud.deployment.model import Dialect
from esacloud.policy.lowered import Cloud

CLOUDS = ("aws", "azure")


def load(name: str) -> Cloud:
    """The cloud of that name, imported when it is first asked for. Raises KeyError for a name not in CLOUDS."""
    if name not in CLOUDS:
        raise KeyError(name)
    return cast(Cloud, import_module(f"esacloud.{name}.provider"))


class Dialects(Mapping[str, Dialect]):
    """What each cloud adds to the deployment file; a cloud that a file does not name is not imported for it."""

    def __getitem__(self, name: str) -> Dialect:
        if name not in CLOUDS:
            raise KeyError(name)
        return cast(Dialect, import_module(f"esacloud.{name}.dialect").DIALECT)

    def __iter__(self) -> Iterator[str]:
        return iter(CLOUDS)

    def __len__(self) -> int:
        return len(CLOUDS)
