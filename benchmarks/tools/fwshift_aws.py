"""fwshift, from the configuration of a Cisco ASA to its terraform-aws target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benchmarks.equal_policy import EqualPolicy, box
from benchmarks.tools.fwshift import DISTRIBUTION, NAME, VPC, convert, interface_addresses, loop, write_input
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import EVERY_PORT, IPV4, Box, PacketSet

__all__ = ["DISTRIBUTION", "NAME", "TARGET", "cold", "leeway", "many", "packets", "resources", "rules", "write_input"]

TARGET = "terraform-aws"


def cold(folder: Path, out: Path) -> list[str]:
    """`fwshift convert`."""
    return convert(folder, out, TARGET)


def many(folder: Path, out: Path) -> list[str]:
    """All files of the folder."""
    return loop(folder, out, TARGET)


_BLOCK = re.compile(r'^(?:resource "([^"]+)" "([^"]+)") \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_VALUE = re.compile(r'^  (\w+) += (?:"([^"]*)"|(.*))$', re.MULTILINE)
_ATTACHED = re.compile(r'^# attach \S+: ([0-9. ]+)\nresource "aws_security_group" "([^"]+)"', re.MULTILINE)


def resources(out: Path) -> Mapping[str, str]:
    """The resource blocks by address."""
    found: dict[str, str] = {}
    for kind, name, body in _BLOCK.findall((out / "0000.tf").read_text()):
        if found.setdefault(f"{kind}.{name}", body) is not body:
            raise ValueError(f"two resources are called {kind}.{name}")
    return found


def rules(resources: Mapping[str, str]) -> int:
    """The ingress and egress rules, without the groups."""
    return sum(address.startswith("aws_vpc_security_group_") for address in resources)


def packets(out: Path, policy: EqualPolicy) -> Mapping[str, PacketSet]:
    """What the rules permit, by the interface whose address their group is made for."""
    interface_of = {address: interface for interface, address in interface_addresses(policy.flows).items()}
    groups = {  # interfaces with equal rules share one
        group: [interface_of[address] for address in addresses.split() if address in interface_of]
        for addresses, group in _ATTACHED.findall((out / "0000.tf").read_text())
    }
    boxes: dict[str, list[Box]] = {interface: [] for interface in interface_of.values()}
    for address, body in resources(out).items():
        group = body.partition("aws_security_group.")[2].partition(".")[0]
        if group in groups:
            values = {key: text or bare for key, text, bare in _VALUE.findall(body)}
            ports = (int(values["from_port"]), int(values["to_port"]))
            network = parse_network(values.get("cidr_ipv4") or values["cidr_ipv6"])
            direction = "ingress" if "_ingress_" in address else "egress"
            for interface in groups[group]:
                boxes[interface].append(box(direction, values["ip_protocol"], ports, network))  # type: ignore[arg-type]
    return {interface: PacketSet.of(found) for interface, found in boxes.items()}


def leeway() -> PacketSet:
    """Everything from and to the VPC itself.

    fwshift reads an ASA's rules as rules between two ends. So it keeps the VPC out of `any` on the way in, and lets every
    port that goes out go to the whole VPC as well, where, as it says, the rules of the other end decide.
    """
    everything = (0, 255), EVERY_PORT, EVERY_PORT, (VPC.first, VPC.last)
    return PacketSet.of([Box("ingress", IPV4, *everything), Box("egress", IPV4, *everything)])
