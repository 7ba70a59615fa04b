"""Rules over several groups of one interface, where one group does not hold them all.

A digest of its key gives each rule an order of preference among the groups (rendezvous hashing) and its turn; it goes to
the first group of its preference that has room. So, while the number of groups stays, a new rule moves at most one rule for
each further group, and mostly none. Rules that need much room go first, because the small ones then fill what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from esacloud.aws.limits import Limits
from esacloud.aws.model import SecurityGroupRule
from esacloud.packets.addresses import Version
from esacloud.packets.sets import Direction

Counter = tuple[Direction, Version]  # a quota counts one direction and address family
COUNTERS: tuple[Counter, ...] = (("ingress", 4), ("ingress", 6), ("egress", 4), ("egress", 6))


def counts(rules: Sequence[SecurityGroupRule]) -> dict[Counter, int]:
    """What the rules count against the quota, by direction and address family."""
    found = dict.fromkeys(COUNTERS, 0)
    for rule in rules:
        for version in rule.families:
            found[rule.direction, version] += rule.size
    return found


def split(rules: Sequence[SecurityGroupRule], limits: Limits) -> list[list[SecurityGroupRule]] | None:
    """The rules of each group in their order, over as few groups as can be found; None where they do not fit."""
    per_group = limits.rules_per_group
    fewest = max(1, *(-(-count // per_group) for count in counts(rules).values()))
    if fewest == 1:
        return [list(rules)]
    turns = sorted((_turn(rule), position) for position, rule in enumerate(rules))
    for groups in range(fewest, limits.groups_per_interface + 1):
        if assigned := _assigned(rules, turns, groups, per_group):
            return [
                [rule for position, rule in enumerate(rules) if assigned[position] == number] for number in range(groups)
            ]
    return None


def _turn(rule: SecurityGroupRule) -> tuple[int, int, bytes]:
    return -len(rule.families), -rule.size, sha256(rule.key.encode()).digest()


def _assigned(
    rules: Sequence[SecurityGroupRule], turns: list[tuple[tuple[int, int, bytes], int]], groups: int, per_group: int
) -> dict[int, int] | None:
    """The group of each rule, both by position; None where a rule finds no room."""
    room = {(number, *counter): per_group for number in range(groups) for counter in COUNTERS}
    assigned: dict[int, int] = {}
    for (_, _, digest), position in turns:
        rule = rules[position]
        for number in sorted(range(groups), key=lambda number: digest[2 * number : 2 * number + 2], reverse=True):
            counters = [(number, rule.direction, version) for version in rule.families]
            if all(room[counter] >= rule.size for counter in counters):
                for counter in counters:
                    room[counter] -= rule.size
                assigned[position] = number
                break
        else:
            return None
    return assigned
