"""The order of steps, played through in memory: no step, and no part of a step, leaves the law."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from esacloud.errors import InputError, Place
from esacloud.live.model import GroupChange, LiveGroup, LiveRule
from esacloud.live.order import ordered
from esacloud.packets import EVERY_PORT, Box, PacketSet

PLACE = Place("gateway.yaml")


def rule(low: int, high: int) -> LiveRule:
    box = Box("in", "ipv4", (6, 6), EVERY_PORT, (25, 25), (low, high))
    return LiveRule(f"{low}-{high}", "in", (box,), "", {}, counts=(("rules", 1),))


RULES = st.builds(lambda low, more: rule(low, low + more), st.integers(0, 12), st.integers(0, 4))
SETS = st.lists(RULES, max_size=6, unique_by=lambda one: one.key).map(tuple)


def group(rules: tuple[LiveRule, ...]) -> LiveGroup:
    return LiveGroup("data1", "data1", "data1", "", rules, id="sg-1")


def change(old: tuple[LiveRule, ...], new: tuple[LiveRule, ...]) -> GroupChange:
    before, after = {one.key for one in old}, {one.key for one in new}
    return GroupChange(
        "data1",
        "data1",
        group(old),
        group(new),
        add=tuple(one for one in new if one.key not in before),
        remove=tuple(one for one in old if one.key not in after),
        stays=tuple(one for one in old if one.key in after),
    )


def packets(rules: dict[str, LiveRule]) -> PacketSet:
    return PacketSet.of(box for one in rules.values() for box in one.boxes)


@given(old=SETS, new=SETS, room=st.integers(0, 2))
def test_every_rule_of_every_step_keeps_the_law_and_the_quota(
    old: tuple[LiveRule, ...], new: tuple[LiveRule, ...], room: int
) -> None:
    limit = max(len(old), len(new)) + room
    try:
        steps = ordered([change(old, new)], {"rules": limit}, PLACE)
    except InputError:
        assert room == 0 or limit < len(old) + len(new)
        assume(False)
    now = {one.key: one for one in old}
    was, will = packets(now), packets({one.key: one for one in new})
    for step in steps:
        for one in step.rules:
            if step.action == "add":
                now[one.key] = one
            else:
                del now[one.key]
            assert (was & will) <= packets(now) <= (was | will)
            assert len(now) <= limit
    assert now.keys() == {one.key for one in new}


def test_with_room_everything_is_added_in_one_step_and_then_removed_in_one() -> None:
    steps = ordered([change((rule(0, 1), rule(2, 3)), (rule(4, 5), rule(6, 7)))], {"rules": 9}, PLACE)
    assert [(step.action, len(step.rules), step.why) for step in steps] == [("add", 2, ""), ("remove", 2, "")]


def test_without_room_only_as_many_rules_go_first_as_are_needed_and_none_that_both_states_need() -> None:
    old, new = (rule(0, 3), rule(4, 4), rule(5, 5)), (rule(0, 1), rule(2, 3), rule(9, 9))
    first, *_ = ordered([change(old, new)], {"rules": 4}, PLACE)
    assert first.action == "add"
    steps = ordered([change(old, new)], {"rules": 3}, PLACE)
    assert steps[0].action == "remove"
    assert {one.key for one in steps[0].rules} == {"4-4", "5-5"}


def test_without_a_rule_to_spare_the_change_is_refused() -> None:
    with pytest.raises(InputError, match="no room for a new rule"):
        ordered([change((rule(0, 3),), (rule(0, 7),))], {"rules": 1}, PLACE)
