"""The question of most guardrails: which packets of a service come from or go to public addresses, and their text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from esacloud.deployment.model import Reference
from esacloud.guardrails.model import Violation
from esacloud.guardrails.networks import has_every_public, has_public, public
from esacloud.guardrails.subject import Subject, cuts
from esacloud.packets.addresses import Network, Version, networks_between
from esacloud.packets.sets import EVERY_ADDRESS, IPV4, IPV6, SIDES, Box, Direction, PacketSet
from esacloud.packets.spans import joined, shared
from esacloud.policy.model import Flow

SMTP = 25
_MANY_PORTS = 1024  # a statement with this many ports is not about a service
_FAMILIES: dict[str, tuple[Version, str]] = {IPV4: (4, "IPv4"), IPV6: (6, "IPv6")}


def public_violations(subject: Subject, direction: Direction, *services: str) -> Iterator[Violation]:
    """One violation for each interface where packets of the services come from, or go to, public addresses."""
    for interface in subject.packets:
        boxes = list(subject.to_services(interface, direction, *services, public=True))
        if boxes:
            yield violation(interface, public_part(boxes))


def public_egress(subject: Subject, *services: str) -> Iterator[Violation]:
    """The same for egress, as far as statements with few ports permit it.

    Wide egress ranges have other purposes (FTP data), and the gateway connects to a service only where it is configured.
    """
    ties = subject.services(*services)
    for interface in subject.packets:
        if any(True for _ in subject.to_services(interface, "egress", *services, public=True)):
            stated = (box for statement in subject.statements(interface) for box in statement.boxes)
            narrow = (box for box in stated if box.direction == "egress" and box.ports[1] - box.ports[0] < _MANY_PORTS)
            boxes = [cut for box in narrow for cut in cuts(box, ties) if subject.is_public(cut)]
            if boxes:
                yield violation(interface, public_part(boxes))


def mail_to_public(flows: Iterable[Flow], references: Collection[str] = ()) -> list[str]:
    """The entries whose flows send mail to public addresses, or to one of these references. Clouds restrict that."""
    found = set[str]()
    for flow in flows:
        first, last = flow.ports
        if first <= SMTP <= last and flow.direction == "egress" and flow.transport in ("tcp", "all"):
            remote = flow.remote
            if isinstance(remote, Network):
                public_remote = has_public(IPV4 if remote.version == 4 else IPV6, (remote.first, remote.last))
            else:
                public_remote = isinstance(remote, Reference) and remote.id in references
            found.update(flow.entries if public_remote else ())
    return sorted(found)


def public_part(boxes: Iterable[Box]) -> Iterator[Box]:
    """The boxes cut to their public addresses; references are unchanged."""
    for box in boxes:
        if box.address_space in _FAMILIES:
            for span in shared((box.addresses,), public(box.address_space)):
                yield box._replace(addresses=span)
        else:
            yield box


def violation(interface: str, boxes: Iterable[Box], after: str = "") -> Violation:
    """A violation by these boxes, with its sentence; `after` is appended before the full stop."""
    packets = PacketSet.of(boxes)
    return Violation(interface, packets, f"{in_words(packets)} may pass{after}.")


def in_words(packets: PacketSet) -> str:
    """The packets as a phrase: `tcp/80 and tcp/443 in from every public IPv4 address`; many networks are counted."""
    by_direction: dict[Direction, tuple[dict[str, None], dict[str, list[tuple[int, int]]]]] = {}
    for box in packets.boxes():
        heads, remotes = by_direction.setdefault(box.direction, ({}, {}))
        heads[box.service_text()] = None
        remotes.setdefault(box.address_space, []).append(box.addresses)
    parts = []
    for direction, (heads, remotes) in by_direction.items():
        parts.append(f"{_listed(list(heads), 'services')} {SIDES[direction]} {describe_remote(remotes)}")
    return " and ".join(parts)


def describe_remote(remotes: dict[str, list[tuple[int, int]]]) -> str:
    """Remotes as a phrase; `remotes` maps address space -> spans."""
    words: list[str] = []
    for address_space, found in remotes.items():
        if address_space not in _FAMILIES:
            words.append(address_space)
            continue
        version, name = _FAMILIES[address_space]
        spans = joined(found)
        if spans == (EVERY_ADDRESS[address_space],):
            words.append(f"every {name} address")
        elif shared(public(address_space), spans) == public(address_space):
            words.append(f"every public {name} address")
        else:
            networks = [str(network) for span in spans for network in networks_between(version, *span)]
            words.append(_listed(networks, "networks"))
    return " and ".join(words)


def _listed(words: list[str], noun: str, most: int = 3) -> str:
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more {noun}"
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def is_whole(box: Box) -> bool:
    """Whether the box reaches every public address of its family."""
    return box.address_space in _FAMILIES and has_every_public(box.address_space, box.addresses)
