"""The subject of a guardrail: packets by interface and the statements behind them, of a policy or of a cloud's groups.

A subject also has the appliance's services: by the id of an entry of the port catalogue (`snmp`), or by a name that
`services.json` maps to several entries (`command-line`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from esacloud.catalogue.model import Catalogue
from esacloud.deployment.model import AnyAddress, Deployment, Hostname, Interface, Remote
from esacloud.errors import Place
from esacloud.guardrails.networks import has_public
from esacloud.json_files import read_beside
from esacloud.packets.addresses import Network
from esacloud.packets.sets import IPV4, IPV6, Box, Direction, PacketSet, Range
from esacloud.policy.model import Endpoint, Flow, Policy, Statement
from esacloud.policy.packets import PROTOCOLS, flow_boxes, packets_by_interface

Service = tuple[Range, Range]  # protocols, ports
Heaps = dict[object, list[Box]]  # boxes by direction, and by direction and "public"


class Subject:
    """Packets by interface with the statements that permit them. Immutable; every guardrail evaluates the same one.

    `own_networks`: the gateway's subnets, if known. `public_address_spaces`: references that stand for the Internet.
    `statements` has the flows or rules of an interface; only guardrails that need them call it. `place_of` is for findings.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        packets: Mapping[str, PacketSet],
        statements: Callable[[str], Sequence[Statement]],
        own_networks: tuple[Network, ...] = (),
        public_address_spaces: frozenset[str] = frozenset(),
        place_of: Callable[[Statement], Place | None] = attrgetter("place"),
    ) -> None:
        self.packets, self.statements, self.place_of = packets, statements, place_of
        self.own_networks, self.public_address_spaces = own_networks, public_address_spaces
        self.limits: Mapping[str, int] = read_beside(__file__, "limits.json")
        self.roles: Mapping[str, Sequence[str]] = read_beside(__file__, "services.json")["roles"]
        self._catalogue, self._services = catalogue, _services(catalogue)
        self._boxes: dict[str, Heaps] = {}
        self._rough: dict[str, Heaps] = {}

    def boxes(self, interface: str) -> Sequence[Box]:
        """The interface's packets as disjoint boxes."""
        return self._sorted(interface)["all"]

    def public_boxes(self, interface: str, direction: Direction) -> Sequence[Box]:
        """Those of one direction with any public remote address, uncut."""
        return self._sorted(interface)[direction, "public"] if self._parts(interface)[direction, "public"] else ()

    def _sorted(self, interface: str) -> Heaps:
        """The disjoint boxes by direction, cached, because most guardrails need the same few."""
        if interface not in self._boxes:
            self._boxes[interface] = self._heaps(self.packets[interface].boxes())
        return self._boxes[interface]

    def _parts(self, interface: str) -> Heaps:
        """The same for boxes that may overlap, which need no computation.

        Whether any packet is in a direction, a service and the public addresses does not depend on how packets are split
        into boxes: each of the three is one or a few ranges of one side of a box. So disjoint boxes are not needed for
        that.
        """
        if interface not in self._rough:
            self._rough[interface] = self._heaps(self.packets[interface].parts())
        return self._rough[interface]

    def _heaps(self, boxes: Iterable[Box]) -> Heaps:
        every = list(boxes)
        found: Heaps = {"all": every, "ingress": [], "egress": [], ("ingress", "public"): [], ("egress", "public"): []}
        for box in every:
            found[box[0]].append(box)
            if self.is_public(box):
                found[box[0], "public"].append(box)
        return found

    def services(self, *names: str) -> tuple[Service, ...]:
        """The protocols and ports of services of `services.json` or entries of the catalogue; none for what it lacks."""
        return tuple(service for name in names for service in self._services.get(name, ()))

    def to_services(self, interface: str, direction: Direction, *names: str, public: bool = False) -> Iterator[Box]:
        """The interface's boxes of one direction, each cut to the ports of a service; only `public` ones if asked."""
        services, parts = self.services(*names), self._parts(interface)
        if public and not any(_intersects(box, services) for box in parts[direction, "public"]):
            return
        # Only boxes that intersect a service are made disjoint: at its ports there are no others.
        for box in PacketSet.of(box for box in parts[direction] if _intersects(box, services)).boxes():
            if not public or self.is_public(box):
                yield from cuts(box, services)

    def is_public(self, box: Box) -> bool:
        """Whether any remote address of the box is public."""
        if box.address_space in (IPV4, IPV6):
            return has_public(box.address_space, box.addresses)
        return box.address_space in self.public_address_spaces

    def without(self, waived: PacketSet) -> Subject:
        """The subject without the waived packets, and without the statements that permit nothing else."""

        def statements(interface: str) -> list[Statement]:
            return [rule for rule in self.statements(interface) if not PacketSet.of(rule.boxes) <= waived]

        packets = {interface: packets - waived for interface, packets in self.packets.items()}
        return Subject(self._catalogue, packets, statements, self.own_networks, self.public_address_spaces, self.place_of)


def policy_subject(
    policy: Policy,
    deployment: Deployment,
    packets: Mapping[str, PacketSet] | None = None,
    public_address_spaces: frozenset[str] = frozenset(),
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
    return Subject(deployment.catalogue, found, statements, deployment.own_networks, public_address_spaces, place_of)


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


def _intersects(box: Box, services: Iterable[Service]) -> bool:
    """Whether `cuts` yields anything."""
    _, _, (first, last), _, (low, high), _ = box
    for protocols, ports in services:
        if low <= ports[1] and ports[0] <= high and first <= protocols[1] and protocols[0] <= last:
            return True
    return False


def cuts(box: Box, services: Iterable[Service]) -> Iterator[Box]:
    """The parts of the box that go to the protocols and ports of the services."""
    for protocols, ports in services:
        if box[4][0] <= ports[1] and ports[0] <= box[4][1] and box[2][0] <= protocols[1] and protocols[0] <= box[2][1]:
            first, last = max(box.protocols[0], protocols[0]), min(box.protocols[1], protocols[1])
            low, high = max(box.ports[0], ports[0]), min(box.ports[1], ports[1])
            yield Box(box.direction, box.address_space, (first, last), box.source_ports, (low, high), box.addresses)


_known_services: dict[str, dict[str, tuple[Service, ...]]] = {}


def _services(catalogue: Catalogue) -> dict[str, tuple[Service, ...]]:
    """Name of a service, or id of an entry -> its protocols and ports. Kept by the catalogue's digest: every run asks."""
    found = _known_services.get(catalogue.digest)
    if found is None:
        by_entry = {
            entry.id: {
                (protocols, ports)
                for transport in entry.transports
                if transport in ("tcp", "udp")
                for protocols in PROTOCOLS[transport]
                for ports in entry.ports
            }
            for entry in catalogue.entries
        }
        ties = {name: tie["entries"] for name, tie in read_beside(__file__, "services.json")["services"].items()}
        found = _known_services[catalogue.digest] = {
            name: tuple(sorted({service for entry in entries for service in by_entry.get(entry, ())}))
            for name, entries in {**{entry: [entry] for entry in by_entry}, **ties}.items()
        }
    return found
