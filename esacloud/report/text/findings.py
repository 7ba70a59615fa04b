"""Findings and audits for people: what is open to whom, why it matters, how to mend or waive it, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from esacloud.audit.model import Audit
from esacloud.errors import Place
from esacloud.guardrails.model import Finding, Judgement
from esacloud.guardrails.reach import in_words

_NAMED = 8  # a peer in more pieces is the Internet without its private parts, and was written `any`


def judgement_lines(judgement: Judgement, place: Place) -> Iterator[str]:
    """Every finding with its reason and its mending, then what is waived, then what is wrong with the waivers."""
    for finding in judgement.findings:
        yield from finding_lines(finding, place)
    for waived in judgement.waived:
        waiver, finding = waived.waiver, waived.finding
        yield f"waived until {waiver.until}: {finding.code} {finding.interface}: {finding.message} ({waiver.reason})"
    for problem in judgement.problems:
        yield str(problem)


def finding_lines(finding: Finding, place: Place) -> Iterator[str]:
    """One finding: a line as compilers print them, and below it why, how to mend it, and how to waive it."""
    here = finding.places[0] if finding.places else place
    rule = finding.guardrail
    yield f"{here}: {rule.severity}: {rule.code} {rule.title}"
    yield f"    {finding.interface}: {finding.message}"
    yield f"    why: {rule.reason} ({rule.source})"
    spans = {(box.address_space, box.addresses) for box in finding.packets.boxes()}
    remote = finding.packets.witness()
    peer = remote.remote_text() if remote is not None and len(spans) <= _NAMED else "any"
    yield f"    mend: {rule.hint}"
    yield f"    or waive: {{code: {rule.code}, peer: {peer}, reason: ..., until: ...}} under `waivers`"
    if finding.statements:
        yield f"    by: {_few(finding.statements)}"


def audit_text(audit: Audit, place: Place) -> str:
    """The whole audit as text: three parts, each with packets as witnesses, and one line that sums it up."""
    lines: list[str] = []
    for interface, missing in groupby(audit.missing, key=lambda one: one.interface):
        lines.append(f"{interface}: needed and not there")
        lines.extend(f"    {one.label}{_rows(one.rows)}: {in_words(one.packets)}" for one in missing)
    for (interface, group), unexpected in groupby(audit.unexpected, key=lambda rule: (rule.interface, rule.group)):
        lines.append(f"{interface if interface == group else f'{interface} ({group})'}: nothing in the catalogue asks for")
        lines.extend(f"    {rule.rule}: {in_words(rule.packets)}" for rule in unexpected)
    lines.extend(judgement_lines(audit.judgement, place))
    lines.extend(f"not judged: {sentence}" for sentence in audit.unknown)
    lines.extend(f"note: {sentence}" for sentence in audit.notes)
    lines.append(audit_summary(audit))
    return "\n".join(lines)


def audit_summary(audit: Audit) -> str:
    """One line: how much was looked at and how much was found."""
    groups = {name for one in audit.looked for name in one.groups}
    rules = sum(one.rules for one in audit.looked)
    judged = audit.judgement
    return (
        f"{_count(len(groups), 'group')} with {_count(rules, 'rule')} looked at: "
        f"{_count(len(audit.missing), 'flow')} missing, "
        f"{_count(len(audit.unexpected), 'rule')} not asked for, {_count(len(judged.findings), 'guardrail finding')}, "
        f"{len(judged.waived)} waived, {len(audit.unknown)} not judged"
    )


def _rows(rows: Iterable[int]) -> str:
    found = list(rows)
    return f" (table row{'s' if len(found) > 1 else ''} {', '.join(map(str, found))})" if found else ""


def _count(number: int, message: str) -> str:
    return f"{number:,} {message}{'' if number == 1 else 's'}"


def _few(words: tuple[str, ...], most: int = 4) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
