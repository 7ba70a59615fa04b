"""The order of steps, played through in memory: no step, and no part of a step, leaves the law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from esacloud.errors import InputError, Place
from esacloud.live.model import GroupChange, LiveGroup, LiveRule, Step
from esacloud.live.order import ordered
from esacloud.live.replacing import replaceable
from esacloud.packets import EVERY_PORT, Box, PacketSet

PLACE = Place("gateway.yaml")


def rule(low: int, high: int, kind: str = "plain") -> LiveRule:
    box = Box("in", "ipv4", (6, 6), EVERY_PORT, (25, 25), (low, high))
    return LiveRule(f"{kind} {low}-{high}", "in", (box,), "", {"kind": kind}, counts=(("rules", 1),))


KINDS = st.sampled_from(["plain", "plain", "list"])
RULES = st.builds(lambda low, more, kind: rule(low, low + more, kind), st.integers(0, 12), st.integers(0, 4), KINDS)
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


def packets_of(*rules: LiveRule) -> PacketSet:
    return PacketSet.of(box for one in rules for box in one.boxes)


def packets(rules: dict[str, LiveRule]) -> PacketSet:
    return PacketSet.of(box for one in rules.values() for box in one.boxes)


def same_kind(old: LiveRule, new: LiveRule) -> bool:
    """Rules of one colour can turn into each other, as those of one kind of far side can on EC2."""
    return old.native["kind"] == new.native["kind"]


def parts(step: Step, order: Random) -> Iterator[tuple[LiveRule | None, LiveRule | None]]:
    """What goes and what comes, rule by rule, in any order: a call may take effect in parts."""
    olds = step.replaces or ((None,) * len(step.rules) if step.action == "add" else step.rules)
    news = (None,) * len(step.rules) if step.action == "remove" else step.rules
    pairs = list(zip(olds, news, strict=True))
    order.shuffle(pairs)
    yield from pairs


@st.composite
def successors(draw: st.DrawFn) -> tuple[tuple[LiveRule, ...], tuple[LiveRule, ...]]:
    """Rules far from each other, and each one's successor, a little wider or narrower, in any order."""
    old, new = [], []
    for start in draw(st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True)):
        low, high = 20 * start + 5, 20 * start + 10
        old.append(rule(low, high))
        new.append(rule(low + draw(st.integers(-3, 2)), high + draw(st.integers(-2, 3))))
    return tuple(draw(st.permutations(old))), tuple(draw(st.permutations(new)))


@settings(max_examples=400)
@given(pair=st.tuples(SETS, SETS) | successors(), room=st.integers(0, 2), order=st.randoms(use_true_random=False))
def test_every_rule_of_every_step_keeps_the_law_and_the_quota(
    pair: tuple[tuple[LiveRule, ...], tuple[LiveRule, ...]], room: int, order: Random
) -> None:
    old, new = pair
    limit = max(len(old), len(new)) + room
    try:
        steps = ordered([change(old, new)], {"rules": limit}, PLACE, same_kind)
    except InputError:
        assert limit < len({one.key for one in (*old, *new)})
        event("refused")
        return
    event("replaced" if any(step.action == "replace" for step in steps) else "added and removed")
    now = {one.key: one for one in old}
    was, will = packets(now), packets({one.key: one for one in new})
    for step in steps:
        for goes, comes in parts(step, order):
            if goes is not None:
                del now[goes.key]
            if comes is not None:
                now[comes.key] = comes
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
    assert {one.key for one in steps[0].rules} == {"plain 4-4", "plain 5-5"}


def test_a_rule_that_both_states_need_turns_into_its_successor() -> None:
    for old, new in ((rule(0, 3), rule(0, 7)), (rule(0, 7), rule(0, 3))):
        (step,) = ordered([change((old,), (new,))], {"rules": 1}, PLACE, same_kind)
        assert (step.action, step.replaces, step.rules) == ("replace", (old,), (new,))


def test_two_rules_that_become_one_leave_no_gap() -> None:
    old, new = (rule(0, 3), rule(4, 7)), (rule(0, 7), rule(9, 9))
    steps = ordered([change(old, new)], {"rules": 2}, PLACE, same_kind)
    assert [step.action for step in steps] == ["replace", "remove", "add"]


def test_partners_are_found_for_as_many_as_there_can_be() -> None:
    wide, narrow = rule(0, 7), rule(0, 3)
    wants_either, wants_narrow = rule(0, 9), rule(0, 4)
    pairs = replaceable([narrow, wide], [wants_either, wants_narrow], packets_of(wide), PacketSet(), same_kind)
    assert pairs == [(wide, wants_either), (narrow, wants_narrow)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((rule(0, 7),), (rule(0, 3), rule(4, 7))),  # one becomes two
        ((rule(0, 3),), (rule(0, 7, "list"),)),  # of another kind
        ((rule(0, 3), rule(9, 9)), (rule(2, 7), rule(0, 1, "list"))),  # what is needed is spread over two
    ],
)
def test_without_a_way_the_change_is_refused(old: tuple[LiveRule, ...], new: tuple[LiveRule, ...]) -> None:
    limit = len(old)
    with pytest.raises(InputError, match="no room for a new rule"):
        ordered([change(old, new)], {"rules": limit}, PLACE, same_kind)


def test_a_cloud_that_turns_no_rule_into_another_refuses_sooner() -> None:
    with pytest.raises(InputError, match="no room for a new rule"):
        ordered([change((rule(0, 3),), (rule(0, 7),))], {"rules": 1}, PLACE)


def placed(
    old: tuple[LiveRule, ...], new: tuple[LiveRule, ...], on: tuple[str, ...], **moves: tuple[str, ...]
) -> list[str]:
    """The steps of a change to a group that stays, on these carriers, as words."""
    made = change(old, new)
    made = replace(made, before=replace(made.before, attached=on), **moves)
    return ["detach" if step.detach else step.action for step in ordered([made], {"rules": 9}, PLACE, same_kind)]


OLD, NEW = (rule(0, 3), rule(20, 23)), (rule(0, 3), rule(40, 43))


def test_a_group_that_nothing_carries_yet_has_its_new_rules_alone_when_it_is_attached() -> None:
    assert placed(OLD, NEW, (), attach=("eni-1",)) == ["add", "remove", "attach"]


def test_what_carries_a_group_from_now_on_gets_its_new_rules_alone() -> None:
    assert placed(OLD, NEW, ("eni-1",), attach=("eni-2",)) == ["add", "remove", "attach"]


def test_a_group_is_taken_off_before_it_gets_rules_that_are_not_for_what_carried_it() -> None:
    assert placed(OLD, NEW, ("eni-1",), detach=("eni-1",)) == ["detach", "add", "remove"]
    assert placed(OLD, NEW, ("eni-1", "eni-2"), detach=("eni-1",)) == ["detach", "add", "remove"]
