"""Lowering is exact, needs no merging or splitting without need, and refuses what AWS would refuse."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.policies import GROUP, deployment, flow, flows, policy, remote
from support.samples import size

from esacloud.aws.lower import lower
from esacloud.aws.split import counts
from esacloud.errors import InputError, Problem
from esacloud.packets.addresses import Network
from esacloud.policy.lowered import GroupLine, Lowered
from esacloud.policy.model import Flow
from esacloud.policy.packets import packets_by_interface

BOTH = ("management", "data1")
SMALL = {"rules_per_group": 7, "groups_per_interface": 16}  # so small that drawn policies overflow


def hosts(count: int, version: int = 4) -> list[Network]:
    """Addresses of which no two can be joined."""
    start = 10 << 24 if version == 4 else 0xFD << 120
    return [Network(version, start + 2 * number, 32 if version == 4 else 128) for number in range(count)]  # type: ignore[arg-type]


def to_hosts(count: int, text: str = "tcp/25 ingress self", version: int = 4) -> list[Flow]:
    return [flow(text, remote=network) for network in hosts(count, version)]


def problems(some: list[Flow], **more: object) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        lower(policy(some), deployment(**more))  # type: ignore[arg-type]
    return caught.value.problems


def placed(lowered: Lowered) -> dict[str, str]:
    return {rule.key: group.name for group in lowered.native.groups for rule in group.rules}


@given(st.lists(flows(BOTH), max_size=40), st.sampled_from([None, SMALL]))
def test_the_rules_permit_the_packets_of_the_policy(some: list[Flow], quotas: dict[str, int] | None) -> None:
    asked = policy(some, BOTH)
    lowered = lower(asked, deployment(BOTH, quotas))
    assert lowered.packets == packets_by_interface(asked)
    most = (quotas or {"rules_per_group": 60})["rules_per_group"]
    for group in lowered.native.groups:
        assert max(counts(group.rules).values()) <= most


@given(st.lists(flows(BOTH), max_size=40), st.sampled_from([None, SMALL]))
def test_every_row_of_the_policy_is_cited_by_a_rule_of_its_interface(
    some: list[Flow], quotas: dict[str, int] | None
) -> None:
    lowered = lower(policy(some, BOTH), deployment(BOTH, quotas))
    for interface in BOTH:
        rules = [rule for group in lowered.native.groups if group.interface == interface for rule in group.rules]
        desired = {row for flow in some if flow.interface == interface for row in flow.rows}
        assert {row for rule in rules for row in rule.rows} == desired


@given(st.data(), st.lists(flows(BOTH), max_size=40), st.sampled_from([None, SMALL]))
def test_the_order_of_the_flows_does_not_matter(
    data: st.DataObject, some: list[Flow], quotas: dict[str, int] | None
) -> None:
    one = policy(some, BOTH)
    other = policy(data.draw(st.permutations(some)), BOTH)
    assert lower(one, deployment(BOTH, quotas)).native == lower(other, deployment(BOTH, quotas)).native


@given(st.lists(flows(), max_size=60))
def test_without_need_nothing_is_merged(some: list[Flow]) -> None:
    lowered = lower(policy(some), deployment(quotas={"rules_per_group": 200}))
    distinct = {(flow.direction, flow.transport, flow.ports, flow.remote) for flow in some}
    doubled = sum(flow[1] == "icmp" and not isinstance(flow[3], Network) for flow in distinct)
    assert len(lowered.native.groups[0].rules) == len(distinct) + doubled
    assert not any("saved" in note for note in lowered.notes)


def test_only_the_crowded_direction_and_family_is_merged() -> None:
    crowded = [flow("tcp/25 ingress self", remote=Network(4, (10 << 24) + number, 32), rows=(6,)) for number in range(64)]
    calm = [
        "tcp/25 egress 10.0.0.0/25",
        "tcp/25 egress 10.0.0.128/25",
        "tcp/25 ingress fd00::/64",
        "tcp/25 ingress fd00:0:0:1::/64",
    ]
    lowered = lower(policy([*crowded, *(flow(text, rows=(5,)) for text in calm)]), deployment())
    assert [rule.key for rule in lowered.native.groups[0].rules] == [
        "data1/tcp-25-from-10.0.0.0/26",
        "data1/tcp-25-from-fd00::/64",
        "data1/tcp-25-from-fd00:0:0:1::/64",
        "data1/tcp-25-to-10.0.0.0/25",
        "data1/tcp-25-to-10.0.0.128/25",
    ]
    assert lowered.notes[0].startswith("data1: merging networks and ports exactly saved 63 rules")


def test_sixty_rules_take_one_group_and_sixty_one_take_two() -> None:
    assert [group.name for group in lower(policy(to_hosts(60)), deployment()).native.groups] == ["data1"]
    lowered = lower(policy(to_hosts(61)), deployment())
    assert [group.name for group in lowered.native.groups] == ["data1", "data1-2"]
    assert sum(line.inbound for line in lowered.groups) == 61
    assert "attach all of them to the interface: data1, data1-2" in lowered.notes[0]
    assert not any("saved" in note for note in lowered.notes)


def test_directions_and_families_are_counted_apart() -> None:
    some = [
        rule for text in ("tcp/25 ingress self", "tcp/25 egress self") for v in (4, 6) for rule in to_hosts(60, text, v)
    ]
    lowered = lower(policy(some), deployment())
    assert lowered.groups == (GroupLine("data1", "data1", 120, 120),)
    assert [(use.quota, use.used, use.limit) for use in lowered.quotas] == [
        ("data1: inbound IPv4 rules", 60, 60),
        ("data1: inbound IPv6 rules", 60, 60),
        ("data1: outbound IPv4 rules", 60, 60),
        ("data1: outbound IPv6 rules", 60, 60),
        ("data1: groups at the interface", 1, 5),
    ]


def test_a_group_reference_counts_in_both_families() -> None:
    some = [*to_hosts(60), *to_hosts(60, version=6), flow(f"tcp/25 ingress {GROUP}")]
    assert len(lower(policy(some), deployment()).native.groups) == 2


def test_three_hundred_rules_fill_five_groups_and_one_more_is_refused_with_its_number() -> None:
    full = lower(policy(to_hosts(300)), deployment())
    assert [line.inbound for line in full.groups] == [60] * 5
    (problem,) = problems(to_hosts(301))
    assert problem.message == (
        "data1: 301 inbound IPv4 rules are needed after merging, 300 fit (5 groups of 60): 1 too many."
    )
    assert "cloud.aws.quotas" in problem.hint
    assert (problem.place.line, problem.place.key) == (10, "interfaces.data1")
    assert len(lower(policy(to_hosts(301)), deployment(quotas={"rules_per_group": 61})).native.groups) == 5


def test_every_direction_and_family_that_does_not_fit_is_named() -> None:
    found = problems([*to_hosts(303), *to_hosts(310, "tcp/25 egress self", 6)])
    assert [problem.message.split(" are ")[0] for problem in found] == [
        "data1: 303 inbound IPv4 rules",
        "data1: 310 outbound IPv6 rules",
    ]


def test_prefix_lists_count_their_maximum() -> None:
    some = [flow(f"tcp/25 ingress pl-0{number}:40:4") for number in range(3)]
    lowered = lower(policy([*some, *to_hosts(60)]), deployment())
    assert [max(counts(group.rules).values()) for group in lowered.native.groups] == [60, 60, 60]
    assert lowered.packets == packets_by_interface(policy([*some, *to_hosts(60)]))


def test_what_needs_most_room_is_placed_first_so_that_the_rest_fills_what_is_left() -> None:
    two = {"groups_per_interface": 2}
    lists = [*to_hosts(60), flow("tcp/25 ingress pl-0a:60:4")]
    assert len(lower(policy(lists), deployment(quotas=two)).native.groups) == 2
    references = [flow("tcp/25 ingress self", remote=remote(f"sg-{number:08x}")) for number in range(60)]
    families = [*references, *to_hosts(60), *to_hosts(60, version=6)]
    assert [max(counts(g.rules).values()) for g in lower(policy(families), deployment(quotas=two)).native.groups] == [
        60,
        60,
    ]


def test_prefix_lists_that_cannot_share_the_groups_are_named() -> None:
    some = [flow(f"tcp/25 ingress pl-0{number}:40:4") for number in range(6)]
    (problem,) = problems(some)
    assert "pl-00 (40)" in problem.message
    assert "over 5 groups of 60" in problem.message


def test_a_prefix_list_larger_than_a_group_is_refused_for_itself() -> None:
    (problem,) = problems([flow("tcp/25 ingress pl-0a:61:4")])
    assert "pl-0a counts as 61 rules" in problem.message
    assert "rules_per_group" in problem.hint


def test_a_prefix_list_with_two_sizes_is_refused() -> None:
    (problem,) = problems([flow("tcp/25 ingress pl-0a:20:4"), flow("tcp/26 ingress pl-0a:30:4")])
    assert "20 rules in one place and 30 in another" in problem.message


def test_an_interface_without_a_flow_has_a_group_without_a_rule() -> None:
    lowered = lower(policy([flow("tcp/25 ingress self")], BOTH), deployment(BOTH))
    assert lowered.groups == (GroupLine("management", "management", 0, 0), GroupLine("data1", "data1", 1, 0))
    assert not lowered.packets["management"]


def test_tags_pass_through() -> None:
    assert lower(policy([]), deployment(tags={"team": "mail"})).native.tags == {"team": "mail"}


def test_entries_from_outside_the_table_are_marked() -> None:
    some = [flow("tcp/443 egress 10.0.0.0/8", entries=("smart-licensing",), rows=())]
    (rule,) = lower(policy(some), deployment(outside=["smart-licensing"])).native.groups[0].rules
    assert rule.description == "not in table: smart-licensing (somebody)"


@pytest.mark.parametrize(
    ("change", "character"),
    [({"entries": ("mail→out",)}, "→"), ({"peers": ("the admins' hosts",)}, "'"), ({"names": ("a<b.example",)}, "<")],
)
def test_hostile_words_of_a_catalogue_are_refused_once_each(change: dict[str, object], character: str) -> None:
    (problem,) = problems([flow("tcp/25 ingress 10.0.0.0/8", **change), flow("tcp/26 ingress 10.0.0.0/8", **change)])  # type: ignore[arg-type]
    assert f"{character!r}" in problem.message


def test_an_ampersand_is_refused_where_the_remote_is_a_reference() -> None:
    lower(policy([flow("tcp/25 ingress 10.0.0.0/8", peers=("R&D",))]), deployment())
    assert "'&'" in problems([flow("tcp/25 ingress self", peers=("R&D",))])[0].message


def test_a_name_that_aws_refuses_is_reported_once() -> None:
    with pytest.raises(InputError) as caught:
        lower(policy([flow("tcp/25 ingress self")], name="edge→1"), deployment())
    (problem,) = caught.value.problems
    assert "'→' (U+2192)" in problem.message
    assert problem.place.key == "name"


def test_interfaces_whose_groups_would_share_a_name_are_refused() -> None:
    some = [*to_hosts(61), flow("tcp/25 ingress self", interface="DATA1-2")]
    with pytest.raises(InputError, match="both need a group named DATA1-2"):
        lower(policy(some, ("data1", "DATA1-2")), deployment(("data1", "DATA1-2")))


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("tcp/25 egress 0.0.0.0/0", True),
        ("tcp/25 egress ::/0", True),
        ("tcp/20-30 egress 198.51.100.0/24", True),
        ("all egress 10.0.0.0/7", True),
        ("tcp/25 egress 10.0.0.0/8", False),
        ("tcp/25 egress fd00::/64", False),
        ("tcp/25 ingress 0.0.0.0/0", False),
        ("udp/25 egress 0.0.0.0/0", False),
        ("tcp/587 egress 0.0.0.0/0", False),
        (f"tcp/25 egress {GROUP}", False),
    ],
)
def test_mail_to_public_addresses_brings_the_note_on_port_25(text: str, noted: bool) -> None:
    lowered = lower(policy([flow(text)]), deployment())
    assert any("ec2-port-25-throttle" in note for note in lowered.notes) == noted


@settings(max_examples=size(10, 1000))
@given(st.integers(2, 5), st.data())
def test_while_the_number_of_groups_stays_a_new_rule_moves_at_most_one_rule_per_further_group(
    groups: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(60 * (groups - 1) + 1, 60 * groups - 1))
    before = placed(lower(policy(to_hosts(count)), deployment()))
    more = flow("tcp/25 ingress self", remote=remote("198.51.100.7"))
    after = placed(lower(policy([more, *to_hosts(count)]), deployment()))
    moved = [key for key in before if after[key] != before[key]]
    assert len(moved) <= groups - 1


def test_with_room_left_a_new_rule_moves_no_other() -> None:
    before = placed(lower(policy(to_hosts(90)), deployment()))
    for number in range(20):
        more = flow("tcp/25 ingress self", remote=remote(f"198.51.100.{2 * number}"))
        after = placed(lower(policy([more, *to_hosts(90)]), deployment()))
        assert {key: after[key] for key in before} == before


def test_the_place_of_a_rule_is_the_same_on_every_machine() -> None:
    lowered = lower(policy(to_hosts(61)), deployment())
    first = [rule.source for rule in lowered.native.groups[1].rules][:3]
    assert first == ["10.0.0.2/32", "10.0.0.6/32", "10.0.0.10/32"]
