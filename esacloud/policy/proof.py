"""The proof that rules permit what a policy says: two packet sets, compared both ways, with witnesses where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from esacloud.packets.sets import PacketSet


@dataclass(frozen=True, slots=True)
class Difference:
    """Where rules and policy part at one interface. `extra` the rules alone permit, `missing` the policy alone."""

    interface: str
    extra: PacketSet
    missing: PacketSet

    def sentences(self) -> Iterator[str]:
        """One sentence for each way in which they differ, with a witness."""
        for packets, says in (
            (self.extra, "is permitted by the rules and not by the policy"),
            (self.missing, "is permitted by the policy and not by the rules"),
        ):
            if (witness := packets.witness()) is not None:
                yield f"{self.interface}: {witness} {says}."


def differences(policy: Mapping[str, PacketSet], rules: Mapping[str, PacketSet]) -> tuple[Difference, ...]:
    """What the two permit differently, interface by interface; nothing exactly when they permit the same packets.

    An interface that only one of them has counts as permitting nothing in the other.
    """
    empty = PacketSet()
    found = []
    for interface in sorted(policy.keys() | rules.keys()):
        desired, given = policy.get(interface, empty), rules.get(interface, empty)
        if desired != given:
            found.append(Difference(interface, given - desired, desired - given))
    return tuple(found)
