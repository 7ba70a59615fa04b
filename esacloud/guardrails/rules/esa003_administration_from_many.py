"""ESA003: administration must not be reachable from more private addresses than a team of administrators has."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.networks import listed
from esacloud.guardrails.reach import is_whole, violation
from esacloud.guardrails.subject import Subject
from esacloud.packets.sets import IPV4, IPV6, Box
from esacloud.packets.spans import joined, shared

_SUBNET_BITS = 64  # the prefix length of an IPv6 subnet, RFC 4291 section 2.5.4


def find(subject: Subject) -> Iterator[Violation]:
    """Packets to administration from more addresses (IPv6: subnets) than the limit. Public ones are not counted here."""
    limits = {
        IPV4: (subject.limits["administration_ipv4_addresses"], "addresses"),
        IPV6: (subject.limits["administration_ipv6_subnets"], "subnets"),
    }
    for interface in subject.packets:
        by_address_space: dict[str, list[Box]] = {IPV4: [], IPV6: []}
        for box in subject.to_services(interface, "ingress", "command-line", "web-administration"):
            if box.address_space in by_address_space and not is_whole(box):
                by_address_space[box.address_space].append(box)
        for address_space, boxes in by_address_space.items():
            spans = shared(joined(box.addresses for box in boxes), listed(address_space, "not_public"))
            limit, unit = limits[address_space]
            count = sum(_units(address_space, *span) for span in spans)
            if count > limit:
                yield violation(interface, boxes, f", from {count:,} {unit}; the limit is {limit:,}")


def _units(address_space: str, first: int, last: int) -> int:
    return last - first + 1 if address_space == IPV4 else (last >> _SUBNET_BITS) - (first >> _SUBNET_BITS) + 1


GUARDRAIL = Guardrail(
    code="ESA003",
    title="Administration is reachable from too many addresses.",
    severity="warning",
    reason="Any compromised workstation or server in a large network can attack the gateway.",
    source="the appliance's guide, on protecting the gateway from attacks: only named addresses may administer it",
    hint="Name the administrators' own subnets, or a bastion's address.",
    bad=Example(("tcp/22 in from 10.0.0.0/8",)),
    good=Example(("tcp/22 in from 10.20.0.0/24", "tcp/443 in from fd00:20::/64", "tcp/25 in from 10.0.0.0/8")),
    find=find,
)
