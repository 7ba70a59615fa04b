"""Each flow becomes one rule in EC2's words, with a key that its own content makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.policies import GROUP, deployment, flow, flows, policy, remote

from esacloud.aws.lower import lower
from esacloud.aws.model import SecurityGroupRule
from esacloud.aws.rules import rules
from esacloud.deployment.model import Reference
from esacloud.policy.model import Flow

NONE: frozenset[str] = frozenset()


def words(rule: SecurityGroupRule) -> tuple[object, ...]:
    return rule.direction, rule.ip_protocol, rule.from_port, rule.to_port, rule.source_kind, rule.source


@pytest.mark.parametrize(
    ("text", "rule", "key"),
    [
        ("tcp/25 ingress 0.0.0.0/0", ("ingress", "tcp", 25, 25, "cidr_ipv4", "0.0.0.0/0"), "data1/tcp-25-from-0.0.0.0/0"),
        ("udp/53 egress 10.0.0.2", ("egress", "udp", 53, 53, "cidr_ipv4", "10.0.0.2/32"), "data1/udp-53-to-10.0.0.2/32"),
        ("tcp/25 egress ::/0", ("egress", "tcp", 25, 25, "cidr_ipv6", "::/0"), "data1/tcp-25-to-::/0"),
        ("tcp/1024-65535 ingress self", ("ingress", "tcp", 1024, 65535, "self", ""), "data1/tcp-1024-65535-from-self"),
        (
            f"tcp/514 egress {GROUP}",
            ("egress", "tcp", 514, 514, "referenced_security_group_id", GROUP),
            f"data1/tcp-514-to-{GROUP}",
        ),
        ("tcp/514 egress pl-0a:7", ("egress", "tcp", 514, 514, "prefix_list_id", "pl-0a"), "data1/tcp-514-to-pl-0a"),
        ("all ingress 10.0.0.0/8", ("ingress", "-1", None, None, "cidr_ipv4", "10.0.0.0/8"), "data1/all-from-10.0.0.0/8"),
        ("icmp ingress 10.0.0.0/8", ("ingress", "icmp", -1, -1, "cidr_ipv4", "10.0.0.0/8"), "data1/icmp-from-10.0.0.0/8"),
        ("icmp ingress fd00::/8", ("ingress", "icmpv6", -1, -1, "cidr_ipv6", "fd00::/8"), "data1/icmpv6-from-fd00::/8"),
        ("tcp/0-65535 ingress self", ("ingress", "tcp", 0, 65535, "self", ""), "data1/tcp-0-65535-from-self"),
    ],
)
def test_a_flow_becomes_one_rule(text: str, rule: tuple[object, ...], key: str) -> None:
    (made,) = rules([flow(text)], NONE)
    assert words(made) == rule
    assert made.key == key


def test_icmp_with_a_reference_takes_a_rule_for_each_family() -> None:
    made = rules([flow("icmp ingress self"), flow(f"icmp egress {GROUP}")], NONE)
    assert [rule.key for rule in made] == [
        "data1/icmp-from-self",
        "data1/icmpv6-from-self",
        f"data1/icmp-to-{GROUP}",
        f"data1/icmpv6-to-{GROUP}",
    ]


def test_a_prefix_list_counts_its_maximum_in_its_family_and_a_group_once_in_both() -> None:
    texts = ["pl-0a:20:4", "pl-0b:20:6", "pl-0c:20", GROUP, "self", "10.0.0.0/8", "fd00::/8"]
    made = rules([flow(f"tcp/25 ingress {text}") for text in texts], NONE)
    assert [(rule.size, rule.families) for rule in made] == [
        (20, (4,)),
        (20, (6,)),
        (20, (4, 6)),
        (1, (4, 6)),
        (1, (4, 6)),
        (1, (4,)),
        (1, (6,)),
    ]


def test_two_flows_that_are_one_rule_to_ec2_make_one_that_cites_both() -> None:
    once, again = flow("tcp/25 ingress pl-0a:20:4", rows=(5,)), flow("tcp/25 ingress pl-0a:20", rows=(2, 9))
    (made,) = rules([once, again], NONE)
    assert made.rows == (2, 5, 9)
    assert made.entries == ("row-2", "row-5", "row-9")
    assert made.description.startswith("rows 2,5,9: ")


@pytest.mark.parametrize(
    "inexpressible",
    [
        flow("tcp/21 ingress self", source_ports=(20, 20)),
        flow("icmp ingress self", ports=(2048, 2048)),
        flow("tcp/21 ingress self", remote=Reference("azure", "service_tag", "Internet")),
        flow("tcp/21 ingress self", remote=Reference("aws", "service_tag", "Internet")),
    ],
)
def test_what_ec2_cannot_express_is_refused(inexpressible: Flow) -> None:
    with pytest.raises(ValueError, match=r"EC2|protocol without ports"):
        rules([inexpressible], NONE)


@given(st.lists(flows(), max_size=12), st.integers(1, 48))
def test_a_key_depends_on_what_the_rule_permits_alone(some: list[Flow], row: int) -> None:
    changed = [flow_of(each, row) for each in some]
    assert [rule.key for rule in rules(some, NONE)] == [rule.key for rule in rules(changed, NONE)]


def flow_of(other: Flow, row: int) -> Flow:
    """The same packets, for another reason."""
    return flow(
        "tcp/1 ingress self",
        direction=other.direction,
        transport=other.transport,
        ports=other.ports,
        remote=other.remote,
        rows=(row,),
        names=("updates.example",),
    )


@given(st.lists(flows(interfaces=("data1", "management")), max_size=20))
def test_keys_are_unique_over_all_interfaces(some: list[Flow]) -> None:
    lowered = lower(policy(some, ("data1", "management")), deployment(("data1", "management")))
    keys = [rule.key for group in lowered.native.groups for rule in group.rules]
    assert len(keys) == len(set(keys))


@given(st.sets(flows(), max_size=12), st.integers(1, 5))
def test_a_flow_more_with_k_peers_is_k_rules_more_and_no_other_change(some: set[Flow], peers: int) -> None:
    some_flows = [each for each in some if each.ports != (587, 587)]
    more = [flow("tcp/587 ingress self", remote=remote(f"192.0.2.{number}")) for number in range(peers)]
    before = lower(policy(some_flows), deployment()).native.groups[0].rules
    after = lower(policy([*more, *some_flows]), deployment()).native.groups[0].rules
    assert set(before) < set(after)
    assert len(after) == len(before) + peers
