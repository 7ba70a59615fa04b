"""Who uses a resource: the ways back along the references, which the platform shows and refuses deletions by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from esacloud.lab.arm.references import refers
from esacloud.lab.arm.store import Resource, Store

SUBNETS = "subnets"


def users_of(store: Store, group: Resource) -> tuple[list[str], list[str]]:
    """The ids of the subnets, and of the network interfaces, that a network security group is attached to."""
    subnets = [
        f"{network.id}/{SUBNETS}/{subnet['name']}"
        for network in store.of_kind("virtualNetworks")
        for subnet in network.children
        if refers(subnet["properties"].get("networkSecurityGroup"), group.id)
    ]
    interfaces = [
        interface.id
        for interface in store.of_kind("networkInterfaces")
        if refers(interface.properties.get("networkSecurityGroup"), group.id)
    ]
    return subnets, interfaces


def ip_configurations(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """The id and the properties of each IP configuration of each network interface."""
    for interface in store.of_kind("networkInterfaces"):
        for configuration in interface.properties["ipConfigurations"]:
            yield f"{interface.id}/ipConfigurations/{configuration['name']}", configuration["properties"]


def members_of(store: Store, group: Resource) -> list[str]:
    """The ids of the IP configurations in an application security group."""
    return [
        configuration
        for configuration, properties in ip_configurations(store)
        if refers(properties.get("applicationSecurityGroups"), group.id)
    ]


def networks_of_members(store: Store, group: Resource) -> set[str]:
    """The ids of the virtual networks that the members of an application security group are in."""
    return {
        properties["subnet"]["id"].rpartition(f"/{SUBNETS}/")[0]
        for _, properties in ip_configurations(store)
        if refers(properties.get("applicationSecurityGroups"), group.id)
    }


def rules_with(store: Store, group: Resource) -> list[str]:
    """The ids of the security rules that name an application security group."""
    return [
        f"{owner.id}/securityRules/{rule['name']}"
        for owner in store.of_kind("networkSecurityGroups")
        for rule in owner.children
        if refers(rule["properties"], group.id)
    ]


def interfaces_in(store: Store, subnet_id: str) -> list[str]:
    """The ids of the IP configurations in a subnet."""
    return [
        configuration
        for configuration, properties in ip_configurations(store)
        if refers(properties.get("subnet"), subnet_id)
    ]
