"""A stand-in for the azurerm provider: its schema of our resources, what ARM refuses of rules refused.

Network interfaces alone stand behind it, in the folder that ESACLOUD_STUB_NETWORK_INTERFACES names. Of all else terraform
itself keeps the state, so that a second plan compares what we wrote with what was applied. Run as a program by terraform,
through `dev_overrides`, or with `--dev` by whoever lets terraform attach to it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from abc import abstractmethod
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from network_interfaces import NetworkInterface, NetworkInterfaces, locked
from tf import types
from tf.iface import Provider, Resource
from tf.runner import run_provider
from tf.schema import Attribute, Block, NestedBlock, NestMode, Schema

SCHEMA = json.loads(Path(__file__).with_name("schema.json").read_text())
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"

KINDS = {
    "azurerm_application_security_group": "applicationSecurityGroups",
    "azurerm_network_interface": "networkInterfaces",
    "azurerm_network_security_group": "networkSecurityGroups",
    "azurerm_subnet": "virtualNetworks/{virtual_network_name}/subnets",
}


class Object(types.TfType):
    """An object type, which the framework lacks."""

    def __init__(self, attributes: dict[str, types.TfType]) -> None:
        self.attributes = attributes

    def encode(self, value: Any) -> Any:
        return self._each("encode", value)

    def decode(self, value: Any) -> Any:
        return self._each("decode", value)

    def _each(self, way: str, value: Any) -> Any:
        if value is None or value is types.Unknown:
            return value
        return {name: getattr(kind, way)(value[name]) for name, kind in self.attributes.items()}

    def tf_type(self) -> bytes:
        inside = ",".join(f'"{name}":{kind.tf_type().decode()}' for name, kind in self.attributes.items())
        return f'["object",{{{inside}}}]'.encode()


def kind_of(described: Any) -> types.TfType:
    if isinstance(described, str):
        return {"string": types.String, "number": types.Number, "bool": types.Bool}[described.removesuffix("!")]()
    if described[0] == "object":
        return Object({name: kind_of(inside) for name, inside in described[1].items()})
    return {"set": types.Set, "map": types.Map, "list": types.List}[described[0]](kind_of(described[1]))


class Blocks(NestedBlock):
    """A list of nested blocks, which the framework lacks too."""

    def __init__(self, name: str, described: dict[str, Any]) -> None:
        super().__init__(name, NestMode.Set, Block(*inside(described["block"])), min_items=described.get("least"))

    def to_pb(self) -> Any:
        made = super().to_pb()
        made.nesting = type(made).NestingMode.LIST
        return made

    def encode(self, value: Any) -> Any:
        return self._each("encode", value)

    def decode(self, value: Any) -> Any:
        return self._each("decode", value)

    def semantically_equal(self, a_decoded: Any, b_decoded: Any) -> bool:
        return bool(a_decoded == b_decoded)

    def _each(self, way: str, value: Any) -> Any:
        if value is None or value is types.Unknown:
            return value
        kinds = {**{name: kind.type for name, kind in self._amap().items()}, **self._bmap()}
        return [{name: getattr(kind, way)(one[name]) for name, kind in kinds.items()} for one in value]


def schema_of(resource: str) -> Schema:
    attributes, blocks = inside(SCHEMA["resources"][resource])
    return Schema(version=0, attributes=attributes, block_types=blocks)


def inside(described: dict[str, Any]) -> tuple[list[Attribute], list[Any]]:
    """The attributes and the nested blocks of a resource, or of a block."""
    attributes = [
        Attribute(
            name,
            kind_of(kind),
            required="r" in use,
            optional="o" in use,
            computed="c" in use,
            requires_replace=isinstance(kind, str) and kind.endswith("!"),
        )
        for name, (kind, use) in ((name, pair) for name, pair in described.items() if isinstance(pair, list))
    ]
    return attributes, [Blocks(name, block) for name, block in described.items() if isinstance(block, dict)]


class Stub(Resource):
    name = ""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @classmethod
    def get_name(cls) -> str:
        return cls.name.removeprefix("azurerm_")

    @classmethod
    def get_schema(cls) -> Schema:
        return schema_of(cls.name)

    @property
    def network_interfaces(self) -> NetworkInterfaces:
        return NetworkInterfaces(Path(os.environ["ESACLOUD_STUB_NETWORK_INTERFACES"]))

    def create(self, ctx: Any, planned: dict[str, Any]) -> dict[str, Any] | None:
        refuse(ctx.diagnostics, planned)
        if "firewall_policy_id" in planned:
            made = f"{planned['firewall_policy_id']}/ruleCollectionGroups/{planned['name']}"
        elif "name" in planned:
            kind = KINDS[self.name].format(**planned)
            group = planned["resource_group_name"]
            made = f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Network/{kind}/{planned['name']}"
        else:
            made = "|".join(str(value) for key, value in sorted(planned.items()) if key.endswith("_id"))
        known = {name: None if value is types.Unknown else value for name, value in planned.items()}
        return {**known, "id": made}

    def read(self, ctx: Any, current: dict[str, Any]) -> dict[str, Any] | None:
        return current

    def update(self, ctx: Any, current: dict[str, Any], planned: dict[str, Any]) -> dict[str, Any]:
        refuse(ctx.diagnostics, planned)
        return planned

    def delete(self, ctx: Any, current: dict[str, Any]) -> dict[str, Any] | None:
        users = [interface.id for interface in self.network_interfaces.all() if current["id"] in interface.groups]
        if users:
            ctx.diagnostics.add_error(
                "InUse", f"{current['id']} cannot be deleted because it is in use: {', '.join(users)}"
            )
        return current if users else None

    def plan(self, ctx: Any, current: Any, planned: dict[str, Any]) -> dict[str, Any]:
        return planned


class Association(Stub):
    """What puts a group on a network interface: reads its document, changes it, writes it back, and looks whether it lasts.

    Source: `network_interface_*security_group_association_resource.go` in azurerm 5.2.0, also for the locks.
    https://github.com/hashicorp/terraform-provider-azurerm/tree/v5.2.0/internal/services/network
    """

    group = ""  # the attribute with the id of what is put on it

    def create(self, ctx: Any, planned: dict[str, Any]) -> dict[str, Any] | None:
        with locked(*self.keys(planned), *self.keys_to_create(planned)):
            interface = self.network_interfaces.get(planned["network_interface_id"])
            if self.is_on(interface, planned[self.group]):
                ctx.diagnostics.add_error("a resource with this ID already exists", interface.id)
                return None
            self.network_interfaces.put(self.put_on(interface, planned[self.group]))
        created = super().create(ctx, planned)
        return created and self.read(ctx, created)

    def read(self, ctx: Any, current: dict[str, Any]) -> dict[str, Any] | None:
        interface = self.network_interfaces.get(current["network_interface_id"])
        return current if self.is_on(interface, current[self.group]) else None

    def delete(self, ctx: Any, current: dict[str, Any]) -> dict[str, Any] | None:
        with locked(*self.keys(current)):
            interface = self.network_interfaces.get(current["network_interface_id"])
            self.network_interfaces.put(self.taken_off(interface, current[self.group]))
        return None

    @abstractmethod
    def keys(self, values: dict[str, Any]) -> tuple[str, ...]:
        """What it locks."""

    def keys_to_create(self, values: dict[str, Any]) -> tuple[str, ...]:
        """What it locks besides while it is made."""
        return ()

    @abstractmethod
    def is_on(self, interface: NetworkInterface, group: str) -> bool: ...

    @abstractmethod
    def put_on(self, interface: NetworkInterface, group: str) -> NetworkInterface: ...

    @abstractmethod
    def taken_off(self, interface: NetworkInterface, group: str) -> NetworkInterface: ...


class SecurityGroupAssociation(Association):
    """Locks the network interface by its id. Any network security group counts as the one that was put on it."""

    name, group = "azurerm_network_interface_security_group_association", "network_security_group_id"

    def keys(self, values: dict[str, Any]) -> tuple[str, ...]:
        return (values["network_interface_id"],)

    def keys_to_create(self, values: dict[str, Any]) -> tuple[str, ...]:
        return (values[self.group],)

    def is_on(self, interface: NetworkInterface, group: str) -> bool:
        return interface.network_security_group is not None

    def put_on(self, interface: NetworkInterface, group: str) -> NetworkInterface:
        return replace(interface, network_security_group=group)

    def taken_off(self, interface: NetworkInterface, group: str) -> NetworkInterface:
        return replace(interface, network_security_group=None)


class ApplicationSecurityGroupAssociation(Association):
    """Locks the network interface by its name."""

    name = "azurerm_network_interface_application_security_group_association"
    group = "application_security_group_id"

    def keys(self, values: dict[str, Any]) -> tuple[str, ...]:
        return (f"azurerm_network_interface.{values['network_interface_id'].rpartition('/')[2]}",)

    def is_on(self, interface: NetworkInterface, group: str) -> bool:
        return group in interface.application_security_groups

    def put_on(self, interface: NetworkInterface, group: str) -> NetworkInterface:
        return replace(interface, application_security_groups=(*interface.application_security_groups, group))

    def taken_off(self, interface: NetworkInterface, group: str) -> NetworkInterface:
        left = tuple(other for other in interface.application_security_groups if other != group)
        return replace(interface, application_security_groups=left)


def refuse(diagnostics: Any, planned: dict[str, Any]) -> None:
    """ARM's refusals, in its words as far as they are known."""
    rules = planned.get("security_rule") or []
    numbers = Counter((rule["direction"], rule["priority"]) for rule in rules)
    if any(count > 1 for count in numbers.values()):
        diagnostics.add_error("SecurityRuleConflict", "Rules cannot have the same Priority and Direction")
    for rule in rules:
        where = rule["name"]
        if not 100 <= rule["priority"] <= 4096:
            diagnostics.add_error("SecurityRuleInvalidPriority", where)
        for side in ("source", "destination"):
            if bool(rule[f"{side}_port_range"]) == bool(rule[f"{side}_port_ranges"]):
                diagnostics.add_error("SecurityRuleInvalidPortRange", where)
            remote = ("address_prefix", "address_prefixes", "application_security_group_ids")
            if sum(bool(rule[f"{side}_{key}"]) for key in remote) != 1:
                diagnostics.add_error("SecurityRuleInvalidAddressPrefix", where)


class AzureRM(Provider):
    def get_model_prefix(self) -> str:
        return "azurerm_"

    def full_name(self) -> str:
        return str(SCHEMA["provider"])

    def get_provider_schema(self, diags: Any) -> Schema:
        return Schema(version=0, attributes=[], block_types=[NestedBlock("features", NestMode.Single, Block())])

    def validate_config(self, diags: Any, config: Any) -> None:
        return None

    def configure_provider(self, diags: Any, config: Any) -> None:
        return None

    def get_data_sources(self) -> list[Any]:
        return []

    def get_resources(self) -> list[Any]:
        associations = {one.name: one for one in (SecurityGroupAssociation, ApplicationSecurityGroupAssociation)}
        return [associations.get(name) or type(name, (Stub,), {"name": name}) for name in SCHEMA["resources"]]


def end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    if "--dev" in sys.argv:  # terraform attaches to it; whoever started it keeps its input open
        threading.Thread(target=end_with_input, daemon=True).start()
    run_provider(AzureRM())
