"""ESA001: the command line must not be reachable from public addresses."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import public_violations
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets to the command line's ports from public addresses."""
    return public_violations(subject, "ingress", "command-line")


GUARDRAIL = Guardrail(
    code="ESA001",
    title="The command line is reachable from public addresses.",
    severity="error",
    reason="Anyone who can reach SSH can guess passwords and exploit its next vulnerability.",
    source="the appliance's guide, on protecting the gateway from attacks: SSH must not be exposed to outside addresses",
    hint="Name the administrators' private networks, or connect through a VPN or a bastion.",
    bad=Example(("tcp/22 in from 0.0.0.0/1", "tcp/22 in from 128.0.0.0/1")),
    good=Example(("tcp/22 in from 10.20.0.0/24", "tcp/22 in from fd00:20::/64", "tcp/22 out to any")),
    find=find,
)
