"""What the emulator has to know of each kind of resource. The kinds themselves are listed in `resources.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.store import Resource, Store


class Accepted(NamedTuple):
    """What is kept of a body: the properties of the resource, and its rules or subnets."""

    properties: dict[str, Any]
    children: list[dict[str, Any]]


class Draft(NamedTuple):
    """What a body is read for: the id and location of its resource, and what stands there already, if anything does."""

    id: str
    location: str
    before: Resource | None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource.

    - `accept` reads the `properties` of a body, or raises the platform's refusal;
    - `show` gives the properties as the API shows them, without those that all kinds have;
    - `refuse_delete` raises when the platform would not delete the resource;
    - `child_kind` names the parts that have an address of their own: `securityRules`, `subnets`.
    """

    name: str
    accept: Callable[[Store, Draft, Body], Accepted]
    show: Callable[[Store, Resource], dict[str, Any]]
    refuse_delete: Callable[[Store, Resource], None]
    child_kind: str | None = None
    limit: Callable[[Store], int] | None = None


def show_child(resource: Resource, child_kind: str, child: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A rule or a subnet as the API shows it: with id, type, and the ETag and state of the whole."""
    return {
        "name": child["name"],
        "id": f"{resource.id}/{child_kind}/{child['name']}",
        "etag": resource.etag,
        "type": f"Microsoft.Network/{resource.kind}/{child_kind}",
        "properties": {"provisioningState": resource.state} | child["properties"] | more,
    }
