"""ESA015: networks reserved for documentation must not be used."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.networks import listed
from esacloud.guardrails.reach import violation
from esacloud.guardrails.subject import Subject
from esacloud.packets.sets import IPV4, IPV6
from esacloud.packets.spans import within


def find(subject: Subject) -> Iterator[Violation]:
    """Packets whose remote is entirely within a documentation network."""
    for interface in subject.packets:
        boxes = [
            box
            for box in (*subject.public_boxes(interface, "ingress"), *subject.public_boxes(interface, "egress"))
            if box.address_space in (IPV4, IPV6) and within(listed(box.address_space, "documentation"), box.addresses)
        ]
        if boxes:
            yield violation(interface, boxes)


GUARDRAIL = Guardrail(
    code="ESA015",
    title="A network reserved for documentation is used.",
    severity="warning",
    reason="No host has such an address, so the flow does not work, and there may be more forgotten placeholders.",
    source="https://www.rfc-editor.org/rfc/rfc5737, https://www.rfc-editor.org/rfc/rfc3849, https://www.rfc-editor.org/rfc/rfc9637",
    hint="Write the real network.",
    bad=Example(("udp/514 out to 192.0.2.10",)),
    good=Example(("udp/514 out to 10.0.0.10", "tcp/443 out to any")),
    find=find,
)
