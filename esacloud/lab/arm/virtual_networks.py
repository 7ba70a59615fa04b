"""Virtual networks and their subnets, as far as a network security group can be attached to one.

Every property of a subnet is kept as it came; only its network security group is looked at. A body without `subnets` leaves
the subnets alone (https://learn.microsoft.com/azure/virtual-network/update-virtual-network-without-subnet-property).
The refusal to delete a subnet in use: https://github.com/Azure/bicep/issues/13267
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from esacloud.lab.arm import bodies
from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.errors import bad_request, unreadable
from esacloud.lab.arm.kinds import Accepted, Draft, Kind, show_child
from esacloud.lab.arm.paths import check_name
from esacloud.lab.arm.references import find_referenced, reference_id
from esacloud.lab.arm.store import Resource, Store
from esacloud.lab.arm.users import SUBNETS, interfaces_in

_READ_ONLY = ("provisioningState", "resourceGuid")


def _accept(store: Store, draft: Draft, body: Body) -> Accepted:
    given = bodies.properties(body, "")
    kept = {name: deepcopy(value) for name, value in given.items() if name not in (SUBNETS, *_READ_ONLY)}
    if given.get(SUBNETS) is None and draft.before:
        return Accepted(kept, draft.before.children)
    children = []
    for index, item in enumerate(bodies.objects(given, SUBNETS, "properties.")):
        children.append(_accept_subnet(store, draft, item, f"properties.{SUBNETS}[{index}]."))
    _refuse_lost(store, draft, {child["name"].lower() for child in children})
    return Accepted(kept, children)


def _accept_subnet(store: Store, draft: Draft, item: Body, where: str) -> dict[str, Any]:
    name = bodies.text(item, "name", where)
    if not name:
        raise unreadable(f"The name of a subnet is missing. Path '{where}name'.")
    check_name(name)
    given = bodies.properties(item, where)
    group = reference_id(given, "networkSecurityGroup", f"{where}properties.")
    kept = {key: deepcopy(value) for key, value in given.items() if key not in (*_READ_ONLY, "ipConfigurations")}
    kept.pop("networkSecurityGroup", None)
    if group:
        by = f"{draft.id}/{SUBNETS}/{name}"
        found = find_referenced(store, group, "networkSecurityGroups", by=by, location=draft.location)
        kept["networkSecurityGroup"] = {"id": found.id}
    return {"name": name, "properties": kept}


def _refuse_lost(store: Store, draft: Draft, left: set[str]) -> None:
    """Refuse a body that leaves out a subnet which network interfaces are in."""
    for subnet in draft.before.children if draft.before else ():
        users = interfaces_in(store, f"{draft.id}/{SUBNETS}/{subnet['name']}")
        if subnet["name"].lower() not in left and users:
            raise bad_request(
                "InUseSubnetCannotBeDeleted",
                f"Subnet {subnet['name']} is in use by {users[0]} and cannot be deleted. In order to delete the subnet, "
                "delete all the resources within the subnet. See aka.ms/deletesubnet.",
            )


def show_subnet(store: Store, resource: Resource, subnet: dict[str, Any]) -> dict[str, Any]:
    """A subnet as the API shows it: with the IP configurations that are in it."""
    users = interfaces_in(store, f"{resource.id}/{SUBNETS}/{subnet['name']}")
    more = {"ipConfigurations": [{"id": user} for user in users]} if users else {}
    return show_child(resource, SUBNETS, subnet, **more)


def _show(store: Store, resource: Resource) -> dict[str, Any]:
    return {**resource.properties, SUBNETS: [show_subnet(store, resource, subnet) for subnet in resource.children]}


def _refuse_delete(store: Store, resource: Resource) -> None:
    _refuse_lost(store, Draft(resource.id, resource.location, resource), set())


KIND = Kind("virtualNetworks", _accept, _show, _refuse_delete, SUBNETS)
