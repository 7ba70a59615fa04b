"""The addresses of Resource Manager: from a request's path to what it names, and back. All of them ignore case."""

from __future__ import annotations

import re
from dataclasses import dataclass

PROVIDER = "Microsoft.Network"

_path = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)"
    r"(?:/resourceGroups(?:/(?P<group>[^/]+))?(?P<in_groups>))?"
    r"(?:/providers/(?P<provider>[^/]+)/(?P<kind>[^/]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<child_kind>[^/]+)(?:/(?P<child>[^/]+))?)?)?)?/?",
    re.IGNORECASE,
).fullmatch


@dataclass(frozen=True, slots=True)
class Path:
    """What a path names. `in_groups` says that it went through `resourceGroups`, with or without naming one."""

    subscription: str
    in_groups: bool
    group: str | None
    provider: str | None
    kind: str | None
    name: str | None
    child_kind: str | None
    child: str | None


def parse_path(path: str) -> Path | None:
    """What the path names, or None where it is none of Resource Manager's."""
    found = _path(path)
    if not found:
        return None
    return Path(
        found["subscription"],
        found["in_groups"] is not None,
        *found.group("group", "provider", "kind", "name", "child_kind", "child"),
    )


def resource_id(subscription: str, group: str, kind: str, name: str) -> str:
    """The id of a resource of Microsoft.Network."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{PROVIDER}/{kind}/{name}"


def group_id(subscription: str, group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"
