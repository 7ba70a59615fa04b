"""ESA007: administration must not be open in clear text."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import violation
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets to HTTP or FTP administration, from anywhere at all."""
    for interface in subject.packets:
        boxes = list(subject.to_services(interface, "ingress", "plain-administration"))
        if boxes:
            yield violation(interface, boxes)


GUARDRAIL = Guardrail(
    code="ESA007",
    title="Administration is open in clear text.",
    severity="warning",
    reason="HTTP and FTP carry the administrator's password and session where anyone on the way can read them.",
    source="https://cwe.mitre.org/data/definitions/319.html",
    hint="Leave the plain port out, and use HTTPS or SSH.",
    bad=Example(("tcp/80 in from 10.20.0.0/24",)),
    good=Example(("tcp/443 in from 10.20.0.0/24", "tcp/80 out to any")),
    find=find,
)
