"""Two filters in a row: what is found is never narrower than what passes, whatever is behind the references."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.audit.intersection import filter_of, intersect
from esacloud.packets.sets import EVERY_PORT, IPV4, IPV6, ONE_POINT, Box, PacketSet
from esacloud.packets.text import parse_packets
from esacloud.policy.actual import ActualGroups

PUBLIC, NEAR, GROUP = "service_tag:Internet", "service_tag:VirtualNetwork", "application_security_group:web"
LAST = (1 << 32) - 1
ADDRESSES = ((0, LAST), (0, LAST // 2), (10, 19), (15, 15), (LAST, LAST))
POINTS = (0, 10, 15, 19, LAST // 2 + 1, LAST)
AZURE = ActualGroups("azure", (), "all", public_address_spaces=frozenset({PUBLIC}), apart=frozenset({PUBLIC, NEAR}))

remotes = st.one_of(
    st.tuples(st.just(IPV4), st.sampled_from(ADDRESSES)),
    st.tuples(st.sampled_from((PUBLIC, NEAR, GROUP)), st.just(ONE_POINT)),
)
ports = st.sampled_from(((25, 25), (20, 30), (22, 22), EVERY_PORT))


def boxes(direction: str) -> st.SearchStrategy[list[Box]]:
    made = st.builds(lambda remote, port: Box(direction, remote[0], (6, 6), EVERY_PORT, port, remote[1]), remotes, ports)  # type: ignore[arg-type]
    return st.lists(made, max_size=3)


def concrete(found: Iterable[Box], behind: dict[str, frozenset[int]]) -> set[tuple[int, int]]:
    """Ports and addresses of the boxes, where somebody can look into the references."""
    return {
        (port, point)
        for box in found
        for port in (22, 25, 80)
        if box.ports[0] <= port <= box.ports[1]
        for point in POINTS
        if (
            point in behind[box.address_space]
            if box.address_space in behind
            else box.addresses[0] <= point <= box.addresses[1]
        )
    }


@given(boxes("ingress"), boxes("ingress"), st.sets(st.sampled_from(POINTS)), st.sets(st.sampled_from(POINTS)))
def test_what_passes_both_is_found(first: list[Box], second: list[Box], public: set[int], group: set[int]) -> None:
    behind = {PUBLIC: frozenset(public), NEAR: frozenset(POINTS) - public, GROUP: frozenset(group)}
    found = concrete(intersect(first, filter_of(second), AZURE), behind)
    assert concrete(first, behind) & concrete(second, behind) <= found
    everyone = concrete(intersect(second, filter_of(first), AZURE), behind)
    assert concrete(first, behind) & concrete(second, behind) <= everyone


def common(first: str, second: str) -> PacketSet:
    return PacketSet.of(intersect(parse_packets(first).boxes(), filter_of(parse_packets(second).boxes()), AZURE))


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("tcp/25 in from any", "tcp/20-30 in from 10.0.0.0/8", "tcp/25 in from 10.0.0.0/8"),
        ("tcp/25 in from any", f"tcp/25 in from {NEAR}", f"tcp/25 in from {NEAR}"),
        ("tcp/25 in from any", f"tcp/25 in from {PUBLIC}", "tcp/25 in from any"),
        ("tcp/25 in from 10.0.0.0/8", f"tcp/25 in from {NEAR}", "tcp/25 in from 10.0.0.0/8"),
        (f"tcp/25 in from {GROUP}", f"tcp/25 in from {NEAR}", f"tcp/25 in from {GROUP}"),
        (f"tcp/25 in from {NEAR}", f"tcp/25 in from {NEAR}", f"tcp/25 in from {NEAR}"),
    ],
)
def test_a_set_and_addresses_have_in_common_what_is_known_best(first: str, second: str, both: str) -> None:
    for one, other in ((first, second), (second, first)):
        assert common(one, other) == parse_packets(both)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"tcp/25 in from {NEAR}", f"tcp/25 in from {PUBLIC}"),
        ("tcp/25 in from any", "tcp/25 out to any"),
        ("tcp/25 in from any", "udp/25 in from any"),
        ("tcp/25 in from 10.0.0.0/8", "tcp/25 in from fd00::/8"),
        ("tcp/25 in from 10.0.0.0/8", "tcp/26 in from 10.0.0.0/8"),
    ],
)
def test_what_excludes_each_other_has_nothing_in_common(first: str, second: str) -> None:
    assert not common(first, second)


def test_both_families_are_kept_apart() -> None:
    assert common("tcp/25 in from any", "tcp/25 in from any").address_spaces() == {IPV4, IPV6}
