"""fwshift, from the configuration of a Cisco ASA: what is the same for every cloud.

Of the sources that it reads, an ASA's access lists say such a policy most directly, and it is the one that fwshift turns
into security groups fastest (measured against nftables, iptables and EC2's own JSON). The gateway's interfaces are
addresses inside a virtual network, everything else is outside. fwshift is told so, which spares it groups for all the far
sides. The networks of a flow stand in an object group, which makes it quicker than a line for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

from benchmarks.equal_policy import EqualPolicy, NeutralFlow
from esacloud.packets.addresses import Network, address_text, parse_network

NAME = "fwshift"
DISTRIBUTION = "fwshift"

VPC = parse_network("192.168.0.0/16")  # the widest that EC2 has, which cuts `any` into the fewest networks
OUTSIDE = "0.0.0.0/0,::/0"


def interface_addresses(flows: Sequence[NeutralFlow]) -> Mapping[str, str]:
    """The address of each of the gateway's interfaces."""
    interfaces = sorted({flow.interface for flow in flows})
    return {interface: address_text(4, VPC.first + 10 + number) for number, interface in enumerate(interfaces)}


def write_input(folder: Path, policies: Sequence[EqualPolicy]) -> None:
    """`folder/NNNN.cfg` for each policy."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, policy in enumerate(policies):
        (folder / f"{number:04}.cfg").write_text(_configuration(policy.flows))


def _configuration(flows: Sequence[NeutralFlow]) -> str:
    lines = [": Saved", "ASA Version 9.16(1)", "hostname gateway"]
    for number, (name, level) in enumerate((("inside", 100), ("outside", 0))):
        lines += [f"interface GigabitEthernet0/{number}", f" nameif {name}", f" security-level {level}", " no ip address"]
    for networks in dict.fromkeys(flow.networks for flow in flows if len(flow.networks) > 1):
        lines += [f"object-group network {_group(networks)}", *(f" network-object {_spelled(each)}" for each in networks)]
    addresses = interface_addresses(flows)
    for flow in flows:
        first, last = flow.ports
        ports = f"eq {first}" if first == last else f"range {first} {last}"
        mine = f"host {addresses[flow.interface]}"
        remote = f"object-group {_group(flow.networks)}" if len(flow.networks) > 1 else _spelled(flow.networks[0])
        sides = f"{remote} {mine}" if flow.direction == "ingress" else f"{mine} {remote}"
        lines.append(f"access-list {flow.direction.upper()} extended permit {flow.transport} {sides} {ports}")
    lines += [f"access-group {name} in interface {side}" for name, side in (("IN", "outside"), ("OUT", "inside"))]
    return "\n".join(lines) + "\n"


def _group(networks: Sequence[Network]) -> str:
    """A name that only its content decides, so that it stays when a flow is added."""
    return f"NETWORKS-{crc32(repr(networks).encode()):08x}"


def _spelled(network: Network) -> str:
    if network.prefix == 0:
        return "any4"
    mask = address_text(4, ((1 << network.prefix) - 1) << (32 - network.prefix))
    return f"{address_text(4, network.first)} {mask}"


def convert(folder: Path, out: Path, target: str) -> list[str]:
    """`fwshift convert`, without printing its report."""
    start = "import sys; from fwshift.cli import main; sys.argv[0] = 'fwshift'; sys.exit(main())"
    arguments = ["convert", "--quiet", "--from=asa", f"--to={target}", f"--output={out / '0000.tf'}"]
    zones = [f"--zone-network=inside={VPC}", f"--zone-network=outside={OUTSIDE}", "--inside-zone=inside"]
    return ["-c", start, *arguments, *zones, str(folder / "0000.cfg")]


def loop(folder: Path, out: Path, target: str) -> list[str]:
    """Its functions in a loop: the command takes one file."""
    script = Path(__file__).parents[1] / "loops" / "many_fwshift.py"
    return [str(script), str(folder), str(out), target, f"inside={VPC}", f"outside={OUTSIDE}"]
