"""ESA014: IPv6 must not be open where IPv4 is not."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail, Violation
from esacloud.guardrails.reach import is_whole, violation
from esacloud.guardrails.subject import Subject
from esacloud.packets.sets import ICMPV6, IPV4, IPV6, ONE_POINT, Box, Direction, PacketSet
from esacloud.policy.packets import SELF

_DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")
_EVERY_IPV6 = (0, (1 << 128) - 1)


def find(subject: Subject) -> Iterator[Violation]:
    """Services open to all of IPv6 and not to all of IPv4, on an interface that uses both."""
    for interface in subject.packets:
        open_to_all = [
            box
            for direction in _DIRECTIONS
            for box in subject.public_boxes(interface, direction)
            if is_whole(box) and box.protocols != (ICMPV6, ICMPV6)
        ]
        four = {_service(box) for box in open_to_all if box.address_space == IPV4}
        six = {_service(box) for box in open_to_all if box.address_space == IPV6}
        if six <= four or not any(box.address_space == IPV4 for box in subject.boxes(interface)):
            continue
        wider = PacketSet.of(six) - PacketSet.of(four)  # ranges may be cut differently and still be the same packets
        if wider:
            yield violation(interface, [box._replace(address_space=IPV6, addresses=_EVERY_IPV6) for box in wider.boxes()])


def _service(box: Box) -> Box:
    """The box without its remote."""
    return box._replace(address_space=SELF, addresses=ONE_POINT)


GUARDRAIL = Guardrail(
    code="ESA014",
    title="IPv6 is open where IPv4 is not.",
    severity="error",
    reason="The same service answers on both families, so the restriction of IPv4 protects nothing.",
    source="https://www.rfc-editor.org/rfc/rfc7123",
    hint="Give the service the same sources or destinations in both families, or remove the IPv6 network.",
    bad=Example(("udp/53 out to 10.0.0.2", "udp/53 out to ::/0")),
    good=Example(("udp/53 out to 10.0.0.2", "udp/53 out to fd00::53", "tcp/25 in from any")),
    find=find,
)
