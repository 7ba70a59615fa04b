"""Reading networks strictly and writing them canonically, held against the standard library."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.packets.addresses import BITS, AddressError, Network, Version, networks_between, parse_network

versions: st.SearchStrategy[Version] = st.sampled_from((4, 6))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    version = draw(versions)
    prefix = draw(st.integers(0, BITS[version]))
    host_bits = BITS[version] - prefix
    return Network(version, draw(st.integers(0, 2**prefix - 1)) << host_bits, prefix)


@given(networks())
def test_a_network_survives_writing_and_reading(network: Network) -> None:
    assert parse_network(str(network)) == network


@given(networks())
def test_the_text_is_that_of_the_standard_library(network: Network) -> None:
    kind = ipaddress.IPv4Network if network.version == 4 else ipaddress.IPv6Network
    other = kind((network.first, network.prefix))
    assert str(network) == str(other)
    assert (network.first, network.last) == (int(other.network_address), int(other.broadcast_address))


@given(st.one_of(st.text(max_size=20), st.from_regex(r"[0-9a-f:./]{1,20}", fullmatch=True)))
def test_what_is_read_the_standard_library_reads_the_same(text: str) -> None:
    try:
        network = parse_network(text)
    except AddressError:
        return
    assert str(ipaddress.ip_network(text)) == str(network)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("10.0.0.1/24", "has host bits set: the network is 10.0.0.0/24", "or 10.0.0.1 for one address"),
        ("2001:db8::1/32", "has host bits set: the network is 2001:db8::/32", "or 2001:db8::1 for"),
        ("10.0.0.0/33", "prefix length '33'", "from 0 to 32"),
        ("10.0.0.0/08", "prefix length '08'", "without leading zeros"),
        ("10.0.0.0/", "prefix length ''", "whole number"),
        ("10.0.0.0/255.0.0.0", "prefix length '255.0.0.0'", "whole number"),
        ("2001:db8::/129", "prefix length '129'", "from 0 to 128"),
        ("10.0.0.010", "leading zero", "10.0.0.10"),
        ("10.0.0.256", "number over 255", "0 to 255"),
        ("fe80::1%eth0", "zone", "Remove the %"),
        ("::ffff:10.0.0.1", "IPv4-mapped IPv6 address", "10.0.0.1/32"),
        ("::ffff:0:0/96", "IPv4-mapped IPv6 address", "0.0.0.0/0"),
        ("10.0.0.1-10.0.0.9", "is a range", "List the networks"),
        ("10.0.0.1-2001:db8::1", "is a range", "List the networks"),
        ("10.0.0", "is not an IPv4 or IPv6 network", "10.0.0.0/24"),
        ("", "is not an IPv4 or IPv6 network", "10.0.0.0/24"),
        ("10.0.0.1\0", "is not an IPv4 or IPv6 network", "10.0.0.0/24"),
        (" 10.0.0.1", "is not an IPv4 or IPv6 network", "10.0.0.0/24"),
    ],
)
def test_a_text_that_is_no_network_is_refused_with_what_to_write(text: str, message: str, hint: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_network(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


@given(versions.flatmap(lambda version: st.tuples(st.just(version), *[st.integers(0, 2 ** BITS[version] - 1)] * 2)))
def test_the_networks_between_two_addresses_are_the_fewest_that_hold_them_exactly(ends: tuple[Version, int, int]) -> None:
    version, one, other = ends
    first, last = min(one, other), max(one, other)
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    fewest = list(map(str, ipaddress.summarize_address_range(kind(first), kind(last))))
    assert list(map(str, networks_between(version, first, last))) == fewest
