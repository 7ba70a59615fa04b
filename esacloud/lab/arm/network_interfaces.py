"""Network interfaces, as far as security groups can be attached to one. They belong to no machine, and have no addresses.

Every other property is kept as it came.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from esacloud.lab.arm import bodies
from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.errors import bad_request, unreadable
from esacloud.lab.arm.kinds import Accepted, Draft, Kind
from esacloud.lab.arm.references import find_referenced, reference_id, reference_ids
from esacloud.lab.arm.store import Resource, Store

_CONFIGURATIONS = "ipConfigurations"


def _accept(store: Store, draft: Draft, body: Body) -> Accepted:
    given = bodies.properties(body, "")
    read_only = ("provisioningState", "resourceGuid", "networkSecurityGroup")
    kept = {name: deepcopy(value) for name, value in given.items() if name not in read_only}
    items = bodies.objects(given, _CONFIGURATIONS, "properties.")
    if not items:
        raise bad_request(
            "NetworkInterfaceMustHaveAtLeastOneIpConfiguration",
            f"Network interface {draft.id} must have at least one IP configuration.",
        )
    kept[_CONFIGURATIONS] = [
        _accept_configuration(store, draft, item, f"properties.{_CONFIGURATIONS}[{index}].")
        for index, item in enumerate(items)
    ]
    group = reference_id(given, "networkSecurityGroup", "properties.")
    if group:
        found = find_referenced(store, group, "networkSecurityGroups", by=draft.id, location=draft.location)
        kept["networkSecurityGroup"] = {"id": found.id}
    return Accepted(kept, [])


def _accept_configuration(store: Store, draft: Draft, item: Body, where: str) -> dict[str, Any]:
    name = bodies.text(item, "name", where)
    given = bodies.properties(item, where)
    subnet = reference_id(given, "subnet", f"{where}properties.")
    if not name or not subnet:
        raise unreadable(f"The name or the subnet of an IP configuration is missing. Path '{where}'.")
    find_referenced(store, subnet, "virtualNetworks", by=draft.id, location=draft.location)
    kept = {key: deepcopy(value) for key, value in given.items() if key != "provisioningState"}
    groups = reference_ids(given, "applicationSecurityGroups", f"{where}properties.")
    if groups:
        kept["applicationSecurityGroups"] = [
            {"id": find_referenced(store, group, "applicationSecurityGroups", by=draft.id, location=draft.location).id}
            for group in groups
        ]
    return {"name": name, "properties": kept}


def _show(_store: Store, resource: Resource) -> dict[str, Any]:
    configurations = [
        {
            "name": configuration["name"],
            "id": f"{resource.id}/{_CONFIGURATIONS}/{configuration['name']}",
            "etag": resource.etag,
            "type": f"Microsoft.Network/networkInterfaces/{_CONFIGURATIONS}",
            "properties": {"provisioningState": resource.state, **configuration["properties"]},
        }
        for configuration in resource.properties[_CONFIGURATIONS]
    ]
    return {**resource.properties, _CONFIGURATIONS: configurations}


def _refuse_delete(_store: Store, _resource: Resource) -> None:
    """Nothing holds a network interface here: there are no machines."""


KIND = Kind("networkInterfaces", _accept, _show, _refuse_delete)
