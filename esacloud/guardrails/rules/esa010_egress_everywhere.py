"""ESA010: the gateway must not be able to reach the Internet on all ports."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import is_whole, violation
from esacloud.guardrails.subject import Subject
from esacloud.packets.sets import Box


def find(subject: Subject) -> Iterator[Violation]:
    """Packets out to every public address, on more ports of one protocol than any service has."""
    limit = subject.limits["nearly_every_port"]
    for interface in subject.packets:
        by_protocol: dict[tuple[int, int], list[Box]] = {}
        for box in subject.public_boxes(interface, "egress"):
            if (is_whole(box) or box.address_space in subject.public_address_spaces) and _has_ports(box):
                by_protocol.setdefault(box.protocols, []).append(box)
        boxes = [box for found in by_protocol.values() if _ports(found) >= limit for box in found]
        if boxes:
            yield violation(interface, boxes)


def _has_ports(box: Box) -> bool:
    return not (box.protocols[1] == 1 or box.protocols == (58, 58))  # ICMP and ICMPv6 have types


def _ports(boxes: list[Box]) -> int:
    """How many ports are open in the family that has most; the boxes are disjoint."""
    count: dict[str, int] = {}
    for box in boxes:
        if box.source_ports == (0, 65535):
            count[box.address_space] = count.get(box.address_space, 0) + box.ports[1] - box.ports[0] + 1
    return max(count.values(), default=0)


GUARDRAIL = Guardrail(
    code="ESA010",
    title="The gateway may reach the whole Internet on nearly every port.",
    severity="error",
    reason="Open egress lets an intruder download tools and exfiltrate data; the default of both clouds is open egress.",
    source="https://attack.mitre.org/mitigations/M1037/",
    hint="Remove the rule; the port table lists what the gateway needs.",
    bad=Example(("every protocol out to any",)),
    good=Example(("tcp/25 out to any", "tcp/443 out to any", "tcp/1024-65535 out to 10.0.0.9")),
    find=find,
)
