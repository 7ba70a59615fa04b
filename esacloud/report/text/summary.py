"""What `generate` and `verify` print for people.

The summary of a module has what the person who signs the change needs: groups and quota use, covered and uncovered table
rows, what is open because of host names, waivers, notes, and the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from esacloud.guardrails.model import Judgement, Waived
from esacloud.packets.sets import SIDES
from esacloud.policy.lowered import Lowered
from esacloud.policy.model import Flow, Policy
from esacloud.policy.packets import flow_boxes
from esacloud.report.text.table import counted

if TYPE_CHECKING:
    from esacloud.workflow import Verification

_LABEL = 14
_WIDTH = 110


def summary(lowered: Lowered, judgement: Judgement, title: str) -> str:
    """The summary of one module as lines of text, at most 110 columns wide. `title` is its first line."""
    return "\n".join([title, "", *_lines(lowered, judgement)])


def _lines(lowered: Lowered, judgement: Judgement) -> Iterator[str]:
    policy = lowered.policy
    yield from _labelled("groups", _groups(lowered))
    yield from _labelled("quotas", filter(None, [_fullest(lowered)]))
    all_rows = len(policy.rows) + len(policy.uncovered)
    yield from _labelled("table rows", [f"{len(policy.rows)} of {all_rows} covered: {ranges_text(policy.rows)}"])
    yield from _labelled("uncovered", _uncovered(policy))
    yield from _labelled("not in table", _not_in_table(policy))
    yield from _labelled("open to any", hostnames(policy, "open"))
    yield from _labelled("pinned", hostnames(policy, "pinned"))
    yield from _labelled("filtered", hostnames(policy, "filtered"))
    widened = (f"{flow.entry}: {next(flow_boxes([flow.exact]))} became any source port" for flow in policy.widened)
    yield from _labelled("widened", widened)
    yield from _labelled("waived", map(waived_sentence, judgement.waived))
    yield from _labelled("note", lowered.notes)
    yield from _labelled("proven", [proven_sentence(lowered)])


def proven_sentence(lowered: Lowered) -> str:
    """What was proven, in one sentence with counts."""
    boxes = sum(len(list(packets.boxes())) for packets in lowered.packets.values())
    counts = [counted(len(lowered.policy.flows), "flow"), counted(len(lowered.packets), "interface")]
    return (
        "the module permits exactly the packets of the policy, no more and no less: "
        f"{', '.join(counts)}, {counted(boxes, 'disjoint set')} of packets"
    )


def waived_sentence(waived: Waived) -> str:
    """A finding that the file accepts, until when and why."""
    waiver, finding = waived.waiver, waived.finding
    return f"{finding.code} at {finding.interface} until {waiver.until}: {finding.message} {waiver.reason}"


def verified_text(verification: Verification, directory: str) -> str:
    """Whether the module is proven, in one line, and a line for each difference or deviation."""
    if verification.proven:
        flows = len(verification.policy.flows)
        return f"{directory}: proven: permits exactly the packets of the policy ({flows} flows), no more and no less."
    return "\n".join([f"{directory}: NOT proven:", *(f"  {sentence}" for sentence in verification.sentences())])


def hostnames(policy: Policy, mode: Literal["open", "pinned", "filtered"]) -> tuple[str, ...]:
    """What is permitted because of host names in one mode: `tcp/443 out at management: a.example (rows 9)`."""
    by_service: dict[str, tuple[set[str], set[int]]] = {}
    for flow in policy.flows:
        if found := {"open": flow.names, "pinned": flow.pinned, "filtered": flow.filtered}[mode]:
            names, rows = by_service.setdefault(f"{_service(flow)} at {flow.interface}", (set(), set()))
            names.update(found)
            rows.update(flow.rows)
    return tuple(
        f"{service}: {', '.join(sorted(names))}" + (f" (rows {ranges_text(rows)})" if rows else "")
        for service, (names, rows) in by_service.items()
    )


def ranges_text(numbers: Iterable[int]) -> str:
    """`1, 3-5` of 1, 3, 4 and 5."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][-1] + 1 == number:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)


def _groups(lowered: Lowered) -> Iterator[str]:
    width = max((len(group.name) for group in lowered.groups), default=0)
    for group in lowered.groups:
        yield f"{group.name:{width}}  {group.inbound:3} rules in, {group.outbound:3} out"


def _fullest(lowered: Lowered) -> str:
    """The three quotas nearest to their limits."""
    uses = sorted((use for use in lowered.quotas if use.used > 1), key=lambda use: -use.used / use.limit)
    return "; ".join(f"{use.quota} {use.used} of {use.limit}" for use in uses[:3])


def _uncovered(policy: Policy) -> Iterator[str]:
    """Rows by reason; those of features that are off, most of them, together."""
    off: dict[str, list[int]] = {}
    by_reason: dict[str, list[int]] = {}
    for item in policy.uncovered:
        if item.feature is not None:
            off.setdefault(item.feature, []).append(item.row)
        else:
            by_reason.setdefault(item.why.en, []).append(item.row)
    if off:
        yield "features off: " + ", ".join(f"{feature} ({ranges_text(rows)})" for feature, rows in off.items())
    for why, rows in by_reason.items():
        yield f"row {ranges_text(rows)}: {why}"


def _not_in_table(policy: Policy) -> list[str]:
    entries = sorted({entry for flow in policy.flows if not flow.rows for entry in flow.entries})
    return [f"needed nevertheless: {', '.join(entries)}"] if entries else []


def _service(flow: Flow) -> str:
    box = next(flow_boxes([flow]))
    return f"{box.service_text()} {SIDES[flow.direction].partition(' ')[0]}"


def _labelled(label: str, texts: Iterable[str]) -> Iterator[str]:
    """The texts under one label, each starting on a line of its own; nothing without texts."""
    for text in texts:
        lines = wrap(text, _WIDTH - _LABEL, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for line in lines or [""]:
            yield f"{label:{_LABEL}}{line}".rstrip()
            label = ""
