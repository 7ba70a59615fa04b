"""The packets that a policy permits: one side of every proof. The other side comes from the rules alone.

The address space of an opaque reference is `kind:id`, as `security_group:sg-0123456789abcdef0`, and of the group's own
members `self`; every cloud's evaluation uses the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from esacloud.deployment.model import Reference
from esacloud.packets.addresses import Network
from esacloud.packets.sets import EVERY_PROTOCOL, ICMP, ICMPV6, IPV4, IPV6, ONE_POINT, TCP, UDP, Box, PacketSet, Range
from esacloud.policy.model import Endpoint, Flow, Policy

SELF = "self"
PROTOCOLS: dict[str, tuple[Range, ...]] = {
    "tcp": ((TCP, TCP),),
    "udp": ((UDP, UDP),),
    "icmp": ((ICMP, ICMP), (ICMPV6, ICMPV6)),
    "all": (EVERY_PROTOCOL,),
}
_ICMP_OF: dict[str, tuple[Range, ...]] = {IPV4: ((ICMP, ICMP),), IPV6: ((ICMPV6, ICMPV6),)}


def packets(policy: Policy, interface: str) -> PacketSet:
    """All packets that the policy permits at one interface."""
    return PacketSet.of(flow_boxes(flow for flow in policy.flows if flow.interface == interface))


def packets_by_interface(policy: Policy) -> dict[str, PacketSet]:
    """The same for every interface of the policy, those without a flow included."""
    return {interface: PacketSet.of(flow_boxes(flows)) for interface, flows in policy.by_interface().items()}


def flow_boxes(flows: Iterable[Flow]) -> Iterator[Box]:
    """The boxes of each flow: one, or two for ICMP with a remote of either address family."""
    new = tuple.__new__  # `Box` takes twice as long, and each box is made several times
    for flow in flows:
        address_space, addresses = remote_address_space(flow.remote)
        icmp = flow.transport == "icmp"
        for protocols in _ICMP_OF.get(address_space, PROTOCOLS["icmp"]) if icmp else PROTOCOLS[flow.transport]:
            yield new(Box, (flow.direction, address_space, protocols, flow.source_ports, flow.ports, addresses))


def remote_order(remote: Endpoint) -> tuple[object, ...]:
    """The sort key of remotes: networks, then references, then the group itself."""
    if isinstance(remote, Network):
        return (0, *remote)
    return (1, remote.kind, remote.id, remote.size, remote.version or 0) if isinstance(remote, Reference) else (2,)


def short_reference(box: Box) -> Box:
    """The box with the last part of a reference's name: a file may have a resource id or a name."""
    kind, _, name = box.address_space.partition(":")
    return box._replace(address_space=f"{kind}:{name.rpartition('/')[2]}") if "/" in name else box


@lru_cache(maxsize=4096)  # several flows have the same remote
def remote_address_space(remote: Endpoint) -> tuple[str, Range]:
    """The address space of a remote, and its addresses there."""
    if isinstance(remote, Network):
        return (IPV4 if remote.version == 4 else IPV6), (remote.first, remote.last)
    if isinstance(remote, Reference):
        return f"{remote.kind}:{remote.id}", ONE_POINT
    return SELF, ONE_POINT
