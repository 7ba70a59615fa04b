"""The evaluator: sets of atoms say of each packet what the rules say."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from explore.ec2 import Group, Rule
from explore.permits import Atoms, UnknownRuleError, permitted
from explore.transitions import ENI, WEB, account
from hypothesis import given
from hypothesis import strategies as st

_NETWORKS = ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.5.0/24", "10.1.5.7/32", "192.0.2.0/24")
_RULES = st.builds(
    lambda egress, protocol, span, network: (
        Rule(egress, protocol, None, None, "ipv4", network)
        if protocol == "-1"
        else Rule(egress, protocol, span[0], span[1], "ipv4", network)
    ),
    st.booleans(),
    st.sampled_from(["tcp", "udp", "-1"]),
    st.sampled_from([(0, 65535), (20, 30), (25, 25), (26, 80)]),
    st.sampled_from(_NETWORKS),
)


def permits(rule: Rule, egress: bool, protocol: str, port: int, address: str) -> bool:
    fits = rule.protocol == "-1" or (rule.protocol == protocol and rule.first <= port <= rule.last)  # type: ignore[operator]
    return rule.egress == egress and fits and ip_address(address) in ip_network(rule.source)


@given(
    st.lists(_RULES, min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from(["tcp", "udp"]),
    st.sampled_from([0, 19, 20, 25, 26, 30, 31, 80, 81, 65535]),
    st.sampled_from(["10.1.5.7", "10.1.5.8", "10.1.6.0", "10.2.0.0", "11.0.0.0", "192.0.2.255", "9.255.255.255"]),
)
def test_a_packet_is_in_the_set_exactly_when_a_rule_permits_it(
    rules: list[Rule], egress: bool, protocol: str, port: int, address: str
) -> None:
    probe = Rule(egress, protocol, port, port, "ipv4", f"{address}/32")
    atoms = Atoms([*rules, probe])
    union = 0
    for rule in rules:
        union |= atoms.mask(rule)
    assert (atoms.mask(probe) & ~union == 0) == any(permits(rule, egress, protocol, port, address) for rule in rules)


def test_a_network_interface_permits_what_any_of_its_groups_does() -> None:
    one = Rule(True, "udp", 123, 123, "ipv4", "10.1.0.0/16")
    two = Rule(True, "udp", 123, 123, "ipv6", "fd00::/64")
    groups = (Group("sg-1", "one", "", (), (one,)), Group("sg-2", "two", "", (), (two,)))
    atoms = Atoms([one, two])
    for carried, want in (("sg-1",), atoms.mask(one)), (("sg-1", "sg-2"), atoms.mask(one) | atoms.mask(two)), ((), 0):
        found = permitted(account({ENI: carried}, groups), atoms, [(ENI, carried)])
        assert found == {ENI: want}


def test_a_group_is_a_source_by_its_name_whatever_its_id_is() -> None:
    rule = Rule(False, "tcp", 22, 22, "group", "self")
    atoms = Atoms([rule])
    for name in ("sg-1", "sg-2"):
        groups = (Group(name, "self", "", (), (rule._replace(source=name),)),)
        assert permitted(account({ENI: [name]}, groups), atoms, [(ENI, [name])]) == {ENI: atoms.mask(rule)}


@pytest.mark.parametrize(
    "rule",
    [
        Rule(True, "udp", 123, 124, "ipv4", "10.1.0.0/16"),
        Rule(True, "udp", 123, 123, "ipv4", "10.1.0.0/17"),
        Rule(True, "tcp", 123, 123, "ipv4", "10.1.0.0/16"),
        Rule(True, "udp", 123, 123, "list", "pl-1"),
    ],
)
def test_a_rule_that_cuts_across_the_atoms_is_reported(rule: Rule) -> None:
    with pytest.raises(UnknownRuleError):
        Atoms([Rule(True, "udp", 123, 123, "ipv4", "10.1.0.0/16")]).mask(rule)


def test_words_name_some_of_a_set_and_count_the_rest() -> None:
    rule = Rule(True, "udp", 123, 123, "ipv4", "10.1.0.0/16")
    atoms = Atoms([rule, Rule(False, "tcp", 443, 443, "group", WEB)])
    assert atoms.words(atoms.mask(rule)) == "egress udp/123 10.1.0.0-10.1.255.255"
    every = atoms.mask(Rule(True, "-1", None, None, "ipv4", "0.0.0.0/0"))
    assert "and " in atoms.words(every)
    assert atoms.words(0) == ""
