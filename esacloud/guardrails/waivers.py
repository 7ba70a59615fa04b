"""Waivers: which packets each accepts, and its problems. A waiver is matched by packets, never by notation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from esacloud.errors import Problem, did_you_mean
from esacloud.guardrails.networks import everything_at
from esacloud.guardrails.subject import Subject
from esacloud.packets.addresses import BITS, AddressError, parse_network
from esacloud.packets.sets import IPV4, IPV6, ONE_POINT, PacketSet, Range

if TYPE_CHECKING:
    from datetime import date

    from esacloud.deployment.model import Waiver


def problem_with(waiver: Waiver, codes: tuple[str, ...], today: date) -> Problem | None:
    """Why the waiver is invalid: an unknown code, or an expired date."""
    if waiver.code not in codes:
        hint = did_you_mean(waiver.code, codes, f"Use a code from {codes[0]} to {codes[-1]}, or remove the waiver.")
        return Problem(waiver.place, f"There is no guardrail {waiver.code!r}.", hint)
    if waiver.until < today.isoformat():
        return Problem(
            waiver.place,
            f"The waiver of {waiver.code} for {waiver.peer} expired on {waiver.until}.",
            "Close what it waives and remove it, or decide again and set a later date.",
        )
    return None


def unused(waiver: Waiver) -> Problem:
    """The warning about an unused waiver."""
    return Problem(
        waiver.place,
        f"Nothing violates {waiver.code} for {waiver.peer}: the waiver is unused.",
        "Remove it, so that it does not hide a later mistake.",
        "warning",
    )


def accepted(waiver: Waiver, subject: Subject) -> PacketSet:
    """All packets with the waiver's peer as remote: `any`, a network, a role, `self` or a reference."""
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
    """The remotes of the role with that name, or the reference with that name, with or without its kind."""
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
