"""Findings for code scanning, as SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.

The rules are the guardrails, and one each for missing and unexpected packets, file problems and waivers. A fingerprint
covers what is open and not line numbers, so that a finding keeps its identity when lines move.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from esacloud.audit.model import Audit
from esacloud.errors import Place
from esacloud.guardrails.model import Finding, Guardrail, Judgement
from esacloud.guardrails.reach import in_words
from esacloud.guardrails.rules import GUARDRAILS

if TYPE_CHECKING:
    from esacloud.workflow import Checked

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MISSING, UNEXPECTED, WAIVER, FILE = "AUDIT-MISSING", "AUDIT-UNEXPECTED", "WAIVER", "FILE"
_OTHER_RULES = (
    (MISSING, "The gateway needs a flow that no rule permits.", "error"),
    (UNEXPECTED, "A rule permits packets that nothing in the port catalogue needs.", "warning"),
    (FILE, "A deployment file has a value that is invalid or has no effect.", "error"),
    (WAIVER, "A waiver has expired, is unused, or names no guardrail.", "warning"),
)


def checked_sarif(found: Iterable[Checked]) -> dict[str, Any]:
    """The log of `esacloud check`: the problems of each file, and the guardrails' findings."""
    results: list[dict[str, Any]] = []
    for checked in found:
        for problem in checked.problems:
            text = f"{problem.message} {problem.hint}"
            results.append(_result(FILE, problem.severity, text, [problem.place], problem.message))
        for judgement in checked.judgements.values():
            results += [result for result in _judged(judgement, Place(checked.file)) if result not in results]
    return _log(results)


def audit_sarif(audit: Audit, place: Place) -> dict[str, Any]:
    """The log of an audit; `place` is the audited file."""
    return _log([*_audited(audit, place), *_judged(audit.judgement, place)])


def _audited(audit: Audit, place: Place) -> Iterator[dict[str, Any]]:
    for missing in audit.missing:
        text = f"{missing.interface}: {missing.label}: {in_words(missing.packets)} cannot pass."
        yield _result(MISSING, "error", text, [place], f"{missing.interface}/{missing.label}")
    for unexpected in audit.unexpected:
        text = f"{unexpected.group}, {unexpected.rule}: {in_words(unexpected.packets)} may pass."
        yield _result(UNEXPECTED, "warning", text, [place], f"{unexpected.group}/{text}")


def _judged(judgement: Judgement, place: Place) -> Iterator[dict[str, Any]]:
    for finding in judgement.findings:
        yield _found(finding, place, f" {finding.guardrail.hint}")
    for waived in judgement.waived:
        accepted = {"kind": "external", "status": "accepted", "justification": waived.waiver.reason}
        yield {**_found(waived.finding, place, ""), "suppressions": [accepted]}
    for problem in judgement.problems:
        yield _result(WAIVER, problem.severity, f"{problem.message} {problem.hint}", [problem.place], problem.message)


def _found(finding: Finding, place: Place, hint: str) -> dict[str, Any]:
    text, identity = f"{finding.interface}: {finding.message}{hint}", f"{finding.interface}/{finding.message}"
    return _result(finding.code, finding.severity, text, finding.places or [place], identity)


def _log(results: Iterable[dict[str, Any]]) -> dict[str, Any]:
    from esacloud._version import __version__

    rules = [*map(_rule, GUARDRAILS), *(_plain_rule(*rule) for rule in _OTHER_RULES)]
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    found = [{**result, "ruleIndex": numbers[result["ruleId"]]} for result in results]
    driver = {"name": "esacloud", "version": __version__, "rules": rules}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": found}],
    }


def _rule(guardrail: Guardrail) -> dict[str, Any]:
    rule = _plain_rule(guardrail.code, guardrail.title, guardrail.severity)
    rule["fullDescription"] = {"text": guardrail.reason}
    rule["help"] = {"text": f"{guardrail.hint} Source: {guardrail.source}"}
    if guardrail.source.startswith("https://") and "," not in guardrail.source:
        rule["helpUri"] = guardrail.source
    return rule


def _plain_rule(code: str, title: str, severity: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": title}, "defaultConfiguration": {"level": severity}}


def _result(code: str, severity: str, text: str, places: Iterable[Place], identity: str) -> dict[str, Any]:
    return {
        "ruleId": code,
        "level": severity,
        "message": {"text": text},
        "locations": [_location(place) for place in places],
        "partialFingerprints": {"packets/v1": sha256(f"{code}/{identity}".encode()).hexdigest()},
    }


def _location(place: Place) -> dict[str, Any]:
    path = PurePath(place.file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if place.line is not None:
        region = {"startLine": place.line}
        if place.column is not None:
            region["startColumn"] = place.column
        physical["region"] = region
    return {"physicalLocation": physical}
