"""The packet algebra, held against its laws and against a second implementation that lists points one by one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esacloud.packets.sets import EVERY_PORT, EVERY_PROTOCOL, ICMP, IPV4, IPV6, ONE_POINT, TCP, UDP, Box, PacketSet

ADDRESS_SPACES = (IPV4, IPV6, "security_group:sg-1")
TOP = {IPV4: 2**32 - 1, IPV6: 2**128 - 1, "security_group:sg-1": 0}
# Every range starts and ends at one of these, so that each cell between them lies in a box whole or not at all, and one
# point of each cell (the border itself, and the number after it) stands for all of it.
PROTOCOLS = (0, 6, 17, 255)
SOURCE_PORTS = (0, 20, 65535)
PORTS = (0, 25, 26, 443, 65535)


def borders_of(address_space: str) -> tuple[int, ...]:
    top = TOP[address_space]
    return (0,) if not top else (0, 255, top // 2, top // 2 + 1, top)


def points_between(borders: tuple[int, ...]) -> list[int]:
    return sorted({point for border in borders for point in (border, border + 1) if point <= borders[-1]})


def ranges(borders: tuple[int, ...]) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.sampled_from(borders), st.sampled_from(borders)).map(lambda pair: (min(pair), max(pair)))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    address_space = draw(st.sampled_from(ADDRESS_SPACES))
    return Box(
        draw(st.sampled_from(("ingress", "egress"))),
        address_space,
        draw(ranges(PROTOCOLS)),
        draw(ranges(SOURCE_PORTS)),
        draw(ranges(PORTS)),
        draw(ranges(borders_of(address_space))),
    )


box_lists = st.lists(boxes(), max_size=6)
Point = tuple[str, str, int, int, int, int]
UNIVERSE: list[Point] = [
    (direction, address_space, protocol, source_port, port, address)
    for direction, address_space in product(("ingress", "egress"), ADDRESS_SPACES)
    for protocol, source_port, port, address in product(
        *map(points_between, (PROTOCOLS, SOURCE_PORTS, PORTS, borders_of(address_space)))
    )
]


def naive(of: list[Box]) -> set[Point]:
    """The second implementation: which points of the universe lie in some box."""
    return {
        point
        for box in of
        for point in UNIVERSE
        if point[:2] == box[:2] and all(low <= at <= high for at, (low, high) in zip(point[2:], box[2:], strict=True))
    }


def points_of(packets: PacketSet) -> set[Point]:
    return naive(list(packets.boxes()))


@settings(max_examples=60, deadline=None)
@given(box_lists, box_lists)
def test_every_operation_agrees_with_listing_the_points_one_by_one(a: list[Box], b: list[Box]) -> None:
    left, right, left_points, right_points = PacketSet.of(a), PacketSet.of(b), naive(a), naive(b)
    assert points_of(left) == left_points
    assert points_of(left | right) == left_points | right_points
    assert points_of(left & right) == left_points & right_points
    assert points_of(left - right) == left_points - right_points
    assert points_of(left ^ right) == left_points ^ right_points
    assert (left == right) == (left_points == right_points)
    assert (left <= right) == (left_points <= right_points)
    assert bool(left) == bool(left_points)


@settings(max_examples=100, deadline=None)
@given(box_lists, box_lists, box_lists)
def test_the_laws_of_sets_hold(a: list[Box], b: list[Box], c: list[Box]) -> None:
    x, y, z = PacketSet.of(a), PacketSet.of(b), PacketSet.of(c)
    empty = PacketSet()
    assert x | y == y | x
    assert x & y == y & x
    assert (x | y) | z == x | (y | z)
    assert (x & y) & z == x & (y & z)
    assert x & (y | z) == (x & y) | (x & z)
    assert x | (y & z) == (x | y) & (x | z)
    assert x - (y | z) == (x - y) & (x - z)
    assert x - (y & z) == (x - y) | (x - z)
    assert x - x == empty
    assert x | empty == x
    assert x & empty == empty
    assert (x - y) | (x & y) == x
    assert not (x - y) & y


@settings(deadline=None)
@given(box_lists, st.randoms(use_true_random=False))
def test_equal_sets_are_equal_values_whatever_they_were_made_from(a: list[Box], random: object) -> None:
    whole = PacketSet.of(a)
    shuffled = list(a)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one_by_one = PacketSet()
    for box in shuffled:
        one_by_one |= PacketSet.of([box])
    again = PacketSet.of(whole.boxes())
    assert whole == one_by_one == again
    assert hash(whole) == hash(one_by_one) == hash(again)
    assert list(whole.boxes()) == list(one_by_one.boxes())


@settings(deadline=None)
@given(box_lists)
def test_the_boxes_of_a_set_do_not_overlap(a: list[Box]) -> None:
    seen = PacketSet()
    for box in PacketSet.of(a).boxes():
        one = PacketSet.of([box])
        assert not seen & one
        seen |= one


@settings(deadline=None)
@given(box_lists, box_lists)
def test_a_witness_lies_in_the_set_and_there_is_one_exactly_when_there_are_packets(a: list[Box], b: list[Box]) -> None:
    difference = PacketSet.of(a) - PacketSet.of(b)
    witness = difference.witness()
    assert (witness is None) == (not difference)
    if witness is not None:
        assert PacketSet.of([witness]) <= difference


@settings(deadline=None)
@given(box_lists)
def test_the_directions_and_address_spaces_of_a_set_make_up_the_set(a: list[Box]) -> None:
    whole = PacketSet.of(a)
    assert whole.only(direction="ingress") | whole.only(direction="egress") == whole
    parts = PacketSet()
    for address_space in whole.address_spaces():
        parts |= whole.only(address_space=address_space)
    assert parts == whole


def tcp(port: int | tuple[int, int], addresses: tuple[int, int], address_space: str = IPV4) -> Box:
    ports = port if isinstance(port, tuple) else (port, port)
    return Box("egress", address_space, (TCP, TCP), EVERY_PORT, ports, addresses)


def test_a_reference_is_apart_from_every_address_and_every_other_reference() -> None:
    anywhere = PacketSet.of([tcp(443, (0, 2**32 - 1)), tcp(443, (0, 2**128 - 1), IPV6)])
    member = PacketSet.of([tcp(443, ONE_POINT, "security_group:sg-1")])
    assert not anywhere & member
    assert not member & PacketSet.of([tcp(443, ONE_POINT, "security_group:sg-2")])


@pytest.mark.parametrize(
    ("box", "text"),
    [
        (tcp(443, (0xCB007100, 0xCB0071FF)), "tcp/443 out to 203.0.113.0/24"),
        (tcp((1024, 65535), (0, 2**32 - 1)), "tcp/1024-65535 out to 0.0.0.0/0"),
        (tcp(EVERY_PORT, (1, 6)), "tcp out to 0.0.0.1/32"),
        (
            Box("ingress", IPV6, (UDP, UDP), (53, 53), (1, 1), (0x20010DB8 << 96, (0x20010DB8 << 96) + 2**96 - 1)),
            "udp/1 from source port 53 in from 2001:db8::/32",
        ),
        (Box("ingress", "self", EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT, ONE_POINT), "every protocol in from self"),
        (Box("ingress", IPV4, (ICMP, ICMP), EVERY_PORT, (8 << 8, 8 << 8), (0, 0)), "icmp type 8.0 in from 0.0.0.0/32"),
        (Box("ingress", IPV4, (50, 50), EVERY_PORT, EVERY_PORT, (0, 0)), "protocol 50 in from 0.0.0.0/32"),
        (Box("ingress", IPV4, (50, 51), EVERY_PORT, EVERY_PORT, (0, 0)), "protocols 50-51 in from 0.0.0.0/32"),
    ],
)
def test_a_box_reads_as_an_engineer_would_say_it(box: Box, text: str) -> None:
    assert str(box) == text


@pytest.mark.parametrize(
    "box",
    [
        tcp((443, 80), (0, 1)),
        tcp(65536, (0, 1)),
        tcp(-1, (0, 1)),
        tcp(1, (0, 2**32)),
        tcp(1, (2, 1)),
        tcp(1, (0, 1), "security_group:sg-1"),
        Box("ingress", IPV4, (0, 256), EVERY_PORT, EVERY_PORT, (0, 0)),
    ],
)
def test_a_box_outside_its_space_is_refused(box: Box) -> None:
    with pytest.raises(ValueError, match="no such box"):
        PacketSet.of([box])
