"""Filters that exist: the answer of `GET /filters` of a site, from a file or from the site itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from esacloud.policy.actual import ActualGroup, ActualGroups
from esacloud.policy.model import Statement
from toycloud.lower import box_of

if TYPE_CHECKING:
    from esacloud.change.live import Connection

SOURCES: tuple[str, ...] = ("curl SITE/filters",)
LIVE_OPTIONS: Mapping[str, str] = {"endpoint_url": "the address of the site"}


def read_groups(document: Any) -> ActualGroups | None:
    """The filters, or None where the document is not of the toy cloud."""
    if not isinstance(document, dict) or not isinstance(document.get("toy_filters"), dict):
        return None
    groups = []
    for name, found in document["toy_filters"].items():
        rules = tuple(Statement(f"{name}[{number}]", (box_of(box),)) for number, box in enumerate(found["boxes"]))
        groups.append(ActualGroup(name, name, rules, (), found["interface"], found["deployment"]))
    return ActualGroups("toy", tuple(groups), "any")


def fetch_groups(connection: Connection, settings: Mapping[str, str]) -> ActualGroups:
    """All filters of a site."""
    from toycloud.live import get

    found = read_groups({"toy_filters": get(connection.endpoint_url or settings["endpoint_url"], "/filters")})
    assert found is not None
    return found
