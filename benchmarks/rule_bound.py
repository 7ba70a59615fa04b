"""How many rules an Azure network security group needs at least: a bound that no arrangement of rules can go below.

A rule that allows covers a product: one direction; one protocol, or `*` for all; source ports times destination ports
times remotes, where the remotes are networks of one address family, or one service tag, or application security
groups, or `*` for everything. So a rule that permits two packets permits every mixture of them too: the remote of the
one with the port of the other. Where a mixture lies outside the policy, no rule that keeps to the policy permits both
packets. A set of permitted packets no two of which fit into one rule (a fooling set, as it is called for the covering of a
0/1 matrix by rectangles) therefore needs as many rules as it has members.

What the bound leaves out, so that it is lower than what can be reached:

- Traceability: rules of esacloud hold apart what different entries of the catalogue ask for, and the bound does not.
- The limits on networks, ports and groups in a rule.
- The search is greedy: a larger fooling set may exist, and even the largest one may be smaller than the fewest rules.

It holds for groups whose rules allow, before the one of each direction that denies the rest; a group might save rules by
denying a part of what a later rule allows. As in the proof, service tags and application security groups are apart from
all addresses; `*` alone covers them, and addresses of both families with them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from esacloud.packets.addresses import ANY_IPV4, ANY_IPV6
from esacloud.packets.sets import EVERY_PROTOCOL, IPV4, IPV6, Box, Direction, PacketSet, Range
from esacloud.policy.packets import SELF

_WAYS: tuple[Direction, ...] = ("ingress", "egress")
_EVERY_ADDRESS: Mapping[str, Range] = {IPV4: (ANY_IPV4.first, ANY_IPV4.last), IPV6: (ANY_IPV6.first, ANY_IPV6.last)}


class Remote(NamedTuple):
    """The remote of a packet: an address space, and an address in it."""

    address_space: str
    address: int


class Packet(NamedTuple):
    """One packet as a rule tells packets apart."""

    direction: Direction
    protocol: int
    source_port: int
    port: int
    remote: Remote


def rule_bound(policy: PacketSet) -> int:
    """A number that no group of rules for these packets of one interface can go below, those that deny not counted."""
    return len(fooling_set(policy))


def fooling_set(policy: PacketSet) -> tuple[Packet, ...]:
    """Permitted packets of which no rule within the policy permits two. Found greedily; the same for the same policy."""
    candidates = [packet for way in _WAYS for packet in _one_of_each_kind(_cells(policy.only(way)))]
    together: dict[int, set[int]] = {number: {number} for number in range(len(candidates))}
    for one in together:
        for other in range(one):
            if fit_one_rule(candidates[one], candidates[other], policy):
                together[one].add(other)
                together[other].add(one)
    chosen = []
    left = set(together)
    while left:  # the packet that rules out the fewest of those that are left
        best = min(left, key=lambda number: (len(together[number] & left), number))
        chosen.append(candidates[best])
        left -= together[best]
    return tuple(chosen)


def fit_one_rule(one: Packet, other: Packet, policy: PacketSet) -> bool:
    """Whether the smallest rule that permits both packets keeps to the policy."""
    if one.direction != other.direction:
        return False
    protocols = (one.protocol, one.protocol) if one.protocol == other.protocol else EVERY_PROTOCOL
    boxes = (
        Box(one.direction, address_space, protocols, (source_port, source_port), (port, port), addresses)
        for address_space, addresses in _remotes_of_rule(one.remote, other.remote)
        for source_port, port in product({one.source_port, other.source_port}, {one.port, other.port})
    )
    return PacketSet.of(boxes) <= policy


def _remotes_of_rule(one: Remote, other: Remote) -> Iterable[tuple[str, Range]]:
    """The smallest remotes of a rule that contain both."""
    if _kind(one.address_space) == _kind(other.address_space):
        return {(remote.address_space, (remote.address, remote.address)) for remote in (one, other)}
    return _EVERY_ADDRESS.items()


def _kind(address_space: str) -> str:
    """What may stand in one list: networks of one family, or application security groups; a service tag stands alone."""
    return "groups" if address_space == SELF or address_space.startswith("application_security_group:") else address_space


def _one_of_each_kind(packets: Iterable[Packet]) -> list[Packet]:
    """The packets without those that differ from another only in a value that means the same to every rule.

    Two values of a side mean the same where the same packets stand with both. Any permitted packets would do for a bound;
    these are enough to find what all of them would show.
    """
    kept = list(packets)
    for side in ("source_port", "port", "remote"):
        at = Packet._fields.index(side)
        rest_of: dict[Any, set[tuple[Any, ...]]] = {}
        for packet in kept:
            rest_of.setdefault(packet[at], set()).add((*packet[:at], *packet[at + 1 :]))
        kinds: dict[Any, Any] = {}
        for value in sorted(rest_of):
            address_space = value.address_space if isinstance(value, Remote) else None
            kinds.setdefault((address_space, frozenset(rest_of[value])), value)
        chosen = set(kinds.values())
        kept = [packet for packet in kept if packet[at] in chosen]
    return kept


def _cells(policy: PacketSet) -> Iterator[Packet]:
    """The first packet of each cell of the grid that all borders of the policy make, where the policy holds the cell."""
    boxes = list(policy.boxes())
    protocols = _borders(box.protocols for box in boxes)
    source_ports = _borders(box.source_ports for box in boxes)
    ports = _borders(box.ports for box in boxes)
    addresses = {
        address_space: _borders(box.addresses for box in boxes if box.address_space == address_space)
        for address_space in policy.address_spaces()
    }
    for box in boxes:
        sides = product(
            _between(protocols, box.protocols),
            _between(source_ports, box.source_ports),
            _between(ports, box.ports),
            _between(addresses[box.address_space], box.addresses),
        )
        for protocol, source_port, port, address in sides:
            yield Packet(box.direction, protocol, source_port, port, Remote(box.address_space, address))


def _borders(ranges: Iterable[Range]) -> Sequence[int]:
    """Where a range begins or has just ended, ascending."""
    return sorted({border for first, last in ranges for border in (first, last + 1)})


def _between(borders: Sequence[int], ends: Range) -> Sequence[int]:
    return borders[bisect_left(borders, ends[0]) : bisect_right(borders, ends[1])]
