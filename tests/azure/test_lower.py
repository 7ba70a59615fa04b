from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.azure import PLACE, deployment, distinct, flow, flows, policy

from esacloud.azure.evaluate import permitted
from esacloud.azure.limits import limits
from esacloud.azure.lower import lower
from esacloud.azure.rules import security_rules
from esacloud.azure.terraform.read import read_back
from esacloud.azure.terraform.write import documents
from esacloud.errors import InputError
from esacloud.policy.packets import packets_by_interface
from esacloud.policy.proof import differences

policies = st.lists(flows(("data1", "management")), max_size=8).map(
    lambda drawn: policy(*distinct(drawn), interfaces=("data1", "management"))
)
TWO = deployment(("data1", "management"))


def rules_of(*made, **more):
    lowered = lower(policy(*made), deployment(**more))
    return [rule for rule in lowered.native.groups[0].rules if rule.access == "Allow"]


@given(policies)
def test_the_rules_permit_exactly_the_policy(drawn):
    lowered = lower(drawn, TWO)
    assert not differences(packets_by_interface(drawn), lowered.packets)


@given(policies)
def test_the_module_read_back_permits_exactly_the_policy(drawn):
    lowered = lower(drawn, TWO)
    back = read_back(documents(lowered, TWO))
    assert back.deviations == ()
    assert not differences(packets_by_interface(drawn), back.packets)


@given(policies)
def test_with_a_load_balancer_the_rules_permit_the_policy_and_the_probes(drawn):
    behind = deployment(("data1", "management"), values={"load_balancer": "yes"})
    lowered = lower(drawn, behind)
    assert set(drawn.flows) <= set(lowered.policy.flows)
    assert not differences(packets_by_interface(lowered.policy), lowered.packets)


@given(policies)
def test_merged_rules_permit_exactly_the_policy(drawn):
    for interface in drawn.interfaces:
        here = [one for one in drawn.flows if one.interface == interface]
        apart, together = security_rules(here, limits({})), security_rules(here, limits({}), apart=False)
        assert len(together) <= len(apart)
        assert permitted(together) == permitted(apart)


@given(policies, st.randoms())
def test_the_order_of_the_flows_does_not_matter(drawn, random):
    shuffled = list(drawn.flows)
    random.shuffle(shuffled)
    again = lower(replace(drawn, flows=tuple(shuffled)), TWO)
    assert documents(again, TWO) == documents(lower(drawn, TWO), TWO)


@given(policies, flows())
def test_one_more_flow_changes_the_rules_of_its_own_entries_alone(before, more):
    after = policy(*distinct([*before.flows, more]), interfaces=before.interfaces)
    old, new = ({rule.name: rule for rule in lower(p, TWO).native.groups[0].rules} for p in (before, after))
    others = {name: rule for name, rule in old.items() if rule.entries != more.entries}
    kept = {replace(rule, priority=0) for rule in new.values()}
    assert all(replace(rule, priority=0) in kept for rule in others.values() if not same_packets(before, more))
    held = {(rule.direction, rule.priority) for rule in new.values()}
    for name in old.keys() & new.keys():
        if old[name].priority != new[name].priority:  # a rule moves only where another takes its number
            assert (old[name].direction, old[name].priority) in held


def same_packets(before, more):
    """Whether the flow was there already, for other entries."""
    return any(
        replace(one, entries=(), rows=(), peers=()) == replace(more, entries=(), rows=(), peers=()) for one in before.flows
    )


def test_networks_and_ports_of_one_entry_make_one_rule():
    made = [flow(f"tcp/{port} egress {network}") for port in (80, 443) for network in ("10.0.0.0/24", "10.0.2.0/24")]
    (rule,) = rules_of(*made)
    assert rule.destination_port_ranges == ("80", "443")
    assert rule.destination_address_prefixes == ("10.0.0.0/24", "10.0.2.0/24")


def test_ports_that_not_every_network_has_make_a_rule_of_their_own():
    made = rules_of(flow("tcp/80 egress 10.0.0.1"), flow("tcp/443 egress 10.0.0.1"), flow("tcp/443 egress 10.0.0.2"))
    assert {(rule.destination_port_ranges, rule.destination_address_prefixes) for rule in made} == {
        (("80", "443"), ("10.0.0.1/32",)),
        (("443",), ("10.0.0.2/32",)),
    }


def test_entries_have_rules_of_their_own():
    made = rules_of(flow("tcp/443 egress 10.0.0.1", rows=(1,)), flow("tcp/443 egress 10.0.0.2", rows=(2,)))
    assert sorted(rule.rows for rule in made) == [(1,), (2,)]


def test_the_two_address_families_never_share_a_rule():
    made = rules_of(flow("udp/53 egress 10.0.0.1"), flow("udp/53 egress 2001:db8::1"))
    assert sorted(rule.destination_address_prefixes for rule in made) == [("10.0.0.1/32",), ("2001:db8::1/128",)]


def test_a_network_within_another_of_its_rule_is_left_out_because_azure_refuses_overlaps():
    (rule,) = rules_of(
        flow("udp/53 egress 10.0.0.0/8"), flow("udp/53 egress 10.1.0.0/16"), flow("udp/53 egress 11.0.0.0/8")
    )
    assert rule.destination_address_prefixes == ("10.0.0.0/8", "11.0.0.0/8")


def test_a_service_tag_stands_alone():
    made = rules_of(flow("tcp/443 egress Storage"), flow("tcp/443 egress Internet"), flow("tcp/443 egress 10.0.0.1"))
    assert sorted(rule.destination_address_prefixes for rule in made) == [("10.0.0.1/32",), ("Internet",), ("Storage",)]


