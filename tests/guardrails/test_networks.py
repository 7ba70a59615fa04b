"""The special-purpose registry, against what Python's ipaddress knows of it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.guardrails.networks import has_public, listed, public
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import IPV4, IPV6
from esacloud.packets.spans import joined, shared, within


def is_public(text: str) -> bool:
    network = parse_network(text)
    return has_public(IPV4 if network.version == 4 else IPV6, (network.first, network.last))


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "2606:4700::1", "0.0.0.0/0", "9.255.255.255", "11.0.0.0", "192.0.2.1", "2001:db8::"]
)
def test_these_are_public_or_stand_for_public_ones(text: str) -> None:
    assert is_public(text)


@pytest.mark.parametrize(
    "text",
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.1", "169.254.1.1", "fd00::/8", "fe80::1"],
)
def test_these_are_not_public(text: str) -> None:
    assert not is_public(text)


@given(st.integers(0, (1 << 32) - 1))
def test_every_global_ipv4_address_is_public(number: int) -> None:
    if IPv4Address(number).is_global and not IPv4Address(number).is_multicast:
        in_exception = within(listed(IPV4, "not_public"), (number, number)) and number >> 8 == 0xC00000  # 192.0.0.9 and .10
        assert has_public(IPV4, (number, number)) or in_exception


@given(st.integers(0x2000 << 112, (0x4000 << 112) - 1))
def test_every_global_ipv6_unicast_address_is_public(number: int) -> None:
    if IPv6Address(number).is_global:
        assert has_public(IPV6, (number, number))


@pytest.mark.parametrize("address_space", [IPV4, IPV6])
def test_public_and_not_public_share_nothing_and_are_everything(address_space: str) -> None:
    assert not shared(public(address_space), listed(address_space, "not_public"))
    assert len(joined([*public(address_space), *listed(address_space, "not_public")])) == 1
