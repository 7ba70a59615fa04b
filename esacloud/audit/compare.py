"""The audit itself: expected packets against actual packets, and the guardrails over the actual ones. Exact, both ways.

A rule for every address also covers a reference of the cloud's own, because the members of the reference have addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from esacloud.audit.groups import CombinedGroups, combine
from esacloud.audit.model import Audit, AuditedInterface, Desired, Missing, Unexpected
from esacloud.catalogue.model import Catalogue
from esacloud.guardrails.judge import judge_subject
from esacloud.guardrails.reach import is_whole
from esacloud.guardrails.subject import Subject
from esacloud.packets.addresses import Network
from esacloud.packets.sets import IPV4, IPV6, ONE_POINT, Box, PacketSet
from esacloud.packets.spans import overlap
from esacloud.policy.actual import ActualGroups
from esacloud.policy.model import Statement

if TYPE_CHECKING:
    from datetime import date

    from esacloud.deployment.model import Waiver

ANY_INTERFACE = "any interface"


def audit(
    actual: ActualGroups,
    assignment: Mapping[str, tuple[str, ...]],
    allowed: Mapping[str, tuple[Desired, ...]],
    needed: Mapping[str, tuple[Desired, ...]],
    catalogue: Catalogue,
    today: date,
    waivers: Iterable[Waiver] = (),
    own_networks: tuple[Network, ...] = (),
    needed_somewhere: tuple[Desired, ...] = (),
    exempt: Mapping[str, PacketSet] | None = None,
) -> Audit:
    """Audit the groups that `assignment` puts on each interface.

    `allowed` and `needed` are by interface; for a deployment both are its flows. `needed_somewhere` has to be open on at
    least one interface. `exempt` are packets by interface that the guardrails do not judge.
    """
    combined = {ids: combine(actual, ids) for ids in set(assignment.values())}  # many interfaces have the same groups
    by_interface = {interface: combined[ids] for interface, ids in assignment.items()}
    missing = [flow for name, rules in by_interface.items() for flow in _missing(name, rules, needed.get(name, ()))]
    missing += (
        Missing(ANY_INTERFACE, desired.label, desired.rows, PacketSet.of(desired.boxes))
        for desired in needed_somewhere
        if not any(_intersects(desired, rules.packets) for rules in combined.values())
    )
    subject = _subject(by_interface, catalogue, own_networks, actual.public_address_spaces, exempt or {})
    unknown = chain(*(rules.unknown for rules in by_interface.values()), actual.unknown)
    return Audit(
        tuple(AuditedInterface(name, rules.groups, len(rules.rules)) for name, rules in by_interface.items()),
        tuple(missing),
        tuple(rule for name, rules in by_interface.items() for rule in _unexpected(name, rules, allowed.get(name, ()))),
        judge_subject(subject, waivers, today),
        tuple(dict.fromkeys(unknown)),
        actual.notes,
    )


def _subject(
    by_interface: Mapping[str, CombinedGroups],
    catalogue: Catalogue,
    own_networks: tuple[Network, ...],
    public_address_spaces: frozenset[str],
    exempt: Mapping[str, PacketSet],
) -> Subject:
    packets = {name: rules.packets for name, rules in by_interface.items()}
    packets |= {name: packets[name] - excused for name, excused in exempt.items() if name in packets}

    def statements(interface: str) -> list[Statement]:
        return [rule for _, rule in by_interface[interface].rules]

    return Subject(catalogue, packets, statements, own_networks, public_address_spaces)


def _missing(interface: str, actual: CombinedGroups, needed: tuple[Desired, ...]) -> Iterator[Missing]:
    if not needed:
        return
    address_spaces = {box.address_space for desired in needed for box in desired.boxes}
    present = PacketSet.of(_closed(actual.packets.boxes(), address_spaces))
    lacking = PacketSet.of(box for desired in needed for box in desired.boxes) - present
    for desired in needed:
        packets = PacketSet.of(desired.boxes) & lacking
        if packets and (desired.whole or not _intersects(desired, actual.packets)):
            yield Missing(interface, desired.label, desired.rows, packets)


def _intersects(desired: Desired, packets: PacketSet) -> bool:
    """Whether any desired packet passes, from or to any remote, references included."""
    return bool(PacketSet.of(_closed(desired.boxes, packets.address_spaces())) & packets)


def _unexpected(interface: str, actual: CombinedGroups, allowed: tuple[Desired, ...]) -> Iterator[Unexpected]:
    """Each rule by itself: a group permits what its rules permit, so each rule accounts for its own packets."""
    expected: dict[tuple[str, str], list[Box]] = {}  # by direction and address space: only such boxes can intersect
    boxes = (box for desired in allowed for box in desired.boxes)
    for box in dict.fromkeys(_closed(boxes, actual.packets.address_spaces())):
        expected.setdefault(box[:2], []).append(box)
    known: dict[tuple[Box, ...], PacketSet] = {}
    for group, rule in actual.rules:
        if rule.boxes not in known:
            rests = (rest for box in rule.boxes for rest in _rest(box, expected.get(box[:2], ())))
            known[rule.boxes] = PacketSet.of(rests)
        if known[rule.boxes]:
            yield Unexpected(interface, group, rule.label, known[rule.boxes])


def _rest(box: Box, expected: Sequence[Box]) -> Iterable[Box]:
    """The unexpected part of a box; `expected` has its direction and address space. Most boxes intersect one or none."""
    low, high = box.ports
    near = (other for other in expected if other[4][0] <= high and low <= other[4][1])
    found = [other for other in near if all(map(overlap, other[2:], box[2:]))]
    if not found:
        return (box,)
    if any(all(a[0] <= b[0] and b[1] <= a[1] for a, b in zip(other[2:], box[2:], strict=True)) for other in found):
        return ()
    return (PacketSet.of((box,)) - PacketSet.of(found)).boxes()


def _closed(boxes: Iterable[Box], address_spaces: Iterable[str]) -> Iterator[Box]:
    """The boxes, and for a box of every address of a family the same box for each of the references."""
    references = [address_space for address_space in address_spaces if address_space not in (IPV4, IPV6)]
    for box in boxes:
        yield box
        if references and is_whole(box):
            for address_space in references:
                yield box._replace(address_space=address_space, addresses=ONE_POINT)
