"""How much a set of packets opens, as a number that can be compared: addresses times ports."""

from __future__ import annotations

from esacloud.packets.sets import EVERY_PORT, TCP, UDP, Box, Direction, PacketSet


def addresses_times_ports(packets: PacketSet, direction: Direction, address_space: str) -> int:
    """How many pairs of an address and a TCP or UDP port the set opens, in one direction and one address family.

    A port counts once for TCP and once for UDP; source ports do not count.
    """
    boxes = (
        Box(box.direction, box.address_space, (protocol, protocol), EVERY_PORT, box.ports, box.addresses)
        for box in packets.only(direction, address_space).boxes()
        for protocol in (TCP, UDP)
        if box.protocols[0] <= protocol <= box.protocols[1]
    )
    return sum(_size(box.ports) * _size(box.addresses) for box in PacketSet.of(boxes).boxes())


def _size(span: tuple[int, int]) -> int:
    return span[1] - span[0] + 1
