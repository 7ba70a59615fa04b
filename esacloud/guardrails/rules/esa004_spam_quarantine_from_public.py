"""ESA004: the spam quarantine must not be reachable from the Internet."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import public_violations
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets to the spam quarantine's pages, or to its central service, from public addresses."""
    return public_violations(subject, "ingress", "spam-quarantine", "central-spam-quarantine")


GUARDRAIL = Guardrail(
    code="ESA004",
    title="The spam quarantine is reachable from public addresses.",
    severity="error",
    reason="CVE-2025-20393 (CVSS 10.0) was exploited on gateways whose spam quarantine was reachable from the Internet.",
    source="https://nvd.nist.gov/vuln/detail/CVE-2025-20393",
    hint="Name the users' private networks; let users outside connect through a VPN or an authenticating proxy.",
    bad=Example(("tcp/83 in from any",)),
    good=Example(("tcp/83 in from 10.0.0.0/8", "tcp/82 in from 10.0.0.0/8")),
    find=find,
)
