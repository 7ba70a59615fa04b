"""ESA012: a peer must not be so large a part of the Internet that it restricts nothing."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.networks import public
from esacloud.guardrails.reach import is_whole, violation
from esacloud.guardrails.subject import Subject
from esacloud.packets.sets import IPV4, IPV6, Box
from esacloud.packets.spans import joined, shared


def find(subject: Subject) -> Iterator[Violation]:
    """Services whose remote has at least as many public addresses as the limit's prefix holds, but not all of them."""
    sizes = {IPV4: 1 << (32 - subject.limits["wide_ipv4_prefix"]), IPV6: 1 << (128 - subject.limits["wide_ipv6_prefix"])}
    for interface in subject.packets:
        services: dict[tuple[object, ...], list[Box]] = {}
        for box in (*subject.public_boxes(interface, "ingress"), *subject.public_boxes(interface, "egress")):
            if box.address_space in sizes and not is_whole(box):
                services.setdefault(box[:5], []).append(box)
        wide: list[Box] = []
        for boxes in services.values():
            address_space = boxes[0].address_space
            spans = shared(joined(box.addresses for box in boxes), public(address_space))
            if spans != public(address_space) and sum(last - first + 1 for first, last in spans) >= sizes[address_space]:
                wide.extend(boxes)
        if wide:
            yield violation(interface, wide)


GUARDRAIL = Guardrail(
    code="ESA012",
    title="A source or destination is too wide to restrict anything.",
    severity="warning",
    reason="A large part of the Internet looks like a restriction but is none: anyone can rent an address in it.",
    source="https://cwe.mitre.org/data/definitions/1327.html",
    hint="Name the networks that you mean, or write `any` for every address.",
    bad=Example(("tcp/443 out to 0.0.0.0/1",)),
    good=Example(("tcp/443 out to any", "tcp/443 out to 146.112.62.0/24", "udp/514 out to 10.0.0.0/8")),
    find=find,
)
