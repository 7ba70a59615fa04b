"""One policy in a form that is neutral between the tools, so that every tool gets the same policy.

A `NeutralFlow` is traffic of one interface with all networks of its remote: a rule that a person writes. `packets`
is the exact set of packets of a policy, with which each tool's output is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from esacloud.packets.addresses import Network
from esacloud.packets.sets import EVERY_PORT, IPV4, IPV6, TCP, UDP, Box, PacketSet
from esacloud.policy.model import Policy

PROTOCOLS = {"tcp": TCP, "udp": UDP}


@dataclass(frozen=True, slots=True)
class NeutralFlow:
    """One interface, direction, transport, destination port range (inclusive), and the remote's networks.

    `name` is made of the flow's own content and of the reason why it is there, so it is the same wherever the flow stands.
    """

    name: str
    interface: str
    direction: Literal["ingress", "egress"]
    transport: str
    ports: tuple[int, int]
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class EqualPolicy:
    """A policy for all tools: for esacloud the text of a deployment file, for the others its flows.

    `flows` come from compiling the text, so nobody wrote them twice.
    """

    text: str
    flows: tuple[NeutralFlow, ...]


def neutral(policy: Policy) -> tuple[NeutralFlow, ...]:
    """The flows of a compiled policy, one for all networks that are there for the same reason.

    Raises ValueError for what not every tool can say: references, source ports, protocols other than TCP and UDP, IPv6.
    """
    networks: dict[tuple[str, Literal["ingress", "egress"], str, tuple[int, int], tuple[str, ...]], list[Network]] = {}
    for flow in policy.flows:
        if not isinstance(flow.remote, Network) or flow.remote.version != 4:
            raise ValueError(f"not every tool can say {flow.remote}")
        if flow.transport not in PROTOCOLS or flow.source_ports != EVERY_PORT:
            raise ValueError(f"not every tool can say {flow}")
        key = (flow.interface, flow.direction, flow.transport, flow.ports, flow.entries)
        networks.setdefault(key, []).append(flow.remote)
    return tuple(NeutralFlow(_name(*key), *key[:4], tuple(sorted(found))) for key, found in networks.items())


def _name(interface: str, direction: str, transport: str, ports: tuple[int, int], entries: tuple[str, ...]) -> str:
    reasons = crc32(f"{ports} {entries}".encode())
    return f"{interface}-{direction}-{transport}-{ports[0]}-{reasons:08x}"


def flow_networks(flows: Iterable[NeutralFlow]) -> int:
    """How many pairs of a flow and one network there are: the rules of a tool that merges nothing."""
    return sum(len(flow.networks) for flow in flows)


def box(direction: Literal["ingress", "egress"], transport: str, ports: tuple[int, int], network: Network) -> Box:
    """The packets of one flow to or from one network."""
    protocol = PROTOCOLS[transport]
    address_space = IPV4 if network.version == 4 else IPV6
    return Box(direction, address_space, (protocol, protocol), EVERY_PORT, ports, (network.first, network.last))


def packets(flows: Sequence[NeutralFlow]) -> Mapping[str, PacketSet]:
    """What the flows permit, by interface."""
    boxes: dict[str, list[Box]] = {}
    for flow in flows:
        boxes.setdefault(flow.interface, []).extend(
            box(flow.direction, flow.transport, flow.ports, network) for network in flow.networks
        )
    return {interface: PacketSet.of(found) for interface, found in boxes.items()}
