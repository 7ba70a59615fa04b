from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.azure.evaluate import DEFAULT_RULES, permitted
from esacloud.azure.model import SecurityRule
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import IPV4, IPV6, Box, PacketSet

ALLOW_ALL = SecurityRule("all", 100, "Inbound", "Allow", "*")

# A small world, in which a packet is looked at one by one: addresses, references, protocols and ports that matter.
ADDRESSES = ["10.0.0.0", "10.0.0.1", "10.0.0.3", "192.0.2.1", "2001:db8::1"]
ADDRESS_SPACES = [
    "service_tag:Internet",
    "service_tag:VirtualNetwork",
    "service_tag:AzureLoadBalancer",
    "application_security_group:asg",
]
PORTS = [0, 1, 5, 9, 65535]
PROTOCOLS = {"Tcp": 6, "Udp": 17, "Icmp": 1, "Esp": 50, "Ah": 51}

ports = st.one_of(
    st.just(("*",)),
    st.lists(st.sampled_from(["1", "5", "0-4", "5-9", "9-65535"]), min_size=1, max_size=2, unique=True).map(tuple),
)
networks = ["10.0.0.0/31", "10.0.0.1", "0.0.0.0/0", "::/0", "2001:db8::/64"]
prefixes = st.one_of(
    st.just(("*",)),
    st.sampled_from(["Internet", "VirtualNetwork", "AzureLoadBalancer"]).map(lambda tag: (tag,)),
    st.lists(st.sampled_from(networks), min_size=1, max_size=3, unique=True).map(tuple),
    st.just(()),
)


@st.composite
def rules(draw):
    protocol = draw(st.sampled_from(["Tcp", "Tcp", "Udp", "Icmp", "Esp", "Ah", "*"]))
    has_ports = protocol in ("Tcp", "Udp", "*")
    direction = draw(st.sampled_from(["Inbound", "Outbound"]))
    remote = draw(prefixes)
    side, other = ("source", "destination") if direction == "Inbound" else ("destination", "source")
    return SecurityRule(
        "rule",
        draw(st.integers(100, 4096)),
        direction,
        draw(st.sampled_from(["Allow", "Deny"])),
        protocol,
        **{
            f"{side}_address_prefixes": remote,
            f"{other}_address_prefixes": ("*",),
            f"{side}_application_security_groups": () if remote else ("asg",),
            "source_port_ranges": draw(ports) if has_ports else ("*",),
            "destination_port_ranges": draw(ports) if has_ports else ("*",),
        },
    )


def in_ports(texts, port):
    for text in texts:
        first, _, last = text.partition("-")
        if text == "*" or int(first) <= port <= int(last or first):
            return True
    return False


def in_prefixes(rule, remote):
    inbound = rule.direction == "Inbound"
    texts = rule.source_address_prefixes if inbound else rule.destination_address_prefixes
    groups = rule.source_application_security_groups if inbound else rule.destination_application_security_groups
    if groups:
        return remote in [f"application_security_group:{group}" for group in groups]
    if texts == ("*",):
        return True
    if ":" in remote and remote.split(":")[0] in ("service_tag", "application_security_group"):
        return remote == f"service_tag:{texts[0]}"
    address = parse_network(remote)
    for text in texts:
        if text[0].isupper():
            continue
        network = parse_network(text)
        if network.version == address.version and network.first <= address.first <= network.last:
            return True
    return False


def decides(group, direction, protocol, source, destination, remote):
    """What Azure does with one packet: the first rule that matches, the default rules last."""
    for rule in sorted([*group, *DEFAULT_RULES], key=lambda rule: rule.priority):
        if (
            rule.direction == direction
            and rule.protocol in ("*", protocol)
            and in_ports(rule.source_port_ranges, source)
            and in_ports(rule.destination_port_ranges, destination)
            and in_prefixes(rule, remote)
        ):
            return rule.access == "Allow"
    raise AssertionError("the default rules match everything")


def point(direction, protocol, source, destination, remote):
    if remote in ADDRESS_SPACES:
        address_space, span = remote, (0, 0)
    else:
        address = parse_network(remote)
        address_space, span = (IPV4 if address.version == 4 else IPV6), (address.first, address.first)
    number = PROTOCOLS[protocol]
    return Box(
        "ingress" if direction == "Inbound" else "egress",
        address_space,
        (number, number),
        (source,) * 2,
        (destination,) * 2,
        span,
    )


@given(st.lists(rules(), max_size=6, unique_by=lambda rule: (rule.direction, rule.priority)))
def test_a_packet_passes_exactly_when_the_first_rule_that_matches_allows(group):
    found = permitted(group, address_spaces=ADDRESS_SPACES)
    world = list(product(["Inbound", "Outbound"], ["Tcp", "Icmp"], [1, 9], PORTS, [*ADDRESSES, *ADDRESS_SPACES]))
    passing = {packet for packet in world if decides(group, *packet)}
    whole = PacketSet.of(point(*packet) for packet in world)
    assert found & whole == PacketSet.of(point(*packet) for packet in passing)


def test_an_empty_group_is_open_to_the_virtual_network_and_out_to_the_internet():
    found = permitted(())
    assert found.only("ingress").address_spaces() == {"service_tag:VirtualNetwork", "service_tag:AzureLoadBalancer"}
    assert found.only("egress").address_spaces() == {"service_tag:VirtualNetwork", "service_tag:Internet"}


def test_a_star_is_both_families_and_every_address_space_that_is_named():
    other = SecurityRule("egress", 100, "Outbound", "Deny", "*", destination_address_prefixes=("Storage",))
    assert {IPV4, IPV6, "service_tag:Storage"} <= permitted((ALLOW_ALL, other)).only("ingress").address_spaces()


def test_protocols_are_read_in_any_case_as_arm_prints_them():
    assert permitted((replace(ALLOW_ALL, protocol="TCP"),)) == permitted((replace(ALLOW_ALL, protocol="Tcp"),))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"destination_port_ranges": ("70000",)}, "'70000' is not a port or a range"),
        ({"destination_port_ranges": ("20-10",)}, "'20-10' is not a port"),
        ({"destination_port_ranges": ("080",)}, "'080' is not a port"),
        ({"destination_port_ranges": ("1-",)}, "'1-' is not a port"),
        ({"destination_port_ranges": ()}, "needs source and destination ports"),
        ({"destination_port_ranges": ("*", "1")}, "a list of ports contains"),
        ({"source_address_prefixes": ("mail.example.com",)}, "is not a CIDR block or a service tag"),
        ({"source_address_prefixes": ("10.0.0.1/8",)}, "is not a CIDR block or a service tag"),
        ({"source_address_prefixes": ("Internet", "10.0.0.0/8")}, "accepts a service tag or `\\*` only by itself"),
        ({"source_address_prefixes": ("*", "10.0.0.0/8")}, "accepts a service tag or `\\*` only by itself"),
        ({"source_address_prefixes": ()}, "neither prefixes nor application security groups"),
        ({"source_application_security_groups": ("asg",)}, "both prefixes and application security groups"),
        ({"destination_address_prefixes": ("10.0.0.4",)}, "the local side"),
        ({"protocol": "Sctp"}, "'Sctp' is not a protocol"),
        ({"protocol": "Icmp", "destination_port_ranges": ("8",)}, "has no ports"),
        ({"access": "Maybe"}, "is Allow or Deny"),
        ({"direction": "Sideways"}, "Inbound or Outbound"),
    ],
)
def test_what_azure_would_not_take_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        permitted((replace(ALLOW_ALL, **change),))
