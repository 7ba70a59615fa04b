"""The judgement: every guardrail over one subject, with waivers. Reads no clock: the date is a parameter.

A waiver removes its packets from the subject of its own guardrail; violations that remain are findings. It is matched by
packets, never by notation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from esacloud.deployment.model import Deployment, Waiver
from esacloud.errors import Problem, did_you_mean
from esacloud.guardrails.model import Finding, Guardrail, Judgement, Violation, Waived
from esacloud.guardrails.reach import in_words
from esacloud.guardrails.rules import GUARDRAILS
from esacloud.guardrails.subject import Subject, policy_subject
from esacloud.packets.addresses import AddressError, parse_network
from esacloud.packets.sets import EVERY_ADDRESS, EVERY_PORT, EVERY_PROTOCOL, ONE_POINT, Box, Direction, PacketSet, Range
from esacloud.packets.spans import overlap, overlaps
from esacloud.policy.model import Policy
from esacloud.policy.packets import remote_address_space

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
        if (problem := _problem_with(waiver, today)) is not None:
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
            problems += (_unused(waiver) for waiver in own if id(waiver) not in used)
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
        packets = _accepted(waiver, subject)
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
    return box[:2] == service[:2] and all(map(overlap, box[2:5], service[2:5]))


def _problem_with(waiver: Waiver, today: date) -> Problem | None:
    """Why the waiver is invalid: an unknown code, or an expired date."""
    if waiver.code not in CODES:
        hint = did_you_mean(waiver.code, CODES, f"Use a code from {CODES[0]} to {CODES[-1]}, or remove the waiver.")
        return Problem(waiver.place, f"There is no guardrail {waiver.code!r}.", hint)
    if waiver.until < today.isoformat():
        return Problem(
            waiver.place,
            f"The waiver of {waiver.code} for {waiver.peer} expired on {waiver.until}.",
            "Close what it waives and remove it, or decide again and set a later date.",
        )
    return None


def _unused(waiver: Waiver) -> Problem:
    return Problem(
        waiver.place,
        f"Nothing violates {waiver.code} for {waiver.peer}: the waiver is unused.",
        "Remove it, so that it does not hide a later mistake.",
        "warning",
    )


def _accepted(waiver: Waiver, subject: Subject) -> PacketSet:
    """All packets with the waiver's peer as remote: `any`, a network, a role, `self` or a reference."""
    if waiver.peer == "any":
        return _everything_at(EVERY_ADDRESS.items())
    try:
        return _everything_at([remote_address_space(parse_network(waiver.peer))])
    except AddressError:
        return _everything_at(_by_name(waiver.peer, subject))


def _by_name(text: str, subject: Subject) -> set[tuple[str, Range]]:
    """The remotes of the role with that name, or the reference with that name, with or without its kind."""
    remotes: set[tuple[str, Range]] = set()
    for interface in subject.packets:
        for statement in subject.statements(interface):
            for box in statement.boxes:
                is_reference = box.address_space == text or box.address_space.partition(":")[2] == text
                if text in statement.roles or (is_reference and box.addresses == ONE_POINT):
                    remotes.add((box.address_space, box.addresses))
    return remotes


def _everything_at(remotes: Iterable[tuple[str, Range]]) -> PacketSet:
    """All packets from and to the remotes: address spaces, each with a span of addresses."""
    directions: tuple[Direction, Direction] = ("ingress", "egress")
    return PacketSet.of(
        Box(direction, address_space, EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT, span)
        for address_space, span in remotes
        for direction in directions
    )
