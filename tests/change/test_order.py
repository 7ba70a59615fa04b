"""The order of steps, played through in memory: no step, and no part of a step, violates the safety invariant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from esacloud.change.model import GroupChange, LiveGroup, LiveRule, Step
from esacloud.change.order import ordered
from esacloud.change.replacing import replaceable
from esacloud.errors import InputError, Place
from esacloud.packets.sets import EVERY_PORT, Box, PacketSet

PLACE = Place("gateway.yaml")


def rule(low: int, high: int, kind: str = "plain") -> LiveRule:
    box = Box("ingress", "ipv4", (6, 6), EVERY_PORT, (25, 25), (low, high))
    return LiveRule(f"{kind} {low}-{high}", "ingress", (box,), "", {"kind": kind}, counts=(("rules", 1),))


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
        kept=tuple(one for one in old if one.key in after),
    )


def packets_of(*rules: LiveRule) -> PacketSet:
    return PacketSet.of(box for one in rules for box in one.boxes)


def packets(rules: dict[str, LiveRule]) -> PacketSet:
    return PacketSet.of(box for one in rules.values() for box in one.boxes)


def boxes_of(rules: Iterable[LiveRule]) -> Iterator[Box]:
    return (box for one in rules for box in one.boxes)


def same_kind(old: LiveRule, new: LiveRule) -> bool:
    """Rules of one kind can become each other, as those of one kind of source can on EC2."""
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
def test_every_rule_of_every_step_keeps_the_invariant_and_the_quota(
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
    assert [(step.action, len(step.rules), step.reason) for step in steps] == [("add", 2, ""), ("remove", 2, "")]


def test_without_room_only_as_many_rules_go_first_as_are_needed_and_none_that_both_states_need() -> None:
    old, new = (rule(0, 3), rule(4, 4), rule(5, 5)), (rule(0, 1), rule(2, 3), rule(9, 9))
    first, *_ = ordered([change(old, new)], {"rules": 4}, PLACE)
    assert first.action == "add"
    steps = ordered([change(old, new)], {"rules": 3}, PLACE)
    assert steps[0].action == "remove"
    assert {one.key for one in steps[0].rules} == {"plain 4-4", "plain 5-5"}


def test_a_rule_that_both_states_need_becomes_its_successor() -> None:
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
    pairs = replaceable([narrow, wide], [wants_either, wants_narrow], packets_of(wide), PacketSet(), same_kind, boxes_of)
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


def test_a_cloud_that_modifies_no_rules_refuses_sooner() -> None:
    with pytest.raises(InputError, match="no room for a new rule"):
        ordered([change((rule(0, 3),), (rule(0, 7),))], {"rules": 1}, PLACE)


def placed(
    old: tuple[LiveRule, ...],
    new: tuple[LiveRule, ...],
    on: tuple[str, ...],
    attach: tuple[str, ...] = (),
    detach: tuple[str, ...] = (),
) -> list[str]:
    """The steps of a change to a group that stays, on these attachments, as words."""
    made = change(old, new)
    made = replace(made, actual=replace(group(old), attached=on), attach=attach, detach=detach)
    return list(map(word, ordered([made], {"rules": 9}, PLACE, same_kind, attachments_read=True)))


def word(step: Step) -> str:
    if step.action != "assign":
        return step.action
    return "attach" if any(one.attach for one in step.assignments) else "detach"


OLD, NEW = (rule(0, 3), rule(20, 23)), (rule(0, 3), rule(40, 43))


def test_a_group_without_an_attachment_has_its_new_rules_alone_when_it_is_attached() -> None:
    assert placed(OLD, NEW, (), attach=("eni-1",)) == ["add", "remove", "attach"]


def test_a_new_attachment_gets_its_new_rules_alone() -> None:
    assert placed(OLD, NEW, ("eni-1",), attach=("eni-2",)) == ["add", "remove", "attach"]


def test_a_group_is_detached_before_it_gets_rules_that_are_not_for_its_old_attachment() -> None:
    assert placed(OLD, NEW, ("eni-1",), detach=("eni-1",)) == ["detach", "add", "remove"]
    assert placed(OLD, NEW, ("eni-1", "eni-2"), detach=("eni-1",)) == ["detach", "add", "remove"]


# Several groups on several network interfaces


@dataclass(frozen=True)
class Scene:
    """Group -> its rules, and group -> what it is attached to, before and after. A group that is missing does not exist."""

    old: dict[str, tuple[LiveRule, ...]]
    new: dict[str, tuple[LiveRule, ...]]
    on: dict[str, tuple[str, ...]]
    to: dict[str, tuple[str, ...]]


GROUPS, INTERFACES = ("data1", "data1-2", "data2"), ("eni-1", "eni-2", "eni-3")
PLACES = st.lists(st.sampled_from(INTERFACES), unique=True, max_size=3).map(sorted).map(tuple)
SMALL = st.lists(RULES, max_size=4, unique_by=lambda one: one.key).map(tuple)
DEFAULT = replace(rule(0, 15), key="everything")


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    old, new, on, to = {}, {}, {}, {}
    for name in GROUPS:
        if draw(st.booleans()):
            old[name], on[name] = draw(SMALL), draw(PLACES)
        if draw(st.booleans()):
            new[name], to[name] = draw(SMALL), draw(PLACES)
    return Scene(old, new, on, to)


def changes_of(scene: Scene) -> list[GroupChange]:
    made = []
    for name in GROUPS:
        interface = name.partition("-")[0]
        old, new = ({one.key: one for one in side.get(name, ())} for side in (scene.old, scene.new))
        on, to = set(scene.on.get(name, ())), set(scene.to.get(name, ()))
        before = LiveGroup(name, interface, name, "", scene.old.get(name, ()), id=name, attached=tuple(sorted(on)))
        after = LiveGroup(name, interface, name, "", tuple(new.values()), attached=tuple(sorted(to)))
        if name in scene.old and name in scene.new:
            made.append(
                GroupChange(
                    *(name, interface, before, after),
                    add=tuple(one for key, one in new.items() if key not in old),
                    remove=tuple(one for key, one in old.items() if key not in new),
                    kept=tuple(one for key, one in old.items() if key in new),
                    attach=tuple(sorted(to - on)),
                    detach=tuple(sorted(on - to)),
                )
            )
        elif name in scene.new:
            new_group = GroupChange(
                *(name, interface, None, after), add=after.rules, default_rules=(DEFAULT,), attach=after.attached
            )
            made.append(new_group)
        elif name in scene.old:
            made.append(
                GroupChange(name, interface, before, None, remove=before.rules, detach=before.attached, delete=True)
            )
    return made


class Cloud:
    """Groups and attachments, changed part by part; what each network interface permits is checked after each part."""

    def __init__(self, scene: Scene, limit: int) -> None:
        self.rules = {name: {one.key: one for one in rules} for name, rules in scene.old.items()}
        self.on = {name: {group for group, places in scene.on.items() if name in places} for name in INTERFACES}
        self.limit = limit
        after = {name: {group for group, places in scene.to.items() if name in places} for name in INTERFACES}
        new = {name: {one.key: one for one in rules} for name, rules in scene.new.items()}
        self.old = {name: self.permitted(name) for name in INTERFACES}
        self.new = {name: packets_of(*(one for group in after[name] for one in new[group].values())) for name in INTERFACES}

    def permitted(self, attachment: str) -> PacketSet:
        return packets_of(*(one for group in self.on[attachment] for one in self.rules[group].values()))

    def look(self) -> None:
        for name in INTERFACES:
            old, new, now = self.old[name], self.new[name], self.permitted(name)
            assert (old & new) <= now <= (old | new), name
        assert all(len(rules) <= max(self.limit, 1) for rules in self.rules.values())

    def do(self, step: Step, order: Random) -> None:
        group = step.group
        match step.action:
            case "create":
                self.rules[group] = {DEFAULT.key: DEFAULT}
            case "delete":
                assert not any(group in on for on in self.on.values())
                del self.rules[group]
            case "assign":
                for one in order.sample(step.assignments, len(step.assignments)):
                    for name in one.attach:
                        assert self.rules[name].keys() == step.expects[name]
                    self.on[one.attachment] = self.on[one.attachment] - set(one.detach) | set(one.attach)
                    self.look()
            case "confirm":
                assert all(one.key in self.rules[group] for one in step.rules)
            case _:
                for goes, comes in parts(replace(step, action="remove") if "default" in step.action else step, order):
                    if goes is not None:
                        del self.rules[group][goes.key]
                    if comes is not None:
                        self.rules[group][comes.key] = comes
                    self.look()
        self.look()


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(scene=scenes(), room=st.integers(0, 2) | st.just(20), order=st.randoms(use_true_random=False))
def test_every_part_of_every_step_keeps_the_invariant_at_every_network_interface(
    scene: Scene, room: int, order: Random
) -> None:
    limit = max((len(rules) for rules in (*scene.old.values(), *scene.new.values())), default=0) + room
    cloud = Cloud(scene, limit)
    try:
        steps = ordered(changes_of(scene), {"rules": limit}, PLACE, same_kind, attachments_read=True)
    except InputError as error:
        refused = str(error)
        steps = ()
    else:
        refused = ""
    if refused:
        event(f"refused: {refused[:60]}")
        assert room < 20 or "no order of steps" in refused
        return
    for step in steps:
        cloud.do(step, order)
    assert {name: rules.keys() for name, rules in cloud.rules.items()} == {
        name: {one.key for one in rules} for name, rules in scene.new.items()
    }
    assert cloud.on == {name: {group for group, places in scene.to.items() if name in places} for name in INTERFACES}
    written = [one.attachment for step in steps for one in step.assignments]
    event(f"writes for one attachment: {max(map(written.count, written), default=0)}")


def test_what_was_only_read_is_confirmed_before_others_go_that_permit_the_same() -> None:
    old, new = (rule(0, 9), rule(2, 3)), (rule(2, 3), rule(20, 21))
    steps = ordered([change(old, new)], {"rules": 9}, PLACE, same_kind)
    assert [(step.action, [one.key for one in step.rules]) for step in steps] == [
        ("add", ["plain 20-21"]),
        ("confirm", ["plain 2-3"]),
        ("remove", ["plain 0-9"]),
    ]


def test_groups_that_come_and_go_on_one_network_interface_take_one_write() -> None:
    scene = Scene(
        {"data1": (rule(0, 3),)},
        {"data1-2": (rule(0, 3),), "data2": (rule(4, 5),)},
        {"data1": INTERFACES},
        {"data1-2": INTERFACES, "data2": INTERFACES},
    )
    steps = ordered(changes_of(scene), {"rules": 9}, PLACE, same_kind, attachments_read=True)
    (write,) = [step for step in steps if step.action == "assign"]
    assert [(one.attachment, one.attach, one.detach) for one in write.assignments] == [
        (name, ("data1-2", "data2"), ("data1",)) for name in INTERFACES
    ]


def test_what_was_only_read_is_confirmed_before_a_group_leaves_that_permits_the_same() -> None:
    wide, narrow = rule(0, 9), rule(2, 3)
    stays = replace(group((wide,)), attached=("eni-1",))
    leaves = replace(group((narrow,)), name="data1-2", attached=("eni-1",), id="sg-2")
    changes = (
        GroupChange("data1", "data1", stays, stays, kept=(wide,)),
        GroupChange("data1-2", "data1", leaves, None, remove=(narrow,), detach=("eni-1",), delete=True),
    )
    steps = ordered(changes, {}, PLACE, attachments_read=True)
    assert [(step.action, step.group) for step in steps] == [
        ("confirm", "data1"),
        ("assign", "data1-2"),
        ("delete", "data1-2"),
    ]
    assert steps[0].rules == (wide,)
