"""A stand-in for the azurerm provider: its schema of our resources, no cloud behind it, what ARM refuses of rules refused.

Terraform itself keeps the state, so that a second plan compares what we wrote with what was applied. Run as a program by
terraform, through `dev_overrides`.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

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


def kind_of(said: Any) -> types.TfType:
    if isinstance(said, str):
        return {"string": types.String, "number": types.Number, "bool": types.Bool}[said.removesuffix("!")]()
    if said[0] == "object":
        return Object({name: kind_of(inside) for name, inside in said[1].items()})
    return {"set": types.Set, "map": types.Map, "list": types.List}[said[0]](kind_of(said[1]))


class Blocks(NestedBlock):
    """A list of nested blocks, which the framework lacks too."""

    def __init__(self, name: str, said: dict[str, Any]) -> None:
        super().__init__(name, NestMode.Set, Block(*inside(said["block"])), min_items=said.get("least"))

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
            kind_of(said),
            required="r" in use,
            optional="o" in use,
            computed="c" in use,
            requires_replace=isinstance(said, str) and said.endswith("!"),
        )
        for name, (said, use) in ((name, pair) for name, pair in described.items() if isinstance(pair, list))
    ]
    return attributes, [Blocks(name, said) for name, said in described.items() if isinstance(said, dict)]


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

    def read(self, ctx: Any, current: dict[str, Any]) -> dict[str, Any]:
        return current

    def update(self, ctx: Any, current: dict[str, Any], planned: dict[str, Any]) -> dict[str, Any]:
        refuse(ctx.diagnostics, planned)
        return planned

    def delete(self, ctx: Any, current: dict[str, Any]) -> None:
        return None

    def plan(self, ctx: Any, current: Any, planned: dict[str, Any]) -> dict[str, Any]:
        return planned


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
            far = ("address_prefix", "address_prefixes", "application_security_group_ids")
            if sum(bool(rule[f"{side}_{key}"]) for key in far) != 1:
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
        return [type(name, (Stub,), {"name": name}) for name in SCHEMA["resources"]]


if __name__ == "__main__":
    run_provider(AzureRM())
