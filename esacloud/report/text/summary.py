"""The short summary that `generate` shows.

What was made and what it uses of the quotas, which table rows it covers, what it leaves out and why, what it opens because
it has to, and what was proven: whatever the person who signs the change has to know, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from textwrap import wrap

from esacloud.guardrails.model import Judgement, Waived
from esacloud.packets.sets import Box
from esacloud.policy.lowered import Lowered
from esacloud.policy.model import Flow, Policy
from esacloud.policy.packets import flow_boxes

_LABEL = 14
_WIDTH = 110


def summary(lowered: Lowered, judgement: Judgement, title: str) -> str:
    """The summary of one module as lines of text, at most 110 columns wide. `title` is its first line."""
    return "\n".join([title, "", *_lines(lowered, judgement)])


def _lines(lowered: Lowered, judgement: Judgement) -> Iterator[str]:
    policy = lowered.policy
    yield from _labelled("groups", _groups(lowered))
    yield from _labelled("quotas", filter(None, [_fullest(lowered)]))
    all_rows = len(policy.rows) + len(policy.left_out)
    yield from _labelled("table rows", [f"{len(policy.rows)} of {all_rows} covered: {ranges_text(policy.rows)}"])
    yield from _labelled("left out", _left_out(policy))
    yield from _labelled("not in table", _not_in_table(policy))
    yield from _labelled("open to any", hostnames_left_open(policy))
    yield from _labelled("pinned", hostnames_pinned(policy))
    yield from _labelled("filtered", hostnames_filtered(policy))
    yield from _labelled(
        "wider", (f"{widened.entry}: {_said(widened.exact)} became any source port" for widened in policy.widened)
    )
    yield from _labelled("waived", map(waived_sentence, judgement.waived))
    yield from _labelled("note", lowered.notes)
    yield from _labelled("proven", [proven_sentence(lowered)])


def proven_sentence(lowered: Lowered) -> str:
    """What was proven, in one sentence with its counts."""
    boxes = sum(len(list(packets.boxes())) for packets in lowered.packets.values())
    counts = [_count(len(lowered.policy.flows), "flow"), _count(len(lowered.packets), "interface")]
    return (
        "the module permits exactly the packets of the policy, no packet more and none less: "
        f"{', '.join(counts)}, {_count(boxes, 'disjoint set')} of packets"
    )


def waived_sentence(waived: Waived) -> str:
    """A finding that the file accepts, until when and why."""
    waiver, finding = waived.waiver, waived.finding
    return f"{finding.code} at {finding.interface} until {waiver.until}: {finding.message} {waiver.reason}"


def hostnames_left_open(policy: Policy) -> tuple[str, ...]:
    """What is open to any address because of a host name: `tcp/443 out at management: a.example (rows 9)`."""
    return _hostnames(policy, lambda flow: flow.names)


def hostnames_pinned(policy: Policy) -> tuple[str, ...]:
    """What is open to the addresses that a lock has for host names, in the same words."""
    return _hostnames(policy, lambda flow: flow.pinned)


def hostnames_filtered(policy: Policy) -> tuple[str, ...]:
    """What a firewall on the way lets pass by its host name, in the same words."""
    return _hostnames(policy, lambda flow: flow.filtered)


def _hostnames(policy: Policy, names_of: Callable[[Flow], tuple[str, ...]]) -> tuple[str, ...]:
    hosts: dict[str, tuple[set[str], set[int]]] = {}
    for flow in policy.flows:
        if found := names_of(flow):
            names, rows = hosts.setdefault(f"{_said(flow, remote=False)} at {flow.interface}", (set(), set()))
            names.update(found)
            rows.update(flow.rows)
    return tuple(
        f"{what}: {', '.join(sorted(names))}" + (f" (rows {ranges_text(rows)})" if rows else "")
        for what, (names, rows) in hosts.items()
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
    """The three quotas that are used most, so that the next to overflow is seen coming."""
    uses = sorted((use for use in lowered.quotas if use.used > 1), key=lambda use: -use.used / use.limit)
    return "; ".join(f"{use.quota} {use.used} of {use.limit}" for use in uses[:3])


def _left_out(policy: Policy) -> Iterator[str]:
    """Rows by reason; the features that are off, which are most of them, together."""
    off: dict[str, list[int]] = {}
    by_reason: dict[str, list[int]] = {}
    for left in policy.left_out:
        if left.feature is not None:
            off.setdefault(left.feature, []).append(left.row)
        else:
            by_reason.setdefault(left.why.en, []).append(left.row)
    if off:
        yield "features off: " + ", ".join(f"{feature} ({ranges_text(rows)})" for feature, rows in off.items())
    for why, rows in by_reason.items():
        yield f"row {ranges_text(rows)}: {why}"


def _not_in_table(policy: Policy) -> list[str]:
    entries: Mapping[str, None] = dict.fromkeys(entry for flow in policy.flows if not flow.rows for entry in flow.entries)
    return [f"needed all the same: {', '.join(sorted(entries))}"] if entries else []


def _said(flow: Flow, remote: bool = True) -> str:
    box: Box = next(flow_boxes([flow]))
    text = str(box)
    return text if remote else text.rsplit(" ", 2)[0]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _labelled(label: str, texts: Iterable[str]) -> Iterator[str]:
    """The texts under one label, each starting on a line of its own; nothing where there are none."""
    for text in texts:
        lines = wrap(text, _WIDTH - _LABEL, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for line in lines or [""]:
            yield f"{label:{_LABEL}}{line}".rstrip()
            label = ""
