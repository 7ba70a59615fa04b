"""What `check` and `audit` print for people: what is open, from where or to where, why it matters, how to correct it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from esacloud.catalogue.model import rows_text
from esacloud.errors import Place
from esacloud.guardrails.model import Finding, Judgement
from esacloud.guardrails.reach import in_words
from esacloud.report.text.table import counted, first_of

if TYPE_CHECKING:
    from esacloud.audit.model import Audit
    from esacloud.catalogue.model import Catalogue
    from esacloud.workflow import Checked

_NAMED = 8  # a peer in more pieces is the Internet without its private parts, and was written `any`


def checked_text(found: Sequence[Checked]) -> str:
    """The problems and findings of each file, the manual checks of each catalogue, and a line of counts."""
    lines = [line for checked in found for line in _checked(checked)]
    for catalogue in {checked.catalogue.digest: checked.catalogue for checked in found if checked.catalogue}.values():
        lines += manual_checks(catalogue)
    errors, warnings = sum(checked.count("error") for checked in found), sum(checked.count("warning") for checked in found)
    counts = f"{counted(len(found), 'file')}: {counted(errors, 'error')}, {counted(warnings, 'warning')}"
    return "\n".join([*lines, counts])


def _checked(checked: Checked) -> Iterator[str]:
    """The problems of one file, then the guardrails' findings; those that several clouds share are printed once."""
    yield from map(str, checked.problems)
    judgements = checked.judgements.values()
    texts = ("\n".join(judgement_lines(judgement, Place(checked.file))) for judgement in judgements)
    yield from dict.fromkeys(filter(None, texts))


def manual_checks(catalogue: Catalogue) -> Iterator[str]:
    """The vendor's advice that no packet filter can carry out, a line each, with the command to check it by."""
    if catalogue.checklist:
        yield "Security groups cannot enforce these. Check them on the gateway:"
    for advice, command in catalogue.checklist:
        yield f"  [ ] {advice.en}{f' ({command})' if command else ''}"


def judgement_lines(judgement: Judgement, place: Place) -> Iterator[str]:
    """Every finding with its reason and its hint, then the waived findings, then the problems of the waivers."""
    for finding in judgement.findings:
        yield from finding_lines(finding, place)
    for waived in judgement.waived:
        waiver, finding = waived.waiver, waived.finding
        yield f"waived until {waiver.until}: {finding.code} {finding.interface}: {finding.message} ({waiver.reason})"
    yield from map(str, judgement.problems)


def finding_lines(finding: Finding, place: Place) -> Iterator[str]:
    """One finding: a line as compilers print them, and below it why it matters and how to correct or waive it."""
    here = finding.places[0] if finding.places else place
    rule = finding.guardrail
    yield f"{here}: {rule.severity}: {rule.code} {rule.title}"
    yield f"    {finding.interface}: {finding.message}"
    yield f"    why: {rule.reason} ({rule.source})"
    spans = {(box.address_space, box.addresses) for box in finding.packets.boxes()}
    witness = finding.packets.witness()
    peer = witness.remote_text() if witness is not None and len(spans) <= _NAMED else "any"
    yield f"    hint: {rule.hint}"
    yield f"    or waive: {{code: {rule.code}, peer: {peer}, reason: ..., until: ...}} under `waivers`"
    if finding.statements:
        yield f"    by: {first_of(finding.statements, 4)}"


def audit_text(audit: Audit, place: Place, catalogue: Catalogue) -> str:
    """The whole audit: three parts, each with packets as witnesses, a summary line, and the catalogue's manual checks."""
    lines: list[str] = []
    for interface, missing in groupby(audit.missing, key=lambda flow: flow.interface):
        lines.append(f"{interface}: missing")
        for flow in missing:
            rows = f" ({rows_text(flow.rows)})" if flow.rows else ""
            lines.append(f"    {flow.label}{rows}: {in_words(flow.packets)}")
    for (interface, group), unexpected in groupby(audit.unexpected, key=lambda rule: (rule.interface, rule.group)):
        lines.append(f"{interface if interface == group else f'{interface} ({group})'}: unexpected")
        lines.extend(f"    {rule.rule}: {in_words(rule.packets)}" for rule in unexpected)
    lines.extend(judgement_lines(audit.judgement, place))
    lines.extend(f"not judged: {sentence}" for sentence in audit.unknown)
    lines.extend(f"note: {sentence}" for sentence in audit.notes)
    return "\n".join([*lines, _audit_summary(audit), *manual_checks(catalogue)])


def _audit_summary(audit: Audit) -> str:
    groups = {name for audited in audit.interfaces for name in audited.groups}
    rules = sum(audited.rules for audited in audit.interfaces)
    judged = audit.judgement
    return (
        f"{counted(len(groups), 'group')} with {counted(rules, 'rule')} audited: "
        f"{counted(len(audit.missing), 'flow')} missing, "
        f"{counted(len(audit.unexpected), 'rule')} unexpected, {counted(len(judged.findings), 'guardrail finding')}, "
        f"{len(judged.waived)} waived, {len(audit.unknown)} not judged"
    )
