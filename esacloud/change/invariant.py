"""The law of every change: permitted packets lie between (old and new) and (old or new), at every moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from esacloud.packets.sets import PacketSet


@dataclass(frozen=True, slots=True)
class Violation:
    """What is permitted though neither state permits it, and what is not though both do, at one interface."""

    interface: str
    too_open: PacketSet
    too_closed: PacketSet


def violations(
    old: Mapping[str, PacketSet], new: Mapping[str, PacketSet], now: Mapping[str, PacketSet]
) -> tuple[Violation, ...]:
    """Where the law does not hold; nothing exactly when it does. A missing interface permits nothing."""
    empty = PacketSet()
    found = []
    for interface in sorted(old.keys() | new.keys() | now.keys()):
        before, after, here = (side.get(interface, empty) for side in (old, new, now))
        too_open, too_closed = here - (before | after), (before & after) - here
        if too_open or too_closed:
            found.append(Violation(interface, too_open, too_closed))
    return tuple(found)
