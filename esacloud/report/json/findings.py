"""What `check --json` and `audit --json` print (schemas/check, findings and audit.schema.json)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from esacloud.audit.model import Audit
    from esacloud.deployment.model import Waiver
    from esacloud.errors import Problem
    from esacloud.guardrails.model import Finding, Judgement
    from esacloud.packets.sets import PacketSet
    from esacloud.workflow import Checked

Json = dict[str, Any]
_WITNESSES = 10  # of a finding
_MOST_BOXES = 20  # of a difference; the others are counted


def checked_document(found: Sequence[Checked]) -> Json:
    """What `esacloud check --json` prints."""
    return {
        "errors": sum(checked.count("error") for checked in found),
        "warnings": sum(checked.count("warning") for checked in found),
        "files": [
            {
                "file": checked.file,
                "problems": [{**asdict(problem.place), **_problem(problem)} for problem in checked.problems],
                "guardrails": {cloud: judgement_document(judged) for cloud, judged in checked.judgements.items()},
            }
            for checked in found
        ],
    }


def judgement_document(judgement: Judgement) -> Json:
    """The guardrails' part of both documents (schemas/findings.schema.json)."""
    return {
        "findings": [_finding(finding) for finding in judgement.findings],
        "waived": [
            {"finding": _finding(waived.finding), "waiver": _without_place(waived.waiver)} for waived in judgement.waived
        ],
        "problems": [{**_problem(problem), "place": asdict(problem.place)} for problem in judgement.problems],
    }


def audit_document(audit: Audit) -> Json:
    """What `esacloud audit --json` prints."""
    return {
        "interfaces": [
            {"interface": audited.interface, "groups": list(audited.groups), "rules": audited.rules}
            for audited in audit.interfaces
        ],
        "missing": [
            {"interface": flow.interface, "flow": flow.label, "rows": list(flow.rows), "packets": witnesses(flow.packets)}
            for flow in audit.missing
        ],
        "unexpected": [
            {"interface": rule.interface, "group": rule.group, "rule": rule.rule, "packets": witnesses(rule.packets)}
            for rule in audit.unexpected
        ],
        "guardrails": judgement_document(audit.judgement),
        "unknown": list(audit.unknown),
        "notes": list(audit.notes),
    }


def witnesses(packets: PacketSet) -> list[str]:
    """The first boxes of the set as text; the first network of each."""
    return [str(box) for box in islice(packets.boxes(), _WITNESSES)]


def boxes(packets: PacketSet) -> list[str]:
    """The boxes of the set as text; a last line counts those beyond the first twenty."""
    texts = [str(box) for box in packets.boxes()]
    more = len(texts) - _MOST_BOXES
    return [*texts[:_MOST_BOXES], f"and {more} more"] if more > 0 else texts


def _finding(finding: Finding) -> Json:
    rule = finding.guardrail
    return {
        "code": rule.code,
        "severity": rule.severity,
        "title": rule.title,
        "interface": finding.interface,
        "message": finding.message,
        "reason": rule.reason,
        "source": rule.source,
        "hint": rule.hint,
        "packets": witnesses(finding.packets),
        "statements": list(finding.statements),
        "places": list(map(asdict, finding.places)),
    }


def _without_place(waiver: Waiver) -> Json:
    return {name: value for name, value in asdict(waiver).items() if name != "place"}


def _problem(problem: Problem) -> Json:
    return {"severity": problem.severity, "message": problem.message, "hint": problem.hint}
