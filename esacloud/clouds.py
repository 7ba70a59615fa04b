"""The clouds that esacloud knows: one line each. Everything above this module asks here and names no cloud itself."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from esacloud.policy.cloud import Cloud

CLOUDS = ("aws", "azure")


def load(name: str) -> Cloud:
    """The cloud of that name, imported when it is first asked for. Raises KeyError for a name not in CLOUDS."""
    if name not in CLOUDS:
        raise KeyError(name)
    return cast(Cloud, import_module(f"esacloud.{name}.cloud"))
