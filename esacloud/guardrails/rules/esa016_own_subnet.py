"""ESA016: a peer must not contain the gateway's own subnet by accident."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import is_whole, violation
from esacloud.guardrails.subject import Subject
from esacloud.packets.sets import IPV4, IPV6


def find(subject: Subject) -> Iterator[Violation]:
    """Packets from or to a whole subnet of the gateway's own, except for `any` and a cluster, which are meant."""
    if not subject.own_networks:
        return
    own = [(IPV4 if net.version == 4 else IPV6, (net.first, net.last)) for net in subject.own_networks]
    cluster = subject.services("cluster")
    for interface in subject.packets:
        boxes = [
            box._replace(addresses=span)
            for box in subject.boxes(interface)
            for address_space, span in own
            if box.address_space == address_space and box.addresses[0] <= span[0] and span[1] <= box.addresses[1]
            if not is_whole(box) and (box.protocols, box.ports) not in cluster
        ]
        if boxes:
            yield violation(interface, boxes)


GUARDRAIL = Guardrail(
    code="ESA016",
    title="A peer contains the gateway's own subnet.",
    severity="warning",
    reason="Every other host in that subnet counts as that peer. Usually the network is wider than intended.",
    source="https://cwe.mitre.org/data/definitions/1327.html",
    hint="Write the peer's own networks; write `self` for the members of a cluster.",
    bad=Example(("tcp/443 in from 10.20.0.0/16",), own_networks=("10.20.8.0/28",)),
    good=Example(("tcp/443 in from 10.20.0.0/24", "tcp/25 in from any"), own_networks=("10.20.8.0/28",)),
    find=find,
)
