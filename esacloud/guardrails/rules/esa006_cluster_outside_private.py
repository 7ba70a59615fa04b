"""ESA006: cluster communication must stay in private address space, in both directions."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import public_egress, public_violations
from esacloud.guardrails.subject import Subject


def find(subject: Subject) -> Iterator[Violation]:
    """Packets of the cluster service from or to public addresses. A cluster over SSH is ESA001's."""
    yield from public_violations(subject, "ingress", "cluster")
    yield from public_egress(subject, "cluster")


GUARDRAIL = Guardrail(
    code="ESA006",
    title="Cluster communication leaves private address space.",
    severity="error",
    reason="Anyone who joins the cluster or impersonates a member can read and write the configuration of all members.",
    source="the port table: cluster communication is between the members of one cluster",
    hint="Write `self`, or the members' private addresses, and connect sites through a VPN or peering.",
    bad=Example(("tcp/2222 out to 198.51.100.0/24",)),
    good=Example(("tcp/2222 in from self", "tcp/2222 out to self", "tcp/2222 in from 10.0.4.0/28")),
    find=find,
)
