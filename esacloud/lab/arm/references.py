"""What one resource says of another: `{"id": ...}`, which has to be there and in the same region.

Messages: https://github.com/hashicorp/terraform-provider-azurerm/issues/14344 and
https://github.com/ernestio/ernest/issues/498
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esacloud.lab.arm import bodies
from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.errors import bad_request, unreadable
from esacloud.lab.arm.paths import PROVIDER, parse_path

if TYPE_CHECKING:
    from esacloud.lab.arm.store import Resource, Store


def reference_id(body: Body, name: str, where: str) -> str | None:
    """The id in a member that refers to another resource; absent and null are None."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise unreadable(f"Error converting the value of '{name}' to a reference. Path '{where}{name}'.")
    return _id(value, f"{where}{name}.")


def reference_ids(body: Body, name: str, where: str) -> list[str]:
    """The ids in a member that refers to several resources."""
    items = bodies.objects(body, name, where)
    return [_id(item, f"{where}{name}[{index}].") for index, item in enumerate(items)]


def _id(reference: Body, where: str) -> str:
    found = bodies.text(reference, "id", where)
    if not found:
        raise unreadable(f"Value for reference id is missing. Path '{where}id'.")
    if parse_path(found) is None:
        raise bad_request(
            "LinkedInvalidPropertyId",
            f"Property id '{found}' at path '{where}id' is invalid. Expect fully qualified resource Id that start with "
            "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
        )
    return found


def find_referenced(store: Store, reference: str, kind: str, *, by: str, location: str) -> Resource:
    """The resource of that kind which `by`, an id, refers to; for a subnet, its virtual network. Refused if elsewhere."""
    path = parse_path(reference)
    if path and path.group and path.name and (path.provider or "").lower() == PROVIDER.lower():
        resource = store.find(path.group, kind, path.name)
        desired = (path.kind or "").lower() == kind.lower() and path.subscription.lower() == store.subscription.lower()
        part = path.child is None or (resource is not None and child_named(resource, path.child) is not None)
        if desired and resource is not None and part and resource.location == location:
            return resource
    raise bad_request(
        "InvalidResourceReference",
        f"Resource {reference} referenced by resource {by} was not found. Please make sure that the referenced resource "
        "exists, and that both resources are in the same region.",
        ("NotFound", f"Resource {reference} not found."),
    )


def child_named(resource: Resource, name: str) -> dict[str, Any] | None:
    """The rule or subnet of that name in a resource, if there is one."""
    return next((child for child in resource.children if child["name"].lower() == name.lower()), None)


def refers(value: Any, to: str) -> bool:
    """Whether anywhere in a value some `{"id": ...}` names that id."""
    if isinstance(value, dict):
        named = value.get("id")
        return (isinstance(named, str) and named.lower() == to.lower()) or any(refers(item, to) for item in value.values())
    return isinstance(value, list) and any(refers(item, to) for item in value)
