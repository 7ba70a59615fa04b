"""What a subject tells the guardrails does not depend on how its packets are cut into boxes."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from support.subjects import TODAY

from esacloud.catalogue.load import load
from esacloud.guardrails.judge import judge_subject
from esacloud.guardrails.subject import Subject, cuts
from esacloud.packets.sets import EVERY_PORT, EVERY_PROTOCOL, IPV4, IPV6, TCP, UDP, Box, Direction, PacketSet
from esacloud.policy.model import Statement

SERVICES = ("command-line", "web-administration", "plain-administration", "spam-quarantine", "cluster", "monitoring")
PUBLIC_REFERENCE = "service_tag:Internet"
DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")

# Few values, next to each other and to the borders of private space, so that boxes meet, touch and hold one another.
IPV4_EDGES = (0, 0x0A000000, 0x0A000100, 0x0AFFFFFF, 0x0B000000, 0x0B0000FF, 0xC0A80000, (1 << 32) - 1)
IPV6_EDGES = (0, 0x2000 << 112, (0x2001 << 112) - 1, 0xFC00 << 112, (0xFE00 << 112) - 1, (1 << 128) - 1)
PORT_EDGES = (0, 21, 22, 23, 80, 81, 82, 83, 161, 443, 444, 2222, 6080, 65535)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    address_space = draw(st.sampled_from((IPV4, IPV4, IPV6, PUBLIC_REFERENCE, "self")))
    edges = {IPV4: IPV4_EDGES, IPV6: IPV6_EDGES}.get(address_space, (0,))
    protocols = draw(st.sampled_from(((TCP, TCP), (UDP, UDP), EVERY_PROTOCOL, (5, 6), (7, 20))))
    addresses = sorted(draw(st.tuples(st.sampled_from(edges), st.sampled_from(edges))))
    ports = sorted(draw(st.tuples(st.sampled_from(PORT_EDGES), st.sampled_from(PORT_EDGES))))
    source = draw(st.sampled_from((EVERY_PORT, EVERY_PORT, (20, 20), (1024, 65535))))
    return Box(
        draw(st.sampled_from(DIRECTIONS)),
        address_space,
        protocols,
        source,
        (ports[0], ports[1]),
        (addresses[0], addresses[1]),
    )


def subject(packets: PacketSet, boxes: list[Box]) -> Subject:
    statements = [Statement(str(box), (box,), ()) for box in boxes]
    return Subject(load(), {"data1": packets}, lambda _: statements, (), frozenset({PUBLIC_REFERENCE}))


def stated_slowly(asked: Subject, direction: Direction, services: tuple[str, ...], public: bool) -> Iterator[Box]:
    for box in asked.boxes("data1"):
        if box.direction == direction and (asked.is_public(box) or not public):
            yield from cuts(box, asked.services(*services))


@given(st.lists(boxes(), max_size=8), st.sampled_from(DIRECTIONS), st.sets(st.sampled_from(SERVICES)), st.booleans())
def test_the_packets_to_services_are_those_of_all_boxes_in_order(
    given_boxes: list[Box], direction: Direction, services: set[str], public: bool
) -> None:
    names = tuple(sorted(services))
    asked = subject(PacketSet.of(given_boxes), given_boxes)
    stated = PacketSet.of(asked.to_services("data1", direction, *names, public=public))
    assert stated == PacketSet.of(stated_slowly(asked, direction, names, public))


@given(st.lists(boxes(), max_size=8))
def test_every_guardrail_finds_the_same_in_the_canonical_form(given_boxes: list[Box]) -> None:
    packets = PacketSet.of(given_boxes)
    in_order = PacketSet.of(packets.boxes())
    found, again = (judge_subject(subject(one, given_boxes), (), TODAY).findings for one in (packets, in_order))
    assert found == again


def test_a_service_is_named_by_an_entry_of_the_catalogue_too() -> None:
    asked = subject(PacketSet.of(()), [])
    assert asked.services("snmp") == asked.services("monitoring")
    assert asked.services("an-entry-that-this-catalogue-lacks") == ()
