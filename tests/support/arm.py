"""Bodies for Resource Manager, and short ways to send them."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ODataV4Format

GROUP, LOCATION = "rg-mail", "westeurope"


def error_of(refused: pytest.ExceptionInfo[HttpResponseError]) -> ODataV4Format:
    """Code, message and details of a refusal, as the SDK reads them."""
    assert refused.value.error is not None
    return refused.value.error


def rule(name: str = "mail-in", **changes: Any) -> dict[str, Any]:
    """A security rule that Azure accepts, with some of its properties changed; None takes one away."""
    properties = {
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": 100,
        "sourcePortRange": "*",
        "destinationPortRange": "25",
        "sourceAddressPrefix": "10.0.0.0/8",
        "destinationAddressPrefix": "*",
    } | changes
    return {"name": name, "properties": {key: value for key, value in properties.items() if value is not None}}


def rules(count: int, **changes: Any) -> list[dict[str, Any]]:
    """So many rules with priorities of their own."""
    return [rule(f"rule-{number}", **({"priority": 100 + number} | changes)) for number in range(count)]


def nsg(*security_rules: dict[str, Any], location: str = LOCATION, **more: Any) -> dict[str, Any]:
    """The body of a network security group."""
    return {"location": location, "properties": {"securityRules": list(security_rules)}, **more}


def network(**groups: str | None) -> dict[str, Any]:
    """The body of a virtual network: its subnets' names, and the network security group of each."""
    subnets = []
    for number, (name, group) in enumerate(groups.items()):
        properties: dict[str, Any] = {"addressPrefix": f"10.0.{number}.0/24"}
        if group:
            properties["networkSecurityGroup"] = {"id": group}
        subnets.append({"name": name, "properties": properties})
    return {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}}


def interface(subnet: str, *, group: str | None = None, application_groups: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body of a network interface with one IP configuration."""
    configuration: dict[str, Any] = {"subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic"}
    if application_groups:
        configuration["applicationSecurityGroups"] = [{"id": one} for one in application_groups]
    properties: dict[str, Any] = {"ipConfigurations": [{"name": "primary", "properties": configuration}]}
    if group:
        properties["networkSecurityGroup"] = {"id": group}
    return {"location": LOCATION, "properties": properties}


def path(
    kind: str, name: str = "", *, subscription: str = "00000000-0000-0000-0000-000000000000", group: str = GROUP
) -> str:
    """The path of a resource of Microsoft.Network, or of all of its kind."""
    base = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{kind}"
    return f"{base}/{name}" if name else base
