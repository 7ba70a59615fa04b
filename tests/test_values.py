"""A value class does what a frozen dataclass with slots does; each case is held against one."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from esacloud import values
from esacloud.errors import Place


def both(body: Callable[[Any], type]) -> list[type]:
    """The same class, once made by this package and once by the standard library."""
    return [body(values.value_class), body(dataclasses.dataclass(frozen=True, slots=True))]


def point(make: Any) -> type:
    @make
    class Point:
        """A point."""

        x: int
        y: int = 2
        names: tuple[str, ...] = ()

        @property
        def total(self) -> int:
            """The sum."""
            return self.x + self.y

    return Point


OURS, THEIRS = both(point)
SAID: Mapping[str, Callable[[Any], Any]] = {
    "repr": lambda point: repr(point(1)),
    "default": lambda point: (point(1).y, point(1).names, point(1, 5).y, point(x=1, names=("a",)).names),
    "equal": lambda point: (point(1) == point(1), point(1) == point(2), point(1) == (1, 2, ()), point(1) != point(1, 2)),
    "hash": lambda point: (len({point(1), point(1, 2), point(3)}), hash(point(1)) == hash(point(1))),
    "replace": lambda point: repr(dataclasses.replace(point(1), y=9)),
    "fields": lambda point: [(field.name, field.type, field.init, field.repr) for field in dataclasses.fields(point)],
    "asdict": lambda point: dataclasses.asdict(point(1, names=("a", "b"))),
    "is_dataclass": lambda point: dataclasses.is_dataclass(point(1)),
    "match": lambda point: point.__match_args__,
    "copy": lambda point: (copy.copy(point(1)) == point(1), copy.deepcopy(point(1)) == point(1)),
    "property": lambda point: point(1).total,
    "slots": lambda point: hasattr(point(1), "__dict__"),
    "doc": lambda point: point.__doc__,
}


@pytest.mark.parametrize("name", SAID)
def test_it_says_what_a_dataclass_says(name: str) -> None:
    assert SAID[name](OURS) == SAID[name](THEIRS)


@pytest.mark.parametrize("kind", [OURS, THEIRS], ids=["ours", "theirs"])
def test_its_fields_cannot_be_assigned_or_deleted(kind: Any) -> None:
    made = kind(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.x
    assert made.x == 1


def test_it_takes_no_attribute_that_is_no_field() -> None:
    with pytest.raises(AttributeError):
        OURS(1).other = 2


@pytest.mark.parametrize("kind", [OURS, THEIRS], ids=["ours", "theirs"])
@pytest.mark.parametrize(("words", "says"), [(((), {}), "x"), (((1,), {"z": 3}), "z"), (((1,), {"x": 1}), "x")])
def test_a_missing_unknown_or_doubled_argument_is_refused_by_name(kind: Any, words: Any, says: str) -> None:
    positional, named = words
    with pytest.raises(TypeError, match=says):
        kind(*positional, **named)


def test_values_of_two_classes_are_never_equal() -> None:
    assert OURS(1) != THEIRS(1)
    assert OURS(1) != both(point)[0](1)


def test_a_factory_makes_each_its_own_and_what_is_left_out_of_comparing_does_not_count() -> None:
    @values.value_class
    class Bag:
        items: dict[str, int] = values.field(default_factory=dict)
        note: str = values.field(default_factory=str, compare=False, repr=False)

    assert Bag().items is not Bag().items
    assert Bag(note="a") == Bag(note="b")
    assert repr(Bag(note="a")) == repr(Bag())


def test_without_slots_there_is_room_for_a_cached_property() -> None:
    from functools import cached_property

    asked = []

    @values.value_class(slots=False)
    class Lazy:
        x: int

        @cached_property
        def twice(self) -> int:
            asked.append(self.x)
            return self.x * 2

    made = Lazy(4)
    assert (made.twice, made.twice, asked) == (8, 8, [4])
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.x = 5  # type: ignore[misc]


def test_a_value_survives_pickling() -> None:
    place = Place("f.yaml", 3, 4, "peers")
    assert pickle.loads(pickle.dumps(place)) == place
