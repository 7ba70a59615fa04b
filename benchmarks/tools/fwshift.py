"""fwshift, from the configuration of a Cisco ASA to its terraform-aws target.

Of the sources that it reads, an ASA's access lists say such a policy most directly, and it is the one that fwshift turns
into security groups fastest (measured against nftables, iptables and EC2's own JSON). The gateway's interfaces are two
addresses inside a VPC, everything else is outside. fwshift is told so, which spares it groups for all the far sides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.equal_policy import EqualPolicy, NeutralFlow, box
from esacloud.addresses import Network, address_text, parse_network
from esacloud.packets import EVERY_PORT, IPV4, Box, PacketSet

NAME = "fwshift"
DISTRIBUTION = "fwshift"
TARGET = "terraform-aws"

VPC = parse_network("192.168.0.0/16")  # the widest that EC2 has, which cuts `any` into the fewest networks
OUTSIDE = "0.0.0.0/0,::/0"


def address_of(interface: str, interfaces: Sequence[str]) -> str:
    """The address of one of the gateway's interfaces."""
    return address_text(4, VPC.first + 10 + sorted(interfaces).index(interface))


def write_input(folder: Path, policies: Sequence[EqualPolicy]) -> None:
    """`folder/NNNN.cfg` for each policy."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, policy in enumerate(policies):
        (folder / f"{number:04}.cfg").write_text(_configuration(policy.flows))


def _configuration(flows: Sequence[NeutralFlow]) -> str:
    interfaces = sorted({flow.interface for flow in flows})
    lines = [": Saved", "ASA Version 9.16(1)", "hostname gateway"]
    for number, (name, level) in enumerate((("inside", 100), ("outside", 0))):
        lines += [f"interface GigabitEthernet0/{number}", f" nameif {name}", f" security-level {level}", " no ip address"]
    for flow in flows:
        first, last = flow.ports
        ports = f"eq {first}" if first == last else f"range {first} {last}"
        mine = f"host {address_of(flow.interface, interfaces)}"
        for network in flow.networks:
            sides = f"{_spelled(network)} {mine}" if flow.direction == "in" else f"{mine} {_spelled(network)}"
            lines.append(f"access-list {flow.direction.upper()} extended permit {flow.transport} {sides} {ports}")
    lines += [f"access-group {name} in interface {side}" for name, side in (("IN", "outside"), ("OUT", "inside"))]
    return "\n".join(lines) + "\n"


def _spelled(network: Network) -> str:
    if network.prefix == 0:
        return "any4"
    mask = address_text(4, ((1 << network.prefix) - 1) << (32 - network.prefix))
    return f"{address_text(4, network.first)} {mask}"


def cold(folder: Path, out: Path) -> list[str]:
    """`fwshift convert`, without printing its report."""
    start = "import sys; from fwshift.cli import main; sys.argv[0] = 'fwshift'; sys.exit(main())"
    arguments = ["convert", "--quiet", "--from=asa", f"--to={TARGET}", f"--output={out / '0000.tf'}"]
    zones = [f"--zone-network=inside={VPC}", f"--zone-network=outside={OUTSIDE}", "--inside-zone=inside"]
    return ["-c", start, *arguments, *zones, str(folder / "0000.cfg")]


def many(folder: Path, out: Path) -> list[str]:
    """Its functions in a loop: the command takes one file."""
    loop = Path(__file__).parents[1] / "loops" / "many_fwshift.py"
    return [str(loop), str(folder), str(out), f"inside={VPC}", f"outside={OUTSIDE}"]


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
    interfaces = sorted({flow.interface for flow in policy.flows})
    interface_of = {address_of(interface, interfaces): interface for interface in interfaces}
    groups = {  # interfaces with equal rules share one
        group: [interface_of[address] for address in addresses.split() if address in interface_of]
        for addresses, group in _ATTACHED.findall((out / "0000.tf").read_text())
    }
    boxes: dict[str, list[Box]] = {interface: [] for interface in interfaces}
    for address, body in resources(out).items():
        group = body.partition("aws_security_group.")[2].partition(".")[0]
        if group in groups:
            values = {key: text or bare for key, text, bare in _VALUE.findall(body)}
            ports = (int(values["from_port"]), int(values["to_port"]))
            network = parse_network(values.get("cidr_ipv4") or values["cidr_ipv6"])
            direction = "in" if "_ingress_" in address else "out"
            for interface in groups[group]:
                boxes[interface].append(box(direction, values["ip_protocol"], ports, network))  # type: ignore[arg-type]
    return {interface: PacketSet.of(found) for interface, found in boxes.items()}


def leeway() -> PacketSet:
    """Everything from and to the VPC itself.

    fwshift reads an ASA's rules as rules between two ends. So it keeps the VPC out of `any` on the way in, and lets every
    port that goes out go to the whole VPC as well, where, as it says, the rules of the other end decide.
    """
    everything = (0, 255), EVERY_PORT, EVERY_PORT, (VPC.first, VPC.last)
    return PacketSet.of([Box("in", IPV4, *everything), Box("out", IPV4, *everything)])
