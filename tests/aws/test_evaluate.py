"""Rules are read as EC2 reads them, whoever wrote them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from esacloud.aws.evaluate import box, packets
from esacloud.aws.model import SecurityGroup, SecurityGroupRule
from esacloud.packets.sets import EVERY_PORT, EVERY_PROTOCOL, IPV4, IPV6, ONE_POINT, Box, PacketSet

RULE = SecurityGroupRule("ingress", "tcp", 22, 23, "cidr_ipv4", "10.0.0.0/24", "", (), (), 1, "key")
TEN = (10 << 24, (10 << 24) + 255)


@pytest.mark.parametrize(
    ("change", "meant"),
    [
        ({}, Box("ingress", IPV4, (6, 6), EVERY_PORT, (22, 23), TEN)),
        ({"direction": "egress"}, Box("egress", IPV4, (6, 6), EVERY_PORT, (22, 23), TEN)),
        ({"ip_protocol": "17"}, Box("ingress", IPV4, (17, 17), EVERY_PORT, (22, 23), TEN)),
        ({"ip_protocol": "47"}, Box("ingress", IPV4, (47, 47), EVERY_PORT, EVERY_PORT, TEN)),
        ({"ip_protocol": "-1"}, Box("ingress", IPV4, EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT, TEN)),
        (
            {"ip_protocol": "icmp", "from_port": 8, "to_port": -1},
            Box("ingress", IPV4, (1, 1), EVERY_PORT, (2048, 2303), TEN),
        ),
        ({"ip_protocol": "icmp", "from_port": 3, "to_port": 4}, Box("ingress", IPV4, (1, 1), EVERY_PORT, (772, 772), TEN)),
        (
            {"ip_protocol": "icmp", "from_port": -1, "to_port": -1},
            Box("ingress", IPV4, (1, 1), EVERY_PORT, EVERY_PORT, TEN),
        ),
        (
            {"ip_protocol": "icmpv6", "from_port": None, "to_port": None},
            Box("ingress", IPV4, (58, 58), EVERY_PORT, EVERY_PORT, TEN),
        ),
        ({"source_kind": "cidr_ipv6", "source": "::1/128"}, Box("ingress", IPV6, (6, 6), EVERY_PORT, (22, 23), (1, 1))),
        ({"source_kind": "self", "source": ""}, Box("ingress", "self", (6, 6), EVERY_PORT, (22, 23), ONE_POINT)),
        (
            {"source_kind": "prefix_list_id", "source": "pl-0a"},
            Box("ingress", "prefix_list:pl-0a", (6, 6), EVERY_PORT, (22, 23), ONE_POINT),
        ),
        (
            {"source_kind": "referenced_security_group_id", "source": "sg-0a"},
            Box("ingress", "security_group:sg-0a", (6, 6), EVERY_PORT, (22, 23), ONE_POINT),
        ),
    ],
)
def test_a_rule_permits_what_ec2_says_it_does(change: dict[str, object], meant: Box) -> None:
    assert box(replace(RULE, **change)) == meant  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"source": "10.0.0.1/24"},
        {"source": "somewhere"},
        {"source": "::/0"},
        {"source_kind": "cidr_ipv6"},
        {"source_kind": "prefix_list_id", "source": ""},
        {"ip_protocol": "bogus"},
        {"ip_protocol": "256"},
        {"ip_protocol": "-2"},
        {"from_port": None},
        {"from_port": 24},
        {"to_port": 70000},
        {"ip_protocol": "icmp", "from_port": 300, "to_port": -1},
        {"ip_protocol": "icmp", "from_port": -1, "to_port": 0},
    ],
)
def test_a_rule_that_ec2_would_not_take_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        box(replace(RULE, **change))  # type: ignore[arg-type]


def test_the_groups_of_an_interface_add_up_and_an_empty_one_permits_nothing() -> None:
    other = replace(RULE, from_port=80, to_port=80)
    groups = [
        SecurityGroup("data1", "data1", "", (RULE,)),
        SecurityGroup("data1-2", "data1", "", (other,)),
        SecurityGroup("data2", "data2", "", ()),
    ]
    assert packets(groups) == {"data1": PacketSet.of([box(RULE), box(other)]), "data2": PacketSet()}
