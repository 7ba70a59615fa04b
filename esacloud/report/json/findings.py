"""Findings and audits for programs, as schemas/findings.schema.json and schemas/audit.schema.json describe them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from esacloud.audit.model import Audit
from esacloud.errors import Place, Problem
from esacloud.guardrails.model import Finding, Judgement
from esacloud.packets.sets import PacketSet

MOST_WITNESSES = 10


def judgement_document(judgement: Judgement) -> dict[str, Any]:
    """What `esacloud check --json` prints of the guardrails."""
    return {
        "findings": [_finding(finding) for finding in judgement.findings],
        "waived": [
            {
                "finding": _finding(waived.finding),
                "waiver": {
                    "code": waived.waiver.code,
                    "peer": waived.waiver.peer,
                    "reason": waived.waiver.reason,
                    "until": waived.waiver.until,
                },
            }
            for waived in judgement.waived
        ],
        "problems": [_problem(problem) for problem in judgement.problems],
    }


def audit_document(audit: Audit) -> dict[str, Any]:
    """What `esacloud audit --json` prints."""
    return {
        "looked": [{"interface": one.interface, "groups": list(one.groups), "rules": one.rules} for one in audit.looked],
        "missing": [
            {"interface": one.interface, "flow": one.label, "rows": list(one.rows), "packets": witnesses(one.packets)}
            for one in audit.missing
        ],
        "unexpected": [
            {"interface": one.interface, "group": one.group, "rule": one.rule, "packets": witnesses(one.packets)}
            for one in audit.unexpected
        ],
        "guardrails": judgement_document(audit.judgement),
        "unknown": list(audit.unknown),
        "notes": list(audit.notes),
    }


def witnesses(packets: PacketSet) -> list[str]:
    """The first boxes of the set as text; the first network of each."""
    return [str(box) for box in islice(packets.boxes(), MOST_WITNESSES)]


def _finding(finding: Finding) -> dict[str, Any]:
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
        "places": _places(finding.places),
    }


def _places(places: Iterable[Place]) -> list[dict[str, Any]]:
    return [{"file": place.file, "line": place.line, "column": place.column, "key": place.key} for place in places]


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "place": _places([problem.place])[0],
    }
