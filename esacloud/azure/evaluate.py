"""What a network security group permits, from its rules alone: the other side of the proof.

This module shares nothing with the code that makes rules from flows. It reads any group as
Azure would: rules by ascending priority, the first that matches decides, the default rules after all others. Service tags
and application security groups are sets that only Azure resolves, each its own address space; `*` is both address families
and every address space that any rule names. The local side of a rule is the interface itself, so its address must be `*` or
the tag VirtualNetwork, which contains every interface; a rule for a part of it is refused, because its effect depends on
the interface's address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from esacloud.azure.model import EVERYTHING, SELF, NetworkSecurityGroup, SecurityRule, Side
from esacloud.packets.addresses import ANY_IPV4, ANY_IPV6, AddressError, parse_network
from esacloud.packets.sets import EVERY_PORT, EVERY_PROTOCOL, IPV4, IPV6, ONE_POINT, Box, Direction, PacketSet, Range

Remote = tuple[str, Range]  # an address space, and addresses in it

_NUMBERS: dict[str, Range] = {  # https://www.iana.org/assignments/protocol-numbers
    "tcp": (6, 6),
    "udp": (17, 17),
    "icmp": (1, 1),
    "esp": (50, 50),
    "ah": (51, 51),
    "*": EVERY_PROTOCOL,
}
_WITHOUT_PORTS = ("icmp", "esp", "ah")
_BOTH_FAMILIES: tuple[Remote, ...] = (
    (IPV4, (ANY_IPV4.first, ANY_IPV4.last)),
    (IPV6, (ANY_IPV6.first, ANY_IPV6.last)),
)
_is_port = re.compile(r"0|[1-9][0-9]{0,4}").fullmatch
_is_tag = re.compile(r"[A-Z][A-Za-z0-9]+(\.[A-Z][A-Za-z0-9]+)?").fullmatch
_VIRTUAL_NETWORK = "service_tag:VirtualNetwork"

_ANY_PORTS, _NETWORK = (EVERYTHING, EVERYTHING), ("VirtualNetwork",)
DEFAULT_RULES = (
    SecurityRule("AllowVnetInBound", 65000, "Inbound", "Allow", "*", *_ANY_PORTS, _NETWORK, _NETWORK),
    SecurityRule("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "*", *_ANY_PORTS, ("AzureLoadBalancer",)),
    SecurityRule("DenyAllInBound", 65500, "Inbound", "Deny", "*"),
    SecurityRule("AllowVnetOutBound", 65000, "Outbound", "Allow", "*", *_ANY_PORTS, _NETWORK, _NETWORK),
    SecurityRule("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", *_ANY_PORTS, EVERYTHING, ("Internet",)),
    SecurityRule("DenyAllOutBound", 65500, "Outbound", "Deny", "*"),
)
"""The rules at the end of every group. https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview"""


def packets(groups: Iterable[NetworkSecurityGroup]) -> dict[str, PacketSet]:
    """All packets that the groups permit, by interface. Raises ValueError for a rule that Azure refuses."""
    return {group.interface: permitted(group.rules) for group in groups}


def permitted(rules: Iterable[SecurityRule], address_spaces: Iterable[str] = ()) -> PacketSet:
    """All packets that one group permits; `*` also stands for `address_spaces`, in addition to those that the group names.

    Raises ValueError for a rule that Azure refuses, or whose local side is a part of the interface.
    """
    every = [*map(match, rules), *_default_rules()]
    whole = whole_of({address_space for rule in every for address_space, _ in rule.remote or ()}.union(address_spaces))
    every.sort(key=_by_priority)
    return _first_match(every, "ingress", whole) | _first_match(every, "egress", whole)


def whole_of(address_spaces: Iterable[str]) -> tuple[Remote, ...]:
    """Everything that `*` stands for where rules name these address spaces: they and both address families."""
    return (*_BOTH_FAMILIES, *((address_space, ONE_POINT) for address_space in sorted(set(address_spaces) - {IPV4, IPV6})))


class Match(NamedTuple):
    """What a rule matches, as numbers; `remote` is None where it is everything."""

    priority: int
    direction: Direction
    allows: bool
    protocols: Range
    source_ports: tuple[Range, ...]
    ports: tuple[Range, ...]
    remote: tuple[Remote, ...] | None

    @property
    def is_everything(self) -> bool:
        """Whether every packet of the direction matches."""
        return (
            self.remote is None
            and self.protocols == EVERY_PROTOCOL
            and EVERY_PORT in self.source_ports
            and EVERY_PORT in self.ports
        )

    def boxes(self, whole: Iterable[Remote]) -> Iterator[Box]:
        """What the rule matches; `whole` is what `*` stands for."""
        for address_space, addresses in whole if self.remote is None else self.remote:
            for source_ports in self.source_ports:
                for ports in self.ports:
                    yield Box(self.direction, address_space, self.protocols, source_ports, ports, addresses)


def _by_priority(rule: Match) -> int:
    return rule.priority


def _first_match(rules: Iterable[Match], direction: Direction, whole: Iterable[Remote]) -> PacketSet:
    """What the rules of one direction permit: each that allows permits what none before it denies."""
    allowed, denied = PacketSet(), PacketSet()
    waiting: list[Box] = []
    for rule in rules:
        if rule.direction != direction:
            continue
        if rule.allows:
            waiting.extend(rule.boxes(whole))
            continue
        if waiting:
            allowed |= PacketSet.of(waiting) - denied
            waiting = []
        if rule.is_everything:
            break
        denied |= PacketSet.of(rule.boxes(whole))
    return allowed


@lru_cache(maxsize=4096)
def match(rule: SecurityRule) -> Match:
    """A rule as numbers. Raises ValueError for one that Azure refuses, or whose local side is not the whole interface."""
    name = rule.protocol.lower()
    if name not in _NUMBERS:
        raise ValueError(f"{rule.protocol!r} is not a protocol that Azure supports")
    source, destination = rule.sides
    sources, destinations = _ports(source.ports), _ports(destination.ports)
    if name in _WITHOUT_PORTS and (sources, destinations) != ((EVERY_PORT,), (EVERY_PORT,)):
        raise ValueError(f"{rule.protocol} has no ports, so the ports of both sides must be `*`")
    if rule.access not in ("Allow", "Deny"):
        raise ValueError(f"the access of a rule is Allow or Deny, not {rule.access!r}")
    if rule.direction == "Inbound":
        local, remote = _addresses(destination), _addresses(source)
    elif rule.direction == "Outbound":
        local, remote = _addresses(source), _addresses(destination)
    else:
        raise ValueError(f"the direction of a rule is Inbound or Outbound, not {rule.direction!r}")
    if local is not None and local != ((_VIRTUAL_NETWORK, ONE_POINT),):
        raise ValueError("the local side, which is the interface itself, is not `*`")
    direction: Direction = "ingress" if rule.direction == "Inbound" else "egress"
    return Match(rule.priority, direction, rule.access == "Allow", _NUMBERS[name], sources, destinations, remote)


@lru_cache(maxsize=1)
def _default_rules() -> tuple[Match, ...]:
    return tuple(map(match, DEFAULT_RULES))


@lru_cache(maxsize=4096)
def _ports(texts: tuple[str, ...]) -> tuple[Range, ...]:
    if not texts:
        raise ValueError("a rule needs source and destination ports, `*` for all")
    if len(texts) > 1 and "*" in texts:
        raise ValueError("a list of ports contains `*`")
    return tuple(map(port_range, texts))


def port_range(text: str) -> Range:
    """`53`, `1024-65535` or `*` as numbers. Raises ValueError for anything else."""
    if text == "*":
        return EVERY_PORT
    first, dash, last = text.partition("-")
    if _is_port(first) and (_is_port(last) if dash else True):
        low = int(first)
        high = int(last) if dash else low
        if low <= high <= EVERY_PORT[1]:
            return low, high
    raise ValueError(f"{text!r} is not a port or a range of ports from 0 to 65535")


def _addresses(side: Side) -> tuple[Remote, ...] | None:
    """The addresses of one side; None for everything."""
    _, _, prefixes, groups = side
    if groups:
        if prefixes:
            raise ValueError("one side has both prefixes and application security groups")
        return tuple((SELF if group == SELF else f"application_security_group:{group}", ONE_POINT) for group in groups)
    if prefixes == EVERYTHING:
        return None
    if not prefixes:
        raise ValueError("one side has neither prefixes nor application security groups")
    return tuple(map(_prefix, prefixes)) if len(prefixes) > 1 else (_prefix(prefixes[0], alone=True),)


@lru_cache(maxsize=4096)
def _prefix(text: str, alone: bool = False) -> Remote:
    if _is_tag(text) or text == "*":
        if not alone:
            raise ValueError(f"a list contains {text}, and Azure accepts a service tag or `*` only by itself")
        return f"service_tag:{text}", ONE_POINT
    try:
        network = parse_network(text)
    except AddressError:
        raise ValueError(f"{text!r} is not a CIDR block or a service tag") from None
    return (IPV4 if network.version == 4 else IPV6), (network.first, network.last)
