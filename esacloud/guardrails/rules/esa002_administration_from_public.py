"""ESA002: the web interfaces and the API must not be reachable from public addresses."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import public_violations
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets to the ports of the web interfaces and the API from public addresses."""
    return public_violations(subject, "ingress", "web-administration")


GUARDRAIL = Guardrail(
    code="ESA002",
    title="A web interface or the API is reachable from public addresses.",
    severity="error",
    reason="The administration pages run as a privileged user: one vulnerability in them compromises the whole gateway.",
    source="the appliance's guide, on protecting the gateway from attacks: only named addresses may administer it",
    hint="Name the administrators' private networks, or connect through a VPN or a bastion.",
    bad=Example(("tcp/443 in from 198.51.100.0/24",)),
    good=Example(("tcp/443 in from 10.20.0.0/24", "tcp/443 out to any", "tcp/25 in from any")),
    find=find,
)