def test_application_security_groups_and_self_share_a_rule():
    (rule,) = rules_of(flow("tcp/22 ingress self"), flow("tcp/22 ingress asg-admins"))
    assert rule.source_application_security_groups == ("asg-admins", "self")
    assert rule.source_address_prefixes == ()


def test_active_ftp_differs_from_the_rest_by_its_source_port():
    (rule,) = rules_of(flow("tcp/1024-65535 egress 10.0.0.1", source_ports=(20, 20)))
    assert rule.source_port_ranges == ("20",)


def test_both_directions_end_in_a_rule_that_denies_the_rest_even_without_a_flow():
    lowered = lower(policy(), deployment())
    (group,) = lowered.native.groups
    assert [(rule.direction, rule.access, rule.priority) for rule in group.rules] == [
        ("Inbound", "Deny", 4096),
        ("Outbound", "Deny", 4096),
    ]
    assert not lowered.packets["data1"]


def test_probes_reach_the_served_tcp_ports_and_cite_their_rows():
    lowered = lower(
        policy(
            flow("tcp/25 ingress 0.0.0.0/0", rows=(6,)),
            flow("tcp/443 ingress 10.0.0.0/8", rows=(21,)),
            flow("udp/161 ingress 10.0.0.1"),
        ),
        deployment(values={"load_balancer": "yes"}),
    )
    (probe,) = [rule for rule in lowered.native.groups[0].rules if rule.source_address_prefixes == ("AzureLoadBalancer",)]
    assert (probe.destination_port_ranges, probe.rows, probe.protocol) == (("25", "443"), (6, 21), "Tcp")
    assert lower(policy(flow("tcp/25 ingress 0.0.0.0/0")), deployment()).policy.flows == (flow("tcp/25 ingress 0.0.0.0/0"),)


def test_another_reason_for_a_port_open_to_everyone_keeps_the_rule_where_it_is():
    (before,) = rules_of(flow("tcp/443 egress 0.0.0.0/0", rows=(22,)))
    (after,) = rules_of(flow("tcp/443 egress 0.0.0.0/0", rows=(22, 24)))
    assert (before.name, before.priority) == (after.name, after.priority) == ("out-tcp-443-any-ipv4", before.priority)
    assert after.rows == (22, 24)


def test_over_a_quota_rules_are_merged_exactly_and_a_note_says_so():
    made = [flow(f"tcp/443 egress 10.0.0.{row}", rows=(row,)) for row in range(1, 9)]
    lowered = lower(policy(*made), deployment(quotas={"rules_per_group": 4}))
    assert len(lowered.native.groups[0].rules) == 3
    assert "saved 7 rules" in lowered.notes[0]
    assert not differences(packets_by_interface(policy(*made)), lowered.packets)


def refused(*made, **more):
    with pytest.raises(InputError) as caught:
        lower(policy(*made), deployment(**more))
    return str(caught.value)


def test_rules_over_the_quota_are_refused_by_how_many():
    made = [
        flow(f"tcp/{2 * port} egress 10.0.0.1" if port % 2 else f"udp/{port} ingress 10.0.{port}.1", rows=(port,))
        for port in range(1, 40)
    ]
    assert "are needed after merging, 5 fit" in refused(*made, quotas={"rules_per_group": 5})


def test_a_full_range_of_priorities_is_refused_by_how_many():
    made = [flow(f"tcp/443 egress {tag}", rows=(1,)) for tag in ("Storage", "Internet", "Sql")]
    message = refused(*made, quotas={"first_priority": 100, "last_priority": 101})
    assert "3 rules of one direction are needed after merging" in message
    assert "1 too many" in message


def test_too_many_addresses_are_refused():
    made = [flow(f"tcp/443 egress 10.0.{number}.1") for number in range(5)]
    assert "5 are needed after merging, 4 fit: 1 too many" in refused(*made, quotas={"addresses_per_group": 4})


def test_eleven_application_security_groups_on_one_side_are_refused():
    message = refused(*[flow(f"tcp/443 egress asg-{number}") for number in range(11)])
    assert "row-1: one side has 11 application security groups, and Azure accepts 10." in message


def test_icmp_that_would_need_icmpv6_is_refused():
    for where in ("2001:db8::1", "asg-one", "self", "Internet"):
        assert "Azure cannot match ICMPv6" in refused(flow(f"icmp egress {where}"))
    assert rules_of(flow("icmp egress 10.0.0.0/8"))[0].protocol == "Icmp"


def test_a_group_by_name_needs_the_subscription():
    settings = {"resource_group": "rg-mail", "location": "westeurope"}
    bare = replace(deployment(), clouds={"azure": replace(deployment().clouds["azure"], values=settings)})
    with pytest.raises(InputError, match="asg-one has only a name, and the file has no subscription"):
        lower(policy(flow("tcp/22 ingress asg-one")), bare)


def test_one_group_in_two_spellings_is_refused():
    whole = (
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/RG-mail"
        "/providers/Microsoft.Network/applicationSecurityGroups/asg-one"
    )
    assert "are the same application security group" in refused(
        flow("tcp/22 ingress asg-one"), flow(f"tcp/22 ingress {whole}")
    )


def test_port_25_that_leaves_to_public_addresses_is_noted_with_the_source():
    def noted(where):
        lowered = lower(policy(flow(f"tcp/25 egress {where}")), deployment())
        return any("troubleshoot-outbound-smtp-connectivity" in note for note in lowered.notes)

    assert noted("0.0.0.0/0")
    assert noted("Internet")
    assert not noted("10.0.0.0/8")


def test_the_place_of_a_problem_is_the_users_own():
    with pytest.raises(InputError) as caught:
        lower(
            policy(flow("tcp/443 egress Storage")), deployment(values={"name_prefix": "p" * 60}, interfaces=("data1" * 5,))
        )
    assert caught.value.problems[0].place == PLACE
