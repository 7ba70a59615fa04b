"""A compiled policy as a guardrail's subject: its flows as statements, each with its line in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from esacloud.deployment.model import AnyAddress, Deployment, Hostname, Interface, Remote
from esacloud.errors import Place
from esacloud.guardrails.subject import Subject
from esacloud.packets.addresses import Network
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.model import Endpoint, Flow, Policy, Statement
from esacloud.policy.packets import flow_boxes, packets_by_interface


def policy_subject(
    policy: Policy,
    deployment: Deployment,
    packets: Mapping[str, PacketSet] | None = None,
    public_address_spaces: frozenset[str] = frozenset(),
    limits: Mapping[str, int] | None = None,
) -> Subject:
    """The policy as a subject. `packets` are its packets by interface, if already computed."""
    by_name = {interface.name: interface for interface in deployment.interfaces}
    known: dict[str, list[Statement]] = {}
    flow_of: dict[int, Flow] = {}  # by the statement's identity: places are needed only for findings

    def statements(name: str) -> list[Statement]:
        boxes: list[tuple[Box, ...]]
        if name not in known:
            flows = [flow for flow in policy.flows if flow.interface == name]
            boxes = [(box,) for box in flow_boxes(flows)]
            if len(boxes) > len(flows):  # a flow of ICMP may have two boxes
                boxes = [tuple(flow_boxes((flow,))) for flow in flows]
            known[name] = [
                Statement(", ".join(flow.entries), own, flow.peers) for flow, own in zip(flows, boxes, strict=True)
            ]
            flow_of.update(zip(map(id, known[name]), flows, strict=True))
        return known[name]

    def place_of(statement: Statement) -> Place:
        flow = flow_of[id(statement)]
        return next(iter(_places(flow, deployment, by_name.get(flow.interface))), deployment.place)

    found = packets_by_interface(policy) if packets is None else packets
    return Subject(
        deployment.catalogue, found, statements, deployment.own_networks, public_address_spaces, limits, place_of
    )


def _places(flow: Flow, deployment: Deployment, interface: Interface | None) -> Iterable[Place]:
    """Where the file has this flow's remote, likeliest first; else where it enables the feature."""
    uses = interface.features if interface is not None else ()
    known = deployment.catalogue.of_id
    features = {known[entry].feature for entry in flow.entries if entry in known}
    for role in flow.peers:
        own = [use.peers[role] for use in uses if use.feature in features and role in use.peers]
        given = deployment.peers.get(role)
        for peer in own or ([given] if given is not None else []):
            for item in peer.items:
                if _is_made_from(flow.remote, item.remote):
                    yield item.place
    for use in uses:
        if use.feature in features:
            yield use.place


def _is_made_from(endpoint: Endpoint, written: Remote) -> bool:
    if isinstance(written, AnyAddress | Hostname):
        return isinstance(endpoint, Network) and endpoint.prefix == 0
    return endpoint == written
