"""The lower bound on Azure's rules: exact where the fewest rules are known, and never above any rules that say the same."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("benchmarks", reason="the benchmarks stand beside the package in a checkout and are not installed")

from benchmarks import deployments
from benchmarks.rule_bound import Packet, fit_one_rule, fooling_set, rule_bound
from benchmarks.rule_counts import count
from esacloud import workflow
from esacloud.azure.evaluate import permitted
from esacloud.azure.model import SecurityRule
from esacloud.azure.rules import DENIES
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import EVERY_PORT, EVERY_PROTOCOL, IPV4, IPV6, ONE_POINT, TCP, UDP, Box, Direction, PacketSet

A, B, C = "10.0.0.0/24", "10.0.2.0/24", "10.0.4.0/24"
TAG, OTHER_TAG = "service_tag:AzureMonitor", "service_tag:Storage"
GROUP, OTHER_GROUP = "application_security_group:asg-jump", "application_security_group:asg-mail"


def box(remote: str, port: int, direction: Direction = "ingress", protocol: int = TCP, source_ports=EVERY_PORT) -> Box:
    if "/" not in remote:
        return Box(direction, remote, (protocol, protocol), source_ports, (port, port), ONE_POINT)
    network = parse_network(remote)
    address_space = IPV4 if network.version == 4 else IPV6
    return Box(direction, address_space, (protocol, protocol), source_ports, (port, port), (network.first, network.last))


def matrix(*cells: tuple[str, int]) -> PacketSet:
    return PacketSet.of(box(remote, port) for remote, port in cells)


@pytest.mark.parametrize(
    ("fewest", "why", "boxes"),
    [
        (0, "nothing is permitted", []),
        (1, "two ports of one network", [box(A, 22), box(A, 443)]),
        (1, "two networks with one port", [box(A, 22), box(B, 22)]),
        (1, "every port of every network", [box(remote, port) for remote in (A, B) for port in (22, 443)]),
        (2, "each network has its own port", [box(A, 22), box(B, 443)]),
        (2, "one network has a port more", [box(A, 22), box(A, 443), box(B, 22)]),
        (3, "each network lacks another port", [box(remote, port) for remote, port in product((A, B, C), (1, 2, 3))
                                               if (remote, port) not in ((A, 3), (B, 1), (C, 2))]),
        (2, "a network inside another has a port more", [box("10.0.0.0/8", 25), box(A, 25), box(A, 22)]),
        (2, "two directions", [box(A, 22), box(A, 22, "egress")]),
        (2, "two protocols", [box(A, 53), box(A, 53, protocol=UDP)]),
        (1, "all protocols", [Box("ingress", IPV4, EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT, (1, 9)), box("0.0.0.1/32", 53)]),
        (2, "source ports that belong to one port", [box(A, 1024, source_ports=(20, 20)), box(A, 25)]),
        (2, "networks of two families", [box(A, 22), box("fd00::/64", 22)]),
        (1, "everything of both families, which `*` holds", [box("0.0.0.0/0", 25), box("::/0", 25)]),
        (2, "everything of both families, with ports of their own", [box("0.0.0.0/0", 25), box("::/0", 26)]),
        (2, "two service tags", [box(TAG, 443), box(OTHER_TAG, 443)]),
        (1, "two ports of one service tag", [box(TAG, 443), box(TAG, 444)]),
        (1, "two application security groups", [box(GROUP, 22), box(OTHER_GROUP, 22)]),
        (1, "an application security group and the module's own", [box(GROUP, 22), box("self", 22)]),
        (2, "an application security group and a network", [box(GROUP, 22), box(A, 22)]),
        (1, "a tag beside everything", [box(TAG, 25), box("0.0.0.0/0", 25), box("::/0", 25)]),
    ],
)  # fmt: skip
def test_the_fewest_rules_of_a_small_policy_are_found(fewest: int, why: str, boxes: list[Box]):
    assert rule_bound(PacketSet.of(boxes)) == fewest, why


def as_box(packet: Packet) -> Box:
    sides = (packet.protocol, packet.source_port, packet.port, packet.remote.address)
    return Box(packet.direction, packet.remote.address_space, *((side, side) for side in sides))


def test_no_two_of_the_packets_fit_into_one_rule_and_all_are_permitted():
    policy = PacketSet.of([box(A, 22), box(A, 443), box(B, 22), box("0.0.0.0/0", 25), box(C, 443, "egress"), box(TAG, 443)])
    found = fooling_set(policy)
    assert len(found) == 5
    assert PacketSet.of(map(as_box, found)) <= policy
    assert not any(fit_one_rule(one, other, policy) for one, other in combinations(found, 2))


def exact(cells: frozenset[tuple[str, int]]) -> int:
    """The fewest rules for networks that do not touch and ports, by trying all sets of the largest products."""
    largest = set()
    ports_of = {remote: frozenset(port for other, port in cells if other == remote) for remote, _ in cells}
    for number in range(1, len(ports_of) + 1):
        for remotes in combinations(ports_of, number):
            if ports := frozenset.intersection(*(ports_of[remote] for remote in remotes)):
                largest.add(frozenset(product(remotes, ports)))
    for number in range(len(cells) + 1):
        if any(frozenset().union(*chosen) == cells for chosen in combinations(largest, number)):
            return number
    raise AssertionError("each cell alone is a product")


@settings(max_examples=100, deadline=None)
@given(st.frozensets(st.tuples(st.sampled_from([A, B, C]), st.sampled_from([22, 25, 80, 443])), max_size=12))
def test_the_bound_is_never_above_the_fewest_rules_there_are(cells: frozenset[tuple[str, int]]):
    assert rule_bound(matrix(*cells)) <= exact(cells)


PORTS = st.lists(st.sampled_from(["22", "25", "80-90", "85", "443", "1024-65535"]), min_size=1, max_size=3, unique=True)
NETWORKS = st.lists(st.sampled_from([A, B, "10.0.0.0/8", "192.0.2.1/32"]), min_size=1, max_size=3, unique=True)
REMOTES = st.one_of(
    NETWORKS.map(lambda networks: {"source_address_prefixes": tuple(networks)}),
    st.sampled_from(["*", "0.0.0.0/0", "::/0", "fd00::/64", "AzureMonitor", "Storage"]).map(
        lambda prefix: {"source_address_prefixes": (prefix,)}
    ),
    st.sampled_from([("asg-jump",), ("asg-mail", "asg-jump"), ("self",)]).map(
        lambda groups: {"source_address_prefixes": (), "source_application_security_groups": groups}
    ),
)
RULES = st.lists(
    st.builds(
        lambda protocol, ports, source_port, remote: SecurityRule(
            "rule",
            100,
            "Inbound",
            "Allow",
            protocol,
            source_port_ranges=(source_port,),
            destination_port_ranges=tuple(ports),
            **remote,
        ),
        st.sampled_from(["Tcp", "Tcp", "Udp", "*"]),
        PORTS,
        st.sampled_from(["*", "*", "20"]),
        REMOTES,
    ),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(RULES)
def test_whatever_rules_made_a_policy_the_bound_is_never_above_their_number(rules: list[SecurityRule]):
    assert rule_bound(permitted([*rules, *DENIES])) <= len(rules)


def deployment(text: str):
    return workflow.read_deployment("deployment.yaml", text)


@pytest.mark.parametrize("text", [deployments.site(1, "azure"), deployments.middle(1, "azure")])
def test_what_esacloud_writes_lies_between_the_bound_and_flow_x_network(text: str):
    found = count("a policy", deployment(text))
    assert 0 < found.bound <= found.together <= found.rules <= found.pairs


def test_the_policy_of_50_flows_reaches_the_bound_where_reasons_need_not_stand_apart():
    found = count("a policy", deployment(deployments.site(0, "azure")))
    assert (found.flows, found.pairs, found.rules, found.together, found.bound) == (50, 73, 50, 31, 31)


def test_the_bound_does_not_depend_on_how_the_policy_was_put_together():
    cells = [(A, 22), (A, 443), (B, 22), (C, 25)]
    assert fooling_set(matrix(*cells)) == fooling_set(matrix(*reversed(cells)))
