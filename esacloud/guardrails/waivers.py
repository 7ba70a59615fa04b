"""Waivers: which packets each accepts, and what is wrong with it. A waiver is matched on packets, never on spelling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from esacloud.errors import Problem, nearest
from esacloud.guardrails.networks import everything_at
from esacloud.guardrails.subject import Subject
from esacloud.packets.addresses import BITS, AddressError, parse_network
from esacloud.packets.sets import IPV4, IPV6, ONE_POINT, PacketSet, Range

if TYPE_CHECKING:
    from datetime import date

    from esacloud.deployment.model import Waiver


def problem_with(waiver: Waiver, codes: tuple[str, ...], today: date) -> Problem | None:
    """Why the waiver does not count: a code that does not exist, or a day that has passed."""
    if waiver.code not in codes:
        near = nearest(waiver.code, codes)
        hint = (
            f"Write {near} if that is meant."
            if near
            else f"Write one from {codes[0]} to {codes[-1]}, or remove the waiver."
        )
        return Problem(waiver.place, f"There is no guardrail {waiver.code!r} to waive.", hint)
    if waiver.until < today.isoformat():
        return Problem(
            waiver.place,
            f"The waiver of {waiver.code} for {waiver.peer} expired on {waiver.until}.",
            "Close what it waives and remove it, or decide again and write a later day.",
        )
    return None


def unused(waiver: Waiver) -> Problem:
    """The warning about a waiver that accepts nothing."""
    return Problem(
        waiver.place,
        f"Nothing breaks {waiver.code} for {waiver.peer}: the waiver is not used.",
        "Remove it, so that it does not hide a later mistake.",
        "warning",
    )


def accepted(waiver: Waiver, subject: Subject) -> PacketSet:
    """All packets whose far side the waiver's peer stands for: `any`, a network, a role, `self` or a reference."""
    text = waiver.peer
    if text == "any":
        return everything_at(IPV4, [_whole(4)]) | everything_at(IPV6, [_whole(6)])
    try:
        network = parse_network(text)
    except AddressError:
        return _by_name(text, subject)
    return everything_at(IPV4 if network.version == 4 else IPV6, [(network.first, network.last)])


def _whole(version: int) -> Range:
    return 0, (1 << BITS[version]) - 1


def _by_name(text: str, subject: Subject) -> PacketSet:
    """The far sides of the role of that name, or the reference of that name, with or without its kind."""
    remote: set[tuple[str, Range]] = set()
    for interface in subject.packets:
        for statement in subject.statements(interface):
            for box in statement.boxes:
                is_reference = box.address_space == text or box.address_space.partition(":")[2] == text
                if text in statement.roles or (is_reference and box.addresses == ONE_POINT):
                    remote.add((box.address_space, box.addresses))
    return _union(everything_at(address_space, [span]) for address_space, span in sorted(remote))


def _union(sets: Iterable[PacketSet]) -> PacketSet:
    return PacketSet.of(box for one in sets for box in one.boxes())
