"""Rules over several groups of one interface, where one group does not hold them all.

Each rule has an order of preference among the groups, made of a digest of its key (rendezvous hashing), and the rules take
their turns in an order made of that digest too; a rule goes to the first group on its list that has room. So, as long as
the number of groups stays, a new rule moves at most one rule for each further group, and mostly none; a further group takes
over its share. Rules that need much room go first, for then the small ones fill what is left.
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
        direction, size = rule.direction, rule.size
        for version in rule.families:
            found[direction, version] += size
    return found


def split(rules: Sequence[SecurityGroupRule], limits: Limits) -> list[list[SecurityGroupRule]] | None:
    """The rules of each group, at least one group, as few as can be found; None where the groups do not hold them.

    In a group the rules keep the order in which they came.
    """
    per_group = limits.rules_per_group
    fewest = max(1, *(-(-count // per_group) for count in counts(rules).values()))
    if fewest == 1:
        return [list(rules)]
    turns = sorted((_turn(rule), position) for position, rule in enumerate(rules))
    for groups in range(fewest, limits.groups_per_interface + 1):
        if (placed := _placed(rules, turns, groups, per_group)) is not None:
            out: list[list[SecurityGroupRule]] = [[] for _ in range(groups)]
            for position, rule in enumerate(rules):
                out[placed[position]].append(rule)
            return out
    return None


def _turn(rule: SecurityGroupRule) -> tuple[int, int, bytes]:
    return -len(rule.families), -rule.size, sha256(rule.key.encode()).digest()


def _placed(
    rules: Sequence[SecurityGroupRule],
    turns: list[tuple[tuple[int, int, bytes], int]],
    groups: int,
    per_group: int,
) -> dict[int, int] | None:
    """The group of each rule, both by position; None where some rule finds no room."""
    room = {(number, *counter): per_group for number in range(groups) for counter in COUNTERS}
    placed: dict[int, int] = {}
    for (_, _, digest), position in turns:
        rule = rules[position]
        for number in sorted(range(groups), key=lambda number: digest[2 * number : 2 * number + 2], reverse=True):
            places = [(number, rule.direction, version) for version in rule.families]
            if all(room[place] >= rule.size for place in places):
                for place in places:
                    room[place] -= rule.size
                placed[position] = number
                break
        else:
            return None
    return placed
