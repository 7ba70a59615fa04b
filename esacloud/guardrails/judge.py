"""The judgement: every guardrail over one subject, waivers applied. Reads no clock: the day is a parameter.

A waiver takes its packets out of what a guardrail is asked about, for that guardrail alone; whatever is still found counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from esacloud.deployment.model import Deployment, Waiver
from esacloud.errors import Problem
from esacloud.guardrails.model import Finding, Guardrail, Judgement, Violation, Waived
from esacloud.guardrails.networks import overlaps
from esacloud.guardrails.of_policy import policy_subject
from esacloud.guardrails.reach import in_words
from esacloud.guardrails.rules import GUARDRAILS
from esacloud.guardrails.subject import Subject
from esacloud.guardrails.waivers import accepted, problem_with, unused
from esacloud.packets.sets import ONE_POINT, Box, PacketSet, Range
from esacloud.policy.model import Policy

if TYPE_CHECKING:
    from datetime import date

CODES = tuple(guardrail.code for guardrail in GUARDRAILS)


def judge(
    policy: Policy,
    deployment: Deployment,
    today: date,
    packets: Mapping[str, PacketSet] | None = None,
    public_address_spaces: frozenset[str] = frozenset(),
) -> Judgement:
    """What in the policy must not be open. `packets` are those of the policy by interface, where they are known already.

    `today` decides which waivers have expired: a waiver holds through its last day.
    """
    return judge_subject(policy_subject(policy, deployment, packets, public_address_spaces), deployment.waivers, today)


def judge_subject(subject: Subject, waivers: Iterable[Waiver], today: date) -> Judgement:
    """What in any subject must not be open."""
    problems: list[Problem] = []
    by_code: dict[str, list[Waiver]] = {}
    for waiver in waivers:
        if (problem := problem_with(waiver, CODES, today)) is not None:
            problems.append(problem)
        else:
            by_code.setdefault(waiver.code, []).append(waiver)
    findings: list[Finding] = []
    waived: list[Waived] = []
    for guardrail in GUARDRAILS:
        violations = list(guardrail.find(subject))
        of_it = by_code.pop(guardrail.code, [])
        if violations and of_it:
            taken_out = [(waiver, accepted(waiver, subject)) for waiver in of_it]
            for waiver, packets in taken_out:
                shares = [(violation, violation.packets & packets) for violation in violations]
                hit = [
                    Waived(
                        _finding(subject, guardrail, Violation(violation.interface, share, f"{in_words(share)} may pass.")),
                        waiver,
                    )
                    for violation, share in shares
                    if share
                ]
                waived.extend(hit)
                if not hit:
                    problems.append(unused(waiver))
            everything = PacketSet.of(box for _, packets in taken_out for box in packets.boxes())
            violations = list(guardrail.find(subject.without(everything)))
        else:
            problems.extend(map(unused, of_it))
        findings.extend(_finding(subject, guardrail, violation) for violation in violations)
    findings.sort(key=lambda finding: (finding.severity, finding.code, finding.interface))
    problems.sort(key=lambda problem: (problem.severity, problem.place.line or 0, problem.message))
    return Judgement(tuple(findings), tuple(waived), tuple(problems))


def _finding(subject: Subject, guardrail: Guardrail, violation: Violation) -> Finding:
    services: dict[Box, list[Range]] = {}  # the breach's boxes without addresses -> ascending spans
    for box in violation.packets.boxes():
        services.setdefault(box._replace(addresses=ONE_POINT), []).append(box.addresses)
    behind = [
        statement
        for statement in subject.statements(violation.interface)
        if any(
            _meet(box, service) and overlaps(spans, box.addresses)
            for box in statement.boxes
            for service, spans in services.items()
        )
    ]
    places = tuple(dict.fromkeys(place for place in map(subject.place_of, behind) if place is not None))
    labels = tuple(dict.fromkeys(statement.label for statement in behind))
    return Finding(guardrail, violation.interface, violation.packets, violation.message, places, labels)


def _meet(box: Box, service: Box) -> bool:
    """Whether a box and a service share a direction, a realm, a protocol and ports."""
    return (
        box[:2] == service[:2]
        and box.protocols[0] <= service.protocols[1]
        and service.protocols[0] <= box.protocols[1]
        and box.source_ports[0] <= service.source_ports[1]
        and service.source_ports[0] <= box.source_ports[1]
        and box.ports[0] <= service.ports[1]
        and service.ports[0] <= box.ports[1]
    )
