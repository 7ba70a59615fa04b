"""ESA007: administration must not be open in clear text."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import violation
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets to HTTP or FTP administration, from any address."""
    for interface in subject.packets:
        boxes = list(subject.to_services(interface, "ingress", "plain-administration"))
        if boxes:
            yield violation(interface, boxes)


GUARDRAIL = Guardrail(
    code="ESA007",
    title="Administration is open in clear text.",
    severity="warning",
    reason="HTTP and FTP send the administrator's password and session unencrypted.",
    source="https://cwe.mitre.org/data/definitions/319.html",
    hint="Remove the unencrypted service, and use HTTPS or SSH.",
    bad=Example(("tcp/80 in from 10.20.0.0/24",)),
    good=Example(("tcp/443 in from 10.20.0.0/24", "tcp/80 out to any")),
    find=find,
)
