"""The judgement: every guardrail over one subject, with waivers. Reads no clock: the date is a parameter.

A waiver removes its packets from the subject of its own guardrail; violations that remain are findings.
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
    """The judgement of a policy. `packets` are its packets by interface, if already computed.

    `today` decides which waivers have expired: a waiver is valid through its last day.
    """
    return judge_subject(policy_subject(policy, deployment, packets, public_address_spaces), deployment.waivers, today)


def judge_subject(subject: Subject, waivers: Iterable[Waiver], today: date) -> Judgement:
    """The judgement of any subject."""
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
        if own := by_code.get(guardrail.code):
            accepted_findings, violations = _waive(subject, guardrail, violations, own)
            used = {id(one.waiver) for one in accepted_findings}
            waived += accepted_findings
            problems += (unused(waiver) for waiver in own if id(waiver) not in used)
        findings += (_finding(subject, guardrail, violation) for violation in violations)
    findings.sort(key=lambda finding: (finding.severity, finding.code, finding.interface))
    problems.sort(key=lambda problem: (problem.severity, problem.place.line or 0, problem.message))
    return Judgement(tuple(findings), tuple(waived), tuple(problems))


def _waive(
    subject: Subject, guardrail: Guardrail, violations: list[Violation], waivers: Iterable[Waiver]
) -> tuple[list[Waived], list[Violation]]:
    """The findings that the waivers accept, and the violations without the waivers' packets."""
    if not violations:
        return [], []
    waived: list[Waived] = []
    boxes: list[Box] = []
    for waiver in waivers:
        packets = accepted(waiver, subject)
        boxes += packets.boxes()
        for violation in violations:
            if share := violation.packets & packets:
                part = Violation(violation.interface, share, f"{in_words(share)} may pass.")
                waived.append(Waived(_finding(subject, guardrail, part), waiver))
    return waived, list(guardrail.find(subject.without(PacketSet.of(boxes))))


def _finding(subject: Subject, guardrail: Guardrail, violation: Violation) -> Finding:
    services: dict[Box, list[Range]] = {}  # the violation's boxes without addresses -> ascending spans
    for box in violation.packets.boxes():
        services.setdefault(box._replace(addresses=ONE_POINT), []).append(box.addresses)
    behind = [
        statement
        for statement in subject.statements(violation.interface)
        if any(
            _overlap(box, service) and overlaps(spans, box.addresses)
            for box in statement.boxes
            for service, spans in services.items()
        )
    ]
    places = tuple(dict.fromkeys(place for place in map(subject.place_of, behind) if place is not None))
    labels = tuple(dict.fromkeys(statement.label for statement in behind))
    return Finding(guardrail, violation.interface, violation.packets, violation.message, places, labels)


def _overlap(box: Box, service: Box) -> bool:
    """Whether a box and a service share a direction, an address space, a protocol and ports."""
    return (
        box[:2] == service[:2]
        and box.protocols[0] <= service.protocols[1]
        and service.protocols[0] <= box.protocols[1]
        and box.source_ports[0] <= service.source_ports[1]
        and service.source_ports[0] <= box.source_ports[1]
        and box.ports[0] <= service.ports[1]
        and service.ports[0] <= box.ports[1]
    )
