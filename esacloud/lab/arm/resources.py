"""What all kinds of resources share: get, list, put, patch, delete; on the whole, and on one of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from esacloud.lab.arm import (
    application_security_groups,
    bodies,
    network_interfaces,
    network_security_groups,
    virtual_networks,
)
from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.default_rules import default_rules
from esacloud.lab.arm.errors import ArmError, bad_request, child_not_found, group_not_found, resource_not_found
from esacloud.lab.arm.kinds import Draft, Kind, show_child
from esacloud.lab.arm.network_security_groups import DEFAULT_RULES
from esacloud.lab.arm.paths import check_name, resource_id
from esacloud.lab.arm.preconditions import check_preconditions
from esacloud.lab.arm.references import child_named
from esacloud.lab.arm.store import Resource, Store
from esacloud.lab.arm.users import SUBNETS

_MODULES = (network_security_groups, application_security_groups, virtual_networks, network_interfaces)
KINDS: Mapping[str, Kind] = {module.KIND.name.lower(): module.KIND for module in _MODULES}
_MEMBERS = (
    "id",
    "name",
    "type",
    "etag",
    "location",
    "tags",
    "properties",
    "zones",
    "extendedLocation",
    "kind",
    "systemData",
)


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources in a store, whose lock the caller holds."""

    store: Store

    def show(self, resource: Resource) -> dict[str, Any]:
        """A resource as the API shows it, in the API's order."""
        shown: dict[str, Any] = {
            "name": resource.name,
            "id": resource.id,
            "etag": resource.etag,
            "type": f"Microsoft.Network/{resource.kind}",
            "location": resource.location,
        }
        if resource.tags is not None:
            shown["tags"] = resource.tags
        state = {"provisioningState": resource.state, "resourceGuid": resource.guid}
        shown["properties"] = state | KINDS[resource.kind.lower()].show(self.store, resource)
        return shown

    def get(self, kind: Kind, group: str, name: str) -> Resource:
        """The resource, or the refusal that says it is not there."""
        resource = self.store.find(group, kind.name, name)
        if resource is None:
            raise resource_not_found(kind.name, name, group)
        return resource

    def listed(self, kind: Kind, group: str | None) -> list[dict[str, Any]]:
        """All resources of a kind, in one resource group or in all."""
        return [self.show(resource) for resource in self.store.of_kind(kind.name, group)]

    def put(self, kind: Kind, group: str, name: str, body: Body, headers: Mapping[str, str]) -> tuple[Resource, bool]:
        """Create or replace a resource; gives it, and whether it is new."""
        home = self.store.group(group)
        if home is None:
            raise group_not_found(group)
        before = self.store.find(group, kind.name, name)
        own_id = before.id if before else resource_id(self.store.subscription, home.name, kind.name, name)
        self._check(headers, own_id, before.etag if before else None)
        check_name(name)
        bodies.known_members(body, _MEMBERS, "")
        location = _location(body, before, name, home.name)
        if before is None and kind.limit and sum(1 for _ in self.store.of_kind(kind.name)) >= kind.limit(self.store):
            raise bad_request("QuotaExceeded", f"The subscription cannot have more {kind.name}.")
        accepted = kind.accept(self.store, Draft(own_id, location, before), body)
        tags = bodies.tags(body)
        if before is None:
            resource = Resource(own_id, kind.name, home.name, name, location, tags, *accepted)
        else:
            resource = before
            resource.tags, resource.properties, resource.children = tags, accepted.properties, accepted.children
        self.store.keep(resource, "Updating")
        return resource, before is None

    def patch(self, resource: Resource, body: Body, headers: Mapping[str, str]) -> Resource:
        """Replace the tags of a resource, which is all that PATCH does."""
        self._check(headers, resource.id, resource.etag)
        bodies.known_members(body, ("tags",), "")
        resource.tags = bodies.tags(body) or {}
        self.store.keep(resource, "Succeeded")
        return resource

    def delete(self, kind: Kind, resource: Resource, headers: Mapping[str, str]) -> None:
        """Delete a resource that nothing uses."""
        self._check(headers, resource.id, resource.etag)
        kind.refuse_delete(self.store, resource)
        self.store.remove(resource)

    def show_children(self, resource: Resource, child_kind: str) -> list[dict[str, Any]]:
        """The parts of a resource that have an address of their own, as the API shows them."""
        if child_kind == DEFAULT_RULES:
            return [show_child(resource, child_kind, rule) for rule in default_rules()]
        if child_kind == SUBNETS:
            return [virtual_networks.show_subnet(self.store, resource, subnet) for subnet in resource.children]
        return [show_child(resource, child_kind, child) for child in resource.children]

    def show_one_child(self, resource: Resource, child_kind: str, name: str) -> dict[str, Any]:
        """One part of a resource, or the refusal that says it is not there."""
        for child in self.show_children(resource, child_kind):
            if child["name"].lower() == name.lower():
                return child
        raise child_not_found(f"{resource.id}/{child_kind}/{name}")

    def put_child(self, kind: Kind, resource: Resource, name: str, body: Body, headers: Mapping[str, str]) -> bool:
        """Create or replace one part by writing the whole with it; says whether it is new."""
        check_name(name)
        before = child_named(resource, name)
        child_id = f"{resource.id}/{kind.child_kind}/{name}"
        self._check(headers, child_id, resource.etag if before else None)
        child = {**body, "name": before["name"] if before else name}
        others = [child if other is before else other for other in resource.children]
        self._write(kind, resource, others if before else [*others, child])
        return before is None

    def delete_child(self, kind: Kind, resource: Resource, name: str, headers: Mapping[str, str]) -> None:
        """Delete one part by writing the whole without it."""
        before = child_named(resource, name)
        self._check(headers, f"{resource.id}/{kind.child_kind}/{name}", resource.etag if before else None)
        self._write(kind, resource, [other for other in resource.children if other is not before])

    def _check(self, headers: Mapping[str, str], resource_id: str, etag: str | None) -> None:
        if self.store.ignores_if_none_match:
            headers = {name: value for name, value in headers.items() if name != "if-none-match"}
        check_preconditions(headers, resource_id, etag)

    def _write(self, kind: Kind, resource: Resource, children: list[dict[str, Any]]) -> None:
        body = {"properties": resource.properties | {kind.child_kind or "": children}}
        draft = Draft(resource.id, resource.location, resource)
        resource.properties, resource.children = kind.accept(self.store, draft, body)
        self.store.keep(resource, "Updating")


def _location(body: Body, before: Resource | None, name: str, group: str) -> str:
    """The region, without spaces and in lower case; it never changes. Codes: Resource Manager's common errors."""
    given = bodies.text(body, "location", "")
    if not given:
        raise bad_request("LocationRequired", "The location property is required for this definition.")
    location = "".join(given.split()).lower()
    if before and before.location != location:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{name}' already exists in location '{before.location}' in resource group '{group}'. A resource "
            f"with the same name cannot be created in location '{location}'. Please select a new resource name.",
        )
    return location
