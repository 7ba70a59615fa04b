"""Resource groups, as far as resources need one to be in."""

from __future__ import annotations

from typing import Any

from esacloud.lab.arm import bodies
from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.errors import ArmError, bad_request
from esacloud.lab.arm.paths import check_group_name, group_id
from esacloud.lab.arm.references import refers
from esacloud.lab.arm.store import ResourceGroup, Store


def show_group(store: Store, group: ResourceGroup) -> dict[str, Any]:
    """A resource group as the API shows it."""
    shown: dict[str, Any] = {
        "id": group_id(store.subscription, group.name),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
    }
    if group.tags is not None:
        shown["tags"] = group.tags
    return shown | {"properties": {"provisioningState": "Succeeded"}}


def put_group(store: Store, name: str, body: Body) -> tuple[ResourceGroup, bool]:
    """Create a resource group or replace its tags; gives it, and whether it is new."""
    check_group_name(name)
    given = bodies.text(body, "location", "")
    if not given:
        raise bad_request("LocationRequired", "The location property is required for this definition.")
    location = "".join(given.split()).lower()
    before = store.group(name)
    if before and before.location != location:
        raise ArmError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{before.location}'.",
        )
    group = before or ResourceGroup(name, location)
    group.tags = bodies.tags(body)
    store.groups[name.lower()] = group
    store.changed()
    return group, before is None


def delete_group(store: Store, group: ResourceGroup) -> None:
    """Delete a resource group with all that is in it, unless something outside refers to that."""
    inside = [resource for resource in store.resources.values() if resource.group.lower() == group.name.lower()]
    outside = [resource for resource in store.resources.values() if resource.group.lower() != group.name.lower()]
    for resource in inside:
        parts = [f"{resource.id}/subnets/{child['name']}" for child in resource.children]
        for other in outside:
            if any(refers([other.properties, other.children], part) for part in (resource.id, *parts)):
                raise ArmError(
                    409,
                    "ResourceGroupDeletionBlocked",
                    f"Deletion of resource group '{group.name}' failed as resources with identifiers "
                    f"'Microsoft.Network/{resource.kind}/{resource.name}' could not be deleted.",
                )
    for resource in inside:
        del store.resources[resource.id.lower()]
    del store.groups[group.name.lower()]
    store.changed()
