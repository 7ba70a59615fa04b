"""The proof that rules permit what a policy says: two packet sets, compared both ways, with witnesses where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from esacloud.packets.sets import PacketSet


@dataclass(frozen=True, slots=True)
class Difference:
    """Where rules and policy differ at one interface: only the rules permit `extra`, only the policy `missing`."""

    interface: str
    extra: PacketSet
    missing: PacketSet

    def sentences(self) -> Iterator[str]:
        """A sentence with a witness for each of the two that is not empty."""
        for packets, predicate in (
            (self.extra, "is permitted by the rules and not by the policy"),
            (self.missing, "is permitted by the policy and not by the rules"),
        ):
            if (witness := packets.witness()) is not None:
                yield f"{self.interface}: {witness} {predicate}."


def differences(policy: Mapping[str, PacketSet], rules: Mapping[str, PacketSet]) -> tuple[Difference, ...]:
    """The differences by interface; none exactly when both permit the same packets.

    An interface that one side lacks permits nothing there.
    """
    empty = PacketSet()
    found = []
    for interface in sorted(policy.keys() | rules.keys()):
        desired, given = policy.get(interface, empty), rules.get(interface, empty)
        if desired != given:
            found.append(Difference(interface, given - desired, desired - given))
    return tuple(found)
