"""fwshift, from the configuration of a Cisco ASA to its terraform-azure target.

It makes one group for the gateway's network, in which each rule names the interface that it is for by its address, and is
read here as one group for each interface: of that interface, those rules whose near side holds its address. What counts
as a resource is a group or a rule in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.equal_policy import EqualPolicy
from benchmarks.tools.fwshift import DISTRIBUTION, NAME, VPC, convert, interface_addresses, loop, write_input
from esacloud.azure.evaluate import permitted
from esacloud.azure.model import SecurityRule
from esacloud.packets.addresses import Network, parse_network
from esacloud.packets.sets import EVERY_PORT, IPV4, Box, PacketSet

__all__ = ["DISTRIBUTION", "NAME", "TARGET", "cold", "leeway", "many", "packets", "resources", "rules", "write_input"]

TARGET = "terraform-azure"


def cold(folder: Path, out: Path) -> list[str]:
    """`fwshift convert`."""
    return convert(folder, out, TARGET)


def many(folder: Path, out: Path) -> list[str]:
    """All files of the folder."""
    return loop(folder, out, TARGET)


_GROUP = re.compile(r'^resource "azurerm_network_security_group" "([^"]+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_RULE = re.compile(r"^  security_rule \{\n(.*?)^  \}", re.MULTILINE | re.DOTALL)
_VALUE = re.compile(r"^    (\w+) += (.*)$", re.MULTILINE)


def resources(out: Path) -> Mapping[str, str]:
    """The groups, and the rules in them as `group/rule`."""
    found: dict[str, str] = {}
    for group, body in _GROUP.findall((out / "0000.tf").read_text()):
        found[group] = _RULE.sub("", body)
        for rule in _RULE.findall(body):
            address = f"{group}/{_values(rule)['name']}"
            if found.setdefault(address, rule) is not rule:
                raise ValueError(f"two rules are called {address}")
    return found


def _values(rule: str) -> dict[str, Any]:
    """The attributes of a rule; numbers, texts and lists of texts are spelled in HCL as in JSON."""
    return {key: json.loads(value) for key, value in _VALUE.findall(rule)}


def rules(resources: Mapping[str, str]) -> int:
    """The rules that allow."""
    return sum("/" in address and _values(content)["access"] == "Allow" for address, content in resources.items())


def packets(out: Path, policy: EqualPolicy) -> Mapping[str, PacketSet]:
    """What the rules permit at each interface, the first that matches deciding, Azure's own after all others."""
    found = [_values(rule) for address, rule in resources(out).items() if "/" in address]
    return {
        interface: permitted(rule for values in found if (rule := _at_interface(values, address)) is not None)
        for interface, address in interface_addresses(policy.flows).items()
    }


def _at_interface(values: Mapping[str, Any], address: str) -> SecurityRule | None:
    """The rule as it is at the interface with that address; None where it is not for it."""
    inbound = values["direction"] == "Inbound"
    sources, destinations = _prefixes(values, "source"), _prefixes(values, "destination")
    if not _holds(destinations if inbound else sources, address):
        return None
    return SecurityRule(
        name=values["name"],
        priority=values["priority"],
        direction=values["direction"],
        access=values["access"],
        protocol=values["protocol"],
        source_port_ranges=_ports(values, "source"),
        destination_port_ranges=_ports(values, "destination"),
        source_address_prefixes=sources if inbound else ("*",),
        destination_address_prefixes=("*",) if inbound else destinations,
    )


def _ports(values: Mapping[str, Any], side: str) -> tuple[str, ...]:
    return _either(values, f"{side}_port_range", f"{side}_port_ranges")


def _prefixes(values: Mapping[str, Any], side: str) -> tuple[str, ...]:
    return _either(values, f"{side}_address_prefix", f"{side}_address_prefixes")


def _either(values: Mapping[str, Any], one: str, several: str) -> tuple[str, ...]:
    return (values[one],) if one in values else tuple(values[several])


def _holds(prefixes: tuple[str, ...], address: str) -> bool:
    only = parse_network(f"{address}/32")
    return any(prefix == "*" or _covers(parse_network(prefix), only) for prefix in prefixes)


def _covers(wide: Network, narrow: Network) -> bool:
    return wide.version == narrow.version and wide.first <= narrow.first <= wide.last


def leeway() -> PacketSet:
    """Everything that comes from the virtual network itself.

    fwshift reads an ASA's rules as rules between two ends. So it keeps the network out of `any` on the way in, and lets in
    from there what the other interfaces may send.
    """
    return PacketSet.of([Box("ingress", IPV4, (0, 255), EVERY_PORT, EVERY_PORT, (VPC.first, VPC.last))])
