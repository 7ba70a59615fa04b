"""ESA009: public addresses must not inject mail over QMQP."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import public_violations
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets to the QMQP port from public addresses."""
    return public_violations(subject, "ingress", "queue-injection")


GUARDRAIL = Guardrail(
    code="ESA009",
    title="Public addresses may inject mail over QMQP.",
    severity="error",
    reason="QMQP has no authentication: anyone who can reach the port can send mail as the gateway's owner.",
    source="https://cr.yp.to/proto/qmqp.html",
    hint="Name the servers that inject mail over QMQP, or remove the feature.",
    bad=Example(("tcp/628 in from 203.0.113.0/24",)),
    good=Example(("tcp/628 in from 10.0.5.0/28",)),
    find=find,
)
