"""ESA013: the whole Internet must not be written as several smaller networks."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.networks import has_every_public, public
from esacloud.guardrails.reach import is_whole, public_part, violation
from esacloud.guardrails.subject import Subject
from esacloud.packets.sets import IPV4, IPV6, Box
from esacloud.packets.spans import joined, shared


def find(subject: Subject) -> Iterator[Violation]:
    """Services that reach every public address of a family by several statements, none of which does so alone."""
    for interface in subject.packets:
        services: dict[tuple[object, ...], list[Box]] = {}
        for box in (*subject.public_boxes(interface, "ingress"), *subject.public_boxes(interface, "egress")):
            if box.address_space in (IPV4, IPV6):
                services.setdefault(box[:5], []).append(box)
        whole = [boxes for boxes in services.values() if any(map(is_whole, boxes)) or _is_whole_together(boxes)]
        split = [box for boxes in whole if not _has_one_statement(subject, interface, boxes[0]) for box in boxes]
        if split:
            yield violation(interface, public_part(split), ", as several networks")


def _is_whole_together(boxes: list[Box]) -> bool:
    """Whether the boxes of one service hold every public address, as those of `any` without private networks do."""
    if len(boxes) < 2:
        return False
    everything = public(boxes[0].address_space)
    return shared(everything, joined(box.addresses for box in boxes)) == everything


def _has_one_statement(subject: Subject, interface: str, service: Box) -> bool:
    """Whether some statement alone opens a part of the service to every public address."""
    return any(
        box.direction == service.direction
        and box.address_space == service.address_space
        and box.protocols[0] <= service.protocols[1]
        and service.protocols[0] <= box.protocols[1]
        and box.ports[0] <= service.ports[1]
        and service.ports[0] <= box.ports[1]
        and has_every_public(box.address_space, box.addresses)
        for statement in subject.statements(interface)
        for box in statement.boxes
    )


GUARDRAIL = Guardrail(
    code="ESA013",
    title="The whole Internet is written as several smaller networks.",
    severity="error",
    reason="Networks that add up to every address pass any check that looks for 0.0.0.0/0, and most reviews.",
    source="https://cwe.mitre.org/data/definitions/1327.html",
    hint="Write `any` for every address, so that a review finds it; otherwise name the networks that you mean.",
    bad=Example(("tcp/25 in from 0.0.0.0/1", "tcp/25 in from 128.0.0.0/1")),
    good=Example(("tcp/25 in from any", "tcp/25 in from 10.0.0.0/8")),
    find=find,
)
