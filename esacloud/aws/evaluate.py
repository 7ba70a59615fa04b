"""What security groups permit, from their rules alone: the other side of the proof.

This module shares nothing with the code that makes rules from flows. It reads any rule as EC2 would, so that it serves for
modules read back and for live groups. Each group of an interface adds to what the others permit. A set that only AWS
resolves is its own address space: `security_group:sg-...`, `prefix_list:pl-...`, and `self` for the members of the
interface's own groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from esacloud.aws.model import SecurityGroup, SecurityGroupRule, SourceKind
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import (
    EVERY_PORT,
    EVERY_PROTOCOL,
    ICMP,
    ICMPV6,
    IPV4,
    IPV6,
    ONE_POINT,
    TCP,
    UDP,
    Box,
    Direction,
    PacketSet,
    Range,
)

_NUMBERS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6}
_LAST_CODE = 255


def packets(groups: Iterable[SecurityGroup]) -> dict[str, PacketSet]:
    """All packets that the groups permit, by interface. Raises ValueError for a rule that EC2 would not take."""
    boxes: dict[str, list[Box]] = {}
    for group in groups:
        boxes.setdefault(group.interface, []).extend(map(box, group.rules))
    return {interface: PacketSet.of(own_boxes) for interface, own_boxes in boxes.items()}


def box(rule: SecurityGroupRule) -> Box:
    """The packets of one rule. Raises ValueError for a rule that EC2 would not take."""
    return permitted(rule.direction, rule.ip_protocol, rule.from_port, rule.to_port, rule.source_kind, rule.source)


def permitted(
    direction: Direction, ip_protocol: str, from_port: int | None, to_port: int | None, kind: SourceKind, source: str
) -> Box:
    """The packets of a rule with these properties. Raises ValueError for one that EC2 would not take."""
    address_space, addresses = _remote(kind, source)
    protocols, ports = _protocols_and_ports(ip_protocol, from_port, to_port)
    return Box(direction, address_space, protocols, EVERY_PORT, ports, addresses)


@lru_cache(maxsize=4096)  # the rules of a module are read once more from its files, and networks recur
def _remote(kind: SourceKind, source: str) -> tuple[str, Range]:
    if kind == "cidr_ipv4" or kind == "cidr_ipv6":
        network = parse_network(source)
        if (network.version == 4) != (kind == "cidr_ipv4"):
            raise ValueError(f"{source} is not a value for {kind}")
        return IPV4 if network.version == 4 else IPV6, (network.first, network.last)
    if kind == "self":
        return "self", ONE_POINT
    if not source:
        raise ValueError(f"a rule without a value for {kind}")
    return f"prefix_list:{source}" if kind == "prefix_list_id" else f"security_group:{source}", ONE_POINT


@lru_cache(maxsize=1024, typed=True)
def _protocols_and_ports(name: str, first: int | None, last: int | None) -> tuple[Range, Range]:
    """EC2 permits every port for `-1` and for the numbers of protocols without ports, whatever ports are given."""
    if name == "-1":
        return EVERY_PROTOCOL, EVERY_PORT
    number = _NUMBERS.get(name)
    if number is None:
        if not (name.isascii() and name.isdigit() and int(name) <= EVERY_PROTOCOL[1]):
            raise ValueError(f"EC2 does not know the protocol {name!r}")
        number = int(name)
    if number in (TCP, UDP):
        if first is None or last is None or not 0 <= first <= last <= EVERY_PORT[1]:
            raise ValueError(f"{name} needs from_port <= to_port between 0 and 65535, and has {first} and {last}")
        return (number, number), (first, last)
    if number in (ICMP, ICMPV6):
        return (number, number), _icmp_range(first, last)
    return (number, number), EVERY_PORT


def _icmp_range(kind: int | None, code: int | None) -> Range:
    """ICMP types and codes, which EC2 takes in place of the ports; -1 is every type or code."""
    if kind in (None, -1) and code in (None, -1):
        return EVERY_PORT
    if kind is None or not 0 <= kind <= _LAST_CODE or code is None or not -1 <= code <= _LAST_CODE:
        raise ValueError(f"ICMP has types and codes from 0 to 255 or -1, not {kind} with {code}")
    return (kind * 256, kind * 256 + _LAST_CODE) if code == -1 else (kind * 256 + code, kind * 256 + code)
