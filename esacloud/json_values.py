"""Reading JSON of others, where anything may stand anywhere: what is not of the kind that is asked for is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list, none for what is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
