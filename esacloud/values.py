"""Frozen value classes: what `@dataclass(frozen=True, slots=True)` makes of a class, for a sixth of its time.

One start of the command defines some sixty of them, and with `dataclasses` that alone was a third of a whole `generate`:
the import, six methods written out and compiled for each class, and `object.__setattr__` for each field of each instance.
Here `__init__` alone is compiled; all else is shared. What such a class does is the same: equality, hash, repr, the error
on assignment, pattern matching, copies and pickles, and it is a dataclass to `dataclasses.replace`, `fields` and `asdict`.
A value class has no base class and no class variables with annotations.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple, NoReturn, TypeVar, cast, dataclass_transform, overload

T = TypeVar("T")


class Field(NamedTuple):
    """How a field differs from one without a default; see `dataclasses.field`, which this is a small part of."""

    default_factory: Callable[[], Any] | None = None
    init: bool = True
    repr: bool = True
    compare: bool = True


_PLAIN = Field()


def field(
    *,
    default_factory: Callable[[], T] | None = None,
    init: bool = True,
    repr: bool = True,  # noqa: A002 - as dataclasses calls it
    compare: bool = True,
) -> T:
    """A field with a default that is made anew each time, or one that `__init__` does not take or comparing leaves out."""
    return cast(T, Field(default_factory, init, repr, compare))


class _DataclassFields:
    """`__dataclass_fields__`, made when somebody first asks: so the module `dataclasses` is imported for them alone."""

    def __get__(self, instance: object, owner: type) -> dict[str, Any]:
        import dataclasses

        made = []
        defaults = owner.__dict__["_defaults"]
        for name, its in owner.__dict__["_fields"].items():
            more = {"default": defaults[name]} if name in defaults else {}
            if its.default_factory is not None:
                more = {"default_factory": its.default_factory}
            found = dataclasses.field(init=its.init, repr=its.repr, compare=its.compare, **more)
            made.append((name, owner.__annotations__[name], found))
        fields: dict[str, Any] = dataclasses.make_dataclass(owner.__name__, made).__dict__["__dataclass_fields__"]
        type.__setattr__(owner, "__dataclass_fields__", fields)
        return fields


@overload
def value_class(cls: type[T], /) -> type[T]: ...


@overload
def value_class(*, slots: bool) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_class(cls: type[T] | None = None, /, *, slots: bool = True) -> Any:
    """Make a class of annotated fields a frozen value class; `slots=False` leaves room for a cached property."""
    return _made(cls, slots) if cls is not None else lambda cls: _made(cls, slots)


def _made(cls: type[T], slots: bool) -> type[T]:
    body = dict(cls.__dict__)
    names = tuple(body.get("__annotations__", ()))
    fields, defaults = {}, {}
    for name in names:
        default = body.pop(name, _PLAIN) if slots else body.get(name, _PLAIN)
        fields[name] = default if isinstance(default, Field) else _PLAIN
        if not isinstance(default, Field):
            defaults[name] = default
    compared = [name for name in names if fields[name].compare]
    body.pop("__dict__", None)
    body.pop("__weakref__", None)
    body.update(
        __qualname__=cls.__qualname__,
        __match_args__=tuple(name for name in names if fields[name].init),
        _fields=fields,
        _defaults=defaults,
        **_SHARED,
        **_comparing(attrgetter(*compared) if compared else _nothing),
    )
    if slots:
        body["__slots__"] = names
    made: Any = type(cls.__name__, (), body)
    made.__init__ = _init(made, fields, defaults, slots)
    return cast("type[T]", made)


def _nothing(_: object) -> tuple[()]:
    return ()


def _comparing(compared: Callable[[Any], Any]) -> dict[str, Any]:
    def __eq__(self: Any, other: object) -> Any:  # noqa: N807 - it becomes a method
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807 - it becomes a method
        return hash(compared(self))

    return {"__eq__": __eq__, "__hash__": __hash__}


def _init(made: Any, fields: dict[str, Field], defaults: dict[str, Any], slots: bool) -> Callable[..., None]:
    """`__init__`, written out: it has to be fast, and to name its parameters where one is missing or unknown."""
    space: dict[str, Any] = {"__builtins__": {}, "_missing": _MISSING}
    parameters, lines = ["self"], []
    for name, its in fields.items():
        if not its.init:
            continue
        parameters.append(name)
        given = name
        if its.default_factory is not None:
            parameters[-1] += "=_missing"
            space[f"_make_{name}"] = its.default_factory
            given = f"_make_{name}() if {name} is _missing else {name}"
        elif name in defaults:
            parameters[-1] += f"=_default_{name}"
            space[f"_default_{name}"] = defaults[name]
        if slots:  # what a slot's own descriptor sets, `__setattr__` does not refuse
            space[f"_set_{name}"] = made.__dict__[name].__set__
            lines.append(f"_set_{name}(self, {given})")
        else:
            lines.append(f"self.__dict__[{name!r}] = {given}")
    if "__post_init__" in made.__dict__:
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), space)  # noqa: S102 - our own text
    init = space["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    init.__annotations__ = {name: made.__annotations__[name] for name in fields if fields[name].init} | {"return": None}
    return cast("Callable[..., None]", init)


_MISSING: Any = object()


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, its in self._fields.items() if its.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _replace(self: Any, /, **changes: Any) -> Any:
    """The same with some fields changed, as `copy.replace` of Python 3.13 asks for it."""
    return self.__class__(**{name: getattr(self, name) for name in self.__match_args__} | changes)


def _setattr(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001 - Python's signature
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: object, name: str) -> NoReturn:  # noqa: ARG001 - Python's signature
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self._fields]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, its in zip(self._fields, state, strict=True):
        object.__setattr__(self, name, its)


_SHARED: dict[str, Any] = {
    "__repr__": _repr,
    "__replace__": _replace,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
    "__dataclass_fields__": _DataclassFields(),
}
