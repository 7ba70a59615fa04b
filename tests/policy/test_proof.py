"""The proof finds every difference, and says it with a packet that anyone can check."""

from __future__ import annotations

from esacloud.packets.sets import EVERY_PORT, IPV4, TCP, Box, PacketSet
from esacloud.policy.proof import differences


def ssh(first: int, last: int) -> PacketSet:
    return PacketSet.of([Box("ingress", IPV4, (TCP, TCP), EVERY_PORT, (22, 22), (first, last))])


TEN = 10 << 24


def test_equal_sets_have_no_difference() -> None:
    halves = ssh(TEN, TEN + 127) | ssh(TEN + 128, TEN + 255)
    assert differences({"management": ssh(TEN, TEN + 255)}, {"management": halves}) == ()


def test_one_address_too_many_and_one_too_few_are_both_witnessed() -> None:
    (found,) = differences({"management": ssh(TEN, TEN + 254)}, {"management": ssh(TEN + 1, TEN + 255)})
    assert list(found.sentences()) == [
        "management: tcp/22 in from 10.0.0.255/32 is permitted by the rules and not by the policy.",
        "management: tcp/22 in from 10.0.0.0/32 is permitted by the policy and not by the rules.",
    ]


def test_an_interface_that_only_one_side_has_is_a_difference() -> None:
    missing, extra = differences({"data1": ssh(TEN, TEN)}, {"management": ssh(TEN, TEN)})
    assert (missing.interface, bool(missing.missing), bool(missing.extra)) == ("data1", True, False)
    assert (extra.interface, bool(extra.missing), bool(extra.extra)) == ("management", False, True)


def test_an_interface_without_packets_equals_one_that_is_not_there() -> None:
    assert differences({"data1": PacketSet()}, {}) == ()
