"""ESA011: SNMP must not be reachable from public addresses."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import public_violations
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets to the SNMP agent from public addresses."""
    return public_violations(subject, "ingress", "monitoring")


GUARDRAIL = Guardrail(
    code="ESA011",
    title="SNMP is reachable from public addresses.",
    severity="error",
    reason="SNMP reveals what runs on the gateway, and its replies can amplify attacks on others.",
    source="https://www.cisa.gov/news-events/alerts/2014/01/17/udp-based-amplification-attacks",
    hint="Name the monitoring stations.",
    bad=Example(("udp/161 in from 0.0.0.0/0",)),
    good=Example(("udp/161 in from 10.0.7.0/28", "udp/162 out to 10.0.7.4")),
    find=find,
)
