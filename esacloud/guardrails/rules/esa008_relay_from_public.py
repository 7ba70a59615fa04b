"""ESA008: public addresses must not be relay clients."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import public_part, violation
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Statements with public addresses as relay clients. By role: on the wire, a relay client is any mail sender."""
    relays = frozenset(subject.roles["relay"])
    for interface in subject.packets:
        boxes = [
            box
            for statement in subject.statements(interface)
            if not relays.isdisjoint(statement.roles)
            for box in statement.boxes
            if box.direction == "ingress" and subject.is_public(box)
        ]
        if boxes:
            yield violation(interface, public_part(boxes))


GUARDRAIL = Guardrail(
    code="ESA008",
    title="Public addresses may relay mail through the gateway.",
    severity="error",
    reason="An open relay sends other people's spam, and its address soon appears on block lists.",
    source="the appliance's guide, on protecting the gateway from attacks: no relay rules on public listeners",
    hint="Name the servers that send through the gateway. If others must relay, require SMTP AUTH and add a waiver.",
    bad=Example(("relay-clients: tcp/25 in from any",)),
    good=Example(("relay-clients: tcp/25 in from 10.0.5.0/28", "mail-senders: tcp/25 in from any")),
    find=find,
)
