"""What each network interface permits, evaluated from the account itself: sets of atoms, and a set is one integer.

An atom is a direction, a stretch of ports of one protocol, and a stretch of addresses or one opaque source. All boundaries
that occur in the rules of a transition cut the atoms, so that every rule is exactly a set of them. A rule about a group is
a source by the group's name, for its id changes where it is made anew; a prefix list is a source by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from explore.ec2 import Account, Rule

Span = tuple[int, int]
EVERYTHING = tuple(
    Rule(egress, "-1", None, None, kind, network)
    for egress in (True, False)
    for kind, network in (("ipv4", "0.0.0.0/0"), ("ipv6", "::/0"))
)
_LAST = {"ipv4": 2**32 - 1, "ipv6": 2**128 - 1}


class UnknownRuleError(Exception):
    """A rule that cuts across the atoms: no state of the transition has a rule like it."""


class Atoms:
    """The atoms of some rules; sources that are groups are given by name (see `named`)."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = [*rules, *EVERYTHING]
        self.ports = {
            protocol: _cut([_ports(rule) for rule in rules if rule.protocol == protocol], (-1, 65535))
            for protocol in sorted({rule.protocol for rule in rules} - {"-1"})
        }
        self.addresses = {
            kind: _cut([_network(rule) for rule in rules if rule.kind == kind], (0, _LAST[kind])) for kind in _LAST
        }
        self.opaque = sorted({rule.source for rule in rules if rule.kind not in _LAST})
        self._masks: dict[tuple[object, ...], int] = {}

    @cached_property
    def services(self) -> list[tuple[str, Span]]:
        """Protocol and ports, the last one all protocols that no rule names."""
        return [(protocol, span) for protocol, spans in self.ports.items() for span in spans] + [("other", (-1, 65535))]

    @cached_property
    def sources(self) -> list[tuple[str, Span | str]]:
        """Stretches of addresses, and opaque sources."""
        spans: list[tuple[str, Span | str]] = [(kind, span) for kind, of_it in self.addresses.items() for span in of_it]
        return [*spans, *(("", name) for name in self.opaque)]

    def mask(self, rule: Rule) -> int:
        """The atoms that a rule permits. Raises UnknownRuleError where it is no set of them."""
        found = self._masks.get(rule.key)
        if found is None:
            services = self._services_of(rule)
            sources = self._sources_of(rule)
            width = len(self.sources)
            found = 0
            for service in services:
                for source in sources:
                    found |= 1 << (((rule.egress * len(self.services)) + service) * width + source)
            self._masks[rule.key] = found
        return found

    def _services_of(self, rule: Rule) -> list[int]:
        if rule.protocol == "-1":
            return list(range(len(self.services)))
        first, last = _ports(rule)
        found = [
            at
            for at, (protocol, span) in enumerate(self.services)
            if protocol == rule.protocol and first <= span[0] and span[1] <= last
        ]
        if not found or (self.services[found[0]][1][0], self.services[found[-1]][1][1]) != (first, last):
            raise UnknownRuleError(words(rule))
        return found

    def _sources_of(self, rule: Rule) -> list[int]:
        if rule.kind not in _LAST:
            found = [at for at, (kind, name) in enumerate(self.sources) if not kind and name == rule.source]
            if not found:
                raise UnknownRuleError(words(rule))
            return found
        first, last = _network(rule)
        found = []
        for at, (kind, span) in enumerate(self.sources):
            if kind == rule.kind and isinstance(span, tuple) and first <= span[0] and span[1] <= last:
                found.append(at)
        spans = [self.sources[at][1] for at in found]
        if not spans or (spans[0][0], spans[-1][1]) != (first, last):
            raise UnknownRuleError(words(rule))
        return found

    def words(self, mask: int, most: int = 3) -> str:
        """Some of the atoms of a set, in words."""
        width, height = len(self.sources), len(self.services)
        found: list[str] = []
        rest = mask
        while rest and len(found) < most:
            bit = (rest & -rest).bit_length() - 1
            rest &= rest - 1
            side, service, source = bit // (width * height), (bit // width) % height, bit % width
            found.append(
                f"{'egress' if side else 'ingress'} {_service(*self.services[service])} {_remote(*self.sources[source])}"
            )
        count = bin(rest).count("1")
        return "; ".join([*found, *([f"and {count} more"] if count else [])])


def named(rule: Rule, names: Mapping[str, str]) -> Rule:
    """A rule whose source is the name of a group in the place of its id."""
    return rule._replace(source=names.get(rule.source, rule.source)) if rule.kind == "group" else rule


def names_of(account: Account) -> dict[str, str]:
    """The names of the groups by their ids."""
    return {group.id: group.name for group in account.groups}


def permitted(account: Account, atoms: Atoms, attached: Iterable[tuple[str, Iterable[str]]]) -> dict[str, int]:
    """What network interfaces permit that carry groups of these ids: everything that any rule of any of them permits."""
    names = names_of(account)
    groups: dict[str, int] = {}
    for group in account.groups:
        of_it = 0
        for rule in group.rules:
            of_it |= atoms.mask(named(rule, names))
        groups[group.id] = of_it
    found = {}
    for name, ids in attached:
        of_it = 0
        for one in ids:
            of_it |= groups.get(one, 0)
        found[name] = of_it
    return found


def words(rule: Rule) -> str:
    """A rule in words."""
    span = (rule.first, rule.last) if rule.first is not None and rule.last is not None else (-1, 65535)
    return f"{'egress' if rule.egress else 'ingress'} {_service(rule.protocol, span)} {rule.source}"


def _ports(rule: Rule) -> Span:
    if rule.first is None or rule.last is None or (rule.first, rule.last) == (-1, -1):
        return -1, 65535
    return rule.first, rule.last


def _network(rule: Rule) -> Span:
    network = (IPv4Network if rule.kind == "ipv4" else IPv6Network)(rule.source)
    return int(network.network_address), int(network.broadcast_address)


def _cut(spans: Iterable[Span], whole: Span) -> list[Span]:
    starts = sorted({whole[0], *(first for first, _ in spans), *(last + 1 for _, last in spans if last < whole[1])})
    return [*_pairs(starts, whole[1])]


def _pairs(starts: list[int], last: int) -> Iterator[Span]:
    for at, start in enumerate(starts):
        yield start, starts[at + 1] - 1 if at + 1 < len(starts) else last


def _service(protocol: str, span: Span) -> str:
    if protocol == "-1":
        return "everything"
    if span == (-1, 65535):
        return protocol
    return f"{protocol}/{span[0]}" if span[0] == span[1] else f"{protocol}/{span[0]}-{span[1]}"


def _remote(kind: str, span: Span | str) -> str:
    if isinstance(span, str):
        return span
    address = IPv4Address if kind == "ipv4" else IPv6Address
    return str(address(span[0])) if span[0] == span[1] else f"{address(span[0])}-{address(span[1])}"
