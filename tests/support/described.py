"""Documents as EC2 and Azure print them, written short: for audits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def permission(message: str, *sources: str) -> dict[str, Any]:
    """`tcp/22` or `-1`, from networks, `sg-...` and `pl-...`."""
    protocol, _, ports = message.partition("/")
    made: dict[str, Any] = {
        "IpProtocol": protocol,
        "IpRanges": [],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }
    if ports:
        first, _, last = ports.partition("-")
        made["FromPort"], made["ToPort"] = int(first), int(last or first)
    for source in sources:
        if source.startswith("sg-"):
            made["UserIdGroupPairs"].append({"GroupId": source, "UserId": "123456789012"})
        elif source.startswith("pl-"):
            made["PrefixListIds"].append({"PrefixListId": source})
        elif ":" in source:
            made["Ipv6Ranges"].append({"CidrIpv6": source})
        else:
            made["IpRanges"].append({"CidrIp": source})
    return made


def security_group(
    group: str, ingress: Iterable[dict[str, Any]] = (), egress: Iterable[dict[str, Any]] = (), interface: str | None = None
) -> dict[str, Any]:
    """One group as `describe-security-groups` prints it."""
    tags = [{"Key": "esacloud:interface", "Value": interface}] if interface else []
    return {
        "GroupId": group,
        "GroupName": f"name of {group}",
        "Description": "",
        "VpcId": "vpc-0a1b2c3d4e5f60718",
        "IpPermissions": list(ingress),
        "IpPermissionsEgress": list(egress),
        "Tags": tags,
    }


def security_rule(
    name: str, priority: int, direction: str, access: str, message: str, remote: str, near: str = "*"
) -> dict[str, Any]:
    """One rule of a network security group as `az network nsg show` prints it."""
    protocol, _, ports = message.partition("/")
    source, destination = (remote, near) if direction == "Inbound" else (near, remote)
    return {
        "name": name,
        "priority": priority,
        "direction": direction,
        "access": access,
        "protocol": protocol,
        "sourcePortRange": "*",
        "sourcePortRanges": [],
        "destinationPortRange": ports or "*",
        "destinationPortRanges": [],
        "sourceAddressPrefix": source,
        "sourceAddressPrefixes": [],
        "destinationAddressPrefix": destination,
        "destinationAddressPrefixes": [],
    }


def network_security_group(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    """One group as `az network nsg show` prints it."""
    return {
        "id": f"/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/{name}",
        "name": name,
        "type": "Microsoft.Network/networkSecurityGroups",
        "location": "westeurope",
        "securityRules": list(rules),
    }
