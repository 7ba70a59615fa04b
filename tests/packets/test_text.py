"""Sentences about packets: what prints reads back, and what is no sentence is refused in whole sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.packets.addresses import Network
from esacloud.packets.sets import EVERY_PORT, EVERY_PROTOCOL, ICMP, ICMPV6, IPV4, IPV6, ONE_POINT, TCP, UDP, Box, PacketSet
from esacloud.packets.text import PacketTextError, parse_boxes, parse_packets

PORTS = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: (min(pair), max(pair)))


@st.composite
def printable_boxes(draw: st.DrawFn) -> Box:
    protocols, ports = draw(
        st.one_of(
            st.tuples(st.sampled_from([(TCP, TCP), (UDP, UDP), (ICMP, ICMP), (ICMPV6, ICMPV6), (47, 47)]), PORTS),
            st.just((EVERY_PROTOCOL, EVERY_PORT)),
        )
    )
    version = draw(st.sampled_from([4, 6, 0]))
    address_space, addresses = "security_group:sg-0123456789abcdef0", ONE_POINT
    if version:
        bits = 32 if version == 4 else 128
        prefix = draw(st.integers(0, bits))
        network = Network(version, draw(st.integers(0, (1 << prefix) - 1)) << (bits - prefix), prefix)  # type: ignore[arg-type]
        address_space, addresses = (IPV4 if version == 4 else IPV6), (network.first, network.last)
    return Box(draw(st.sampled_from(["ingress", "egress"])), address_space, protocols, draw(PORTS), ports, addresses)


@given(printable_boxes())
def test_a_box_with_one_network_reads_back_as_it_prints(box: Box) -> None:
    assert parse_packets(str(box)) == PacketSet.of([box])


def test_any_is_both_address_families() -> None:
    assert parse_packets("tcp/25 in from any") == parse_packets("tcp/25 in from 0.0.0.0/0", "tcp/25 in from ::/0")


def test_a_list_of_ports_is_each_of_them() -> None:
    assert parse_packets("tcp/80,443,8000-8080 out to self") == parse_packets(
        "tcp/80 out to self", "tcp/443 out to self", "tcp/8000-8080 out to self"
    )


def test_an_icmp_type_alone_is_every_code_of_it() -> None:
    (box,) = parse_boxes("icmp type 8 in from 10.0.0.0/8")
    assert box.ports == (8 * 256, 8 * 256 + 255)


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("", "neither"),
        ("tcp/25 from any", "neither"),
        ("tcp/25 in from", "neither"),
        ("tpc/25 in from any", "unknown protocol"),
        ("tcp/65536 in from any", "instead of a number"),
        ("tcp/x in from any", "instead of a number"),
        ("tcp/20-10 in from any", "runs backwards"),
        ("tcp/25 in from 10.0.0.1/8", "host bits"),
        ("tcp/25 in from mail.example.com", "not an IPv4 or IPv6 network"),
        ("tcp extra in from any", "after the protocol"),
        ("icmp code 3 in from any", "after the protocol"),
        ("protocol 256 in from any", "instead of a number"),
        ("tcp/٢٥ in from any", "instead of a number"),
    ],
)
def test_what_is_no_sentence_is_refused(sentence: str, message: str) -> None:
    with pytest.raises(PacketTextError, match=message) as refused:
        parse_packets(sentence)
    assert refused.value.hint.endswith(".")


@given(st.text(max_size=60))
def test_no_text_at_all_ends_in_another_error(text: str) -> None:
    for sentence in (text, f"{text} in from any", f"tcp/25 out to {text}", f"icmp {text} in from any"):
        try:
            parse_packets(sentence)
        except PacketTextError as refused:
            assert str(refused)  # noqa: PT017
