"""Merging permits the same packets, is never longer, loses no reason, and does not depend on order."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, collapse_addresses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.policies import flow, flows, networks

from esacloud.packets.addresses import BITS, Network, Version
from esacloud.packets.sets import PacketSet
from esacloud.policy.merging import merged
from esacloud.policy.model import Flow
from esacloud.policy.packets import flow_boxes

many = st.lists(flows(interfaces=("data1", "data2"), source_ports=True), max_size=14)


def packets(given_flows: tuple[Flow, ...] | list[Flow], interface: str) -> PacketSet:
    return PacketSet.of(flow_boxes(flow for flow in given_flows if flow.interface == interface))


def message(given_flows: tuple[Flow, ...]) -> list[str]:
    return [
        f"{flow.transport}/{flow.ports[0]}-{flow.ports[1]} {flow.direction} {flow.remote} {list(flow.rows)}"
        for flow in given_flows
    ]


@given(many)
def test_merging_permits_the_same_packets(some: list[Flow]) -> None:
    for interface in ("data1", "data2"):
        assert packets(merged(some), interface) == packets(some, interface)


@given(many)
def test_merging_is_never_longer_and_merging_again_changes_nothing(some: list[Flow]) -> None:
    once = merged(some)
    assert len(once) <= len(some)
    assert merged(once) == once


@given(st.data(), many)
def test_the_order_of_the_input_does_not_matter(data: st.DataObject, some: list[Flow]) -> None:
    assert merged(data.draw(st.permutations(some))) == merged(some)


@given(many)
def test_no_reason_is_lost_and_each_is_cited_where_its_packets_are(some: list[Flow]) -> None:
    result = merged(some)
    assert {row for flow in result for row in flow.rows} == {row for flow in some for row in flow.rows}
    for one in result:
        own = PacketSet.of(flow_boxes([one]))
        beside = [flow for flow in some if flow.interface == one.interface and own & PacketSet.of(flow_boxes([flow]))]
        assert set(one.entries) <= {entry for flow in beside for entry in flow.entries}


@given(many)
def test_where_nothing_is_saved_nothing_is_touched(some: list[Flow]) -> None:
    result = merged(some)
    if len(result) == len({(flow.interface, flow.direction, *_packets_of(flow)) for flow in some}):
        assert {_packets_of(flow) for flow in result} == {_packets_of(flow) for flow in some}


def _packets_of(flow: Flow) -> tuple[object, ...]:
    return flow.transport, flow.ports, flow.source_ports, flow.remote


@pytest.mark.parametrize("version", [4, 6])
def test_every_set_of_eight_addresses_becomes_the_fewest_networks(version: Version) -> None:
    addresses = [Network(version, (10 << 24) + 8 + number, BITS[version]) for number in range(8)]
    for chosen in range(1, 256):
        some = [address for number, address in enumerate(addresses) if chosen >> number & 1]
        result = [str(one.remote) for one in merged(flow("tcp/25 ingress self", remote=address) for address in some)]
        assert result == _fewest(version, some)


def test_every_set_of_two_ports_and_four_addresses_stays_exact_and_becomes_no_longer() -> None:
    all_flows = [flow(f"tcp/{port} ingress 10.0.0.{host}") for port in (80, 81) for host in range(4)]
    for chosen in range(256):
        some = [one for number, one in enumerate(all_flows) if chosen >> number & 1]
        result = merged(some)
        assert packets(result, "data1") == packets(some, "data1")
        assert len(result) <= len(some)


@given(st.lists(networks().filter(lambda network: network.prefix), min_size=5, max_size=20))
def test_networks_of_one_port_become_the_fewest_that_hold_them(some: list[Network]) -> None:
    result = merged(flow("tcp/25 ingress self", remote=network) for network in some)
    assert sorted(str(one.remote) for one in result) == sorted([*_fewest(4, some), *_fewest(6, some)])


def _fewest(version: Version, some: list[Network]) -> list[str]:
    texts = [str(network) for network in some if network.version == version]
    if version == 4:
        return list(map(str, collapse_addresses(map(IPv4Network, texts))))
    return list(map(str, collapse_addresses(map(IPv6Network, texts))))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["tcp/25 ingress 10.0.0.0/25", "tcp/25 ingress 10.0.0.128/25"], ["tcp/25-25 ingress 10.0.0.0/24 [1, 2]"]),
        (["tcp/25 ingress 10.0.0.0/24", "tcp/25 ingress 10.0.0.7/32"], ["tcp/25-25 ingress 10.0.0.0/24 [1, 2]"]),
        (["tcp/80 ingress self", "tcp/81-82 ingress self"], ["tcp/80-82 ingress self [1, 2]"]),
        (
            ["tcp/80 ingress 10.0.0.0/8", "tcp/82 ingress 10.0.0.0/8"],
            ["tcp/80-80 ingress 10.0.0.0/8 [1]", "tcp/82-82 ingress 10.0.0.0/8 [2]"],
        ),
        (
            ["all ingress 10.0.0.0/8", "tcp/22 ingress 10.1.0.0/16", "icmp ingress 10.2.0.0/16"],
            ["all/0-65535 ingress 10.0.0.0/8 [1, 2, 3]"],
        ),
        (
            ["tcp/22 ingress 10.0.0.0/8", "udp/22 ingress 10.0.0.0/8"],
            ["tcp/22-22 ingress 10.0.0.0/8 [1]", "udp/22-22 ingress 10.0.0.0/8 [2]"],
        ),
        (
            ["tcp/22 ingress 10.0.0.0/8", "tcp/22 egress 10.0.0.0/8"],
            ["tcp/22-22 ingress 10.0.0.0/8 [1]", "tcp/22-22 egress 10.0.0.0/8 [2]"],
        ),
        # a block of ports and networks closes in both directions
        (
            [
                "tcp/80 ingress 10.0.0.0/25",
                "tcp/80 ingress 10.0.0.128/25",
                "tcp/81 ingress 10.0.0.0/25",
                "tcp/81 ingress 10.0.0.128/25",
            ],
            ["tcp/80-81 ingress 10.0.0.0/24 [1, 2, 3, 4]"],
        ),
        # covered only by two others together
        (
            ["tcp/1-10 ingress 10.0.0.0/8", "tcp/8-15 ingress 10.0.0.0/16", "tcp/11-20 ingress 10.0.0.0/9"],
            ["tcp/1-10 ingress 10.0.0.0/8 [1, 2]", "tcp/11-20 ingress 10.0.0.0/9 [2, 3]"],
        ),
        # two quarters meet across the half that a wider range covers
        (
            [
                "tcp/25 ingress 10.0.0.0/26",
                "tcp/25 ingress 10.0.0.192/26",
                "tcp/25-26 ingress 10.0.0.64/26",
                "tcp/25-26 ingress 10.0.0.128/26",
            ],
            [
                "tcp/25-25 ingress 10.0.0.0/24 [1, 2]",
                "tcp/25-26 ingress 10.0.0.64/26 [3]",
                "tcp/25-26 ingress 10.0.0.128/26 [4]",
            ],
        ),
    ],
)
def test_what_merges_and_what_does_not(before: list[str], after: list[str]) -> None:
    result = merged(flow(text, rows=(row,)) for row, text in enumerate(before, 1))
    assert message(result) == [text.replace("self", "SelfReference()") for text in after]


def test_flows_of_different_source_ports_are_joined_only_where_one_covers_the_other() -> None:
    apart = [flow("tcp/80 ingress 10.0.0.0/8", source_ports=(20, 20)), flow("tcp/81 ingress 10.0.0.0/8")]
    assert len(merged(apart)) == 2
    covered = [flow("tcp/80 ingress 10.0.0.0/9", source_ports=(20, 20)), flow("tcp/80 ingress 10.0.0.0/8")]
    assert len(merged(covered)) == 1
