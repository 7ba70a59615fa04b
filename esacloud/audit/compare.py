"""The audit itself: expected packets against actual ones, and the guardrails over the actual ones. Exact, both ways.

A rule for every address also covers a reference of the cloud's own, because what is behind it has addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from esacloud.audit.groups import Together, put_together
from esacloud.audit.model import Audit, Desired, Missing, Unexpected
from esacloud.catalogue.model import Catalogue
from esacloud.guardrails.judge import judge_subject
from esacloud.guardrails.reach import is_whole
from esacloud.guardrails.subject import Subject
from esacloud.packets.addresses import Network
from esacloud.packets.sets import IPV4, IPV6, ONE_POINT, Box, PacketSet
from esacloud.policy.actual import ActualGroups
from esacloud.policy.model import Statement

if TYPE_CHECKING:
    from datetime import date

    from esacloud.deployment.model import Waiver


ANYWHERE = "any interface"


def audit(
    actual: ActualGroups,
    placed: Mapping[str, tuple[str, ...]],
    allowed: Mapping[str, tuple[Desired, ...]],
    needed: Mapping[str, tuple[Desired, ...]],
    catalogue: Catalogue,
    today: date,
    waivers: Iterable[Waiver] = (),
    own_networks: tuple[Network, ...] = (),
    needed_somewhere: tuple[Desired, ...] = (),
    beyond_judging: Mapping[str, PacketSet] | None = None,
) -> Audit:
    """Look at the groups that `placed` puts on each interface.

    `allowed` and `needed` say by interface what may be open and what has to be; for a deployment both are its flows.
    `needed_somewhere` has to be open on one of the interfaces, whichever. `beyond_judging` are packets by interface that no
    guardrail is asked about.
    """
    made: dict[tuple[str, ...], Together] = {}  # many network interfaces carry the same groups
    together = []
    for interface, ids in placed.items():
        if ids not in made:
            made[ids] = put_together(actual, interface, ids)
        together.append(replace(made[ids], looked=replace(made[ids].looked, interface=interface)))
    by_interface = {one.looked.interface: one for one in together}
    missing: list[Missing] = []
    unexpected: list[Unexpected] = []
    for interface, one in by_interface.items():
        missing.extend(_missing(one, needed.get(interface, ())))
        unexpected.extend(_unexpected(one, allowed.get(interface, ())))
    missing.extend(
        Missing(ANYWHERE, desired.label, desired.rows, PacketSet.of(desired.boxes))
        for desired in needed_somewhere
        if not any(_meets(desired, one.packets) for one in together)
    )

    def statements(interface: str) -> list[Statement]:
        return [rule for _, rule in by_interface[interface].rules]

    excused = beyond_judging or {}
    packets = {name: one.packets - excused[name] if name in excused else one.packets for name, one in by_interface.items()}
    subject = Subject(catalogue, packets, statements, own_networks, actual.public_address_spaces)
    unknown = (*(said for one in together for said in one.unknown), *actual.unknown)
    return Audit(
        tuple(one.looked for one in together),
        tuple(missing),
        tuple(unexpected),
        judge_subject(subject, waivers, today),
        tuple(dict.fromkeys(unknown)),
        actual.notes,
    )


def _missing(one: Together, needed: tuple[Desired, ...]) -> Iterator[Missing]:
    if not needed:
        return
    address_spaces = {box.address_space for desired in needed for box in desired.boxes}
    present = PacketSet.of(_closed(one.packets.boxes(), address_spaces))
    lacking = PacketSet.of(box for desired in needed for box in desired.boxes) - present
    for desired in needed:
        packets = PacketSet.of(desired.boxes) & lacking
        if packets and (desired.whole or not _meets(desired, one.packets)):
            yield Missing(one.looked.interface, desired.label, desired.rows, packets)


def _meets(desired: Desired, packets: PacketSet) -> bool:
    """Whether any packet of what is wanted passes, from or to whomever, references included."""
    address_spaces = packets.address_spaces()
    return bool(PacketSet.of(_closed(desired.boxes, address_spaces)) & packets)


def _unexpected(one: Together, allowed: tuple[Desired, ...]) -> Iterator[Unexpected]:
    """Each rule alone: a group permits what its rules permit, so a rule answers for its own packets."""
    asked: dict[tuple[str, str], list[Box]] = {}  # by direction and realm, where alone boxes can meet
    for box in dict.fromkeys(_closed((box for desired in allowed for box in desired.boxes), one.packets.address_spaces())):
        asked.setdefault(box[:2], []).append(box)
    known: dict[tuple[Box, ...], PacketSet] = {}
    for group, rule in one.rules:
        if rule.boxes not in known:
            known[rule.boxes] = PacketSet.of(rest for box in rule.boxes for rest in _rest(box, asked.get(box[:2], ())))
        if known[rule.boxes]:
            yield Unexpected(one.looked.interface, group, rule.label, known[rule.boxes])


def _rest(box: Box, asked: Sequence[Box]) -> Iterable[Box]:
    """The part of a box that nothing asks for. Only what meets it matters, and most boxes meet one or none."""
    low, high = box.ports
    meeting = [other for other in asked if other[4][0] <= high and low <= other[4][1] and _meet(other, box)]
    if not meeting:
        return (box,)
    if any(_holds(other, box) for other in meeting):
        return ()
    return (PacketSet.of((box,)) - PacketSet.of(meeting)).boxes()


def _meet(one: Box, other: Box) -> bool:
    """Whether two boxes of one direction and realm share a packet."""
    return all(mine[0] <= its[1] and its[0] <= mine[1] for mine, its in zip(one[2:], other[2:], strict=True))


def _holds(one: Box, other: Box) -> bool:
    """Whether the first of two boxes of one direction and realm holds all of the second."""
    return all(mine[0] <= its[0] and its[1] <= mine[1] for mine, its in zip(one[2:], other[2:], strict=True))


def _closed(boxes: Iterable[Box], address_spaces: Iterable[str]) -> Iterator[Box]:
    """The boxes, and for those of every address of a family the same for each of the references."""
    references = [address_space for address_space in address_spaces if address_space not in (IPV4, IPV6)]
    for box in boxes:
        yield box
        if references and is_whole(box):
            for address_space in references:
                yield box._replace(address_space=address_space, addresses=ONE_POINT)
