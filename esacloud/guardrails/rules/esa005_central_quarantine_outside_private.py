"""ESA005: central quarantine traffic must stay in private address space, in both directions."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import public_egress, public_violations
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets of the central quarantines from or to public addresses. Ingress for spam is ESA004's."""
    yield from public_violations(subject, "ingress", "central-policy-quarantine")
    yield from public_egress(subject, "central-policy-quarantine", "central-spam-quarantine")


GUARDRAIL = Guardrail(
    code="ESA005",
    title="Central quarantine traffic leaves private address space.",
    severity="error",
    reason="It carries complete messages between the gateway and its management appliance.",
    source="the port table: central quarantines are between the gateway and its management appliance",
    hint="Name the management appliance's private address, and connect sites through a VPN or peering.",
    bad=Example(("tcp/7025 in from 198.51.100.7", "tcp/6025 out to 198.51.100.7")),
    good=Example(("tcp/7025 in from 10.0.9.7", "tcp/7025 out to 10.0.9.7", "tcp/6025 out to 10.0.9.7")),
    find=find,
)
