"""A state of an exploration: the account, the runs, what may still deviate; and how it is said in words."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from explore.judge import Bounds
from explore.strands import Call, Files, Node, Outcome

ONCE = ("kill", "stale", "outside", "refusal", "lost")
ALSO = ("lag", "redelivered", "unknown")  # some reads in a row lag; a call is done twice; a write does not know a new group
REFUSALS = {
    "refuse": ("UnauthorizedOperation", "You are not authorized to perform this operation."),
    "expire": ("ExpiredToken", "The security token included in the request is expired"),
}
Status = Literal["waiting", "live", "done", "failed", "killed"]


class Slot(NamedTuple):
    """A run. `at` is None before it begins.

    - `program`: the number of what it does; `tries`: how often it has begun.
    - `reached`: whether its target has been there since its own last change; `reached_once`: since it began.
    - `fault`: what went wrong for it; `expired`: its credentials; `lag`: how many changes behind its next reads are, and
      how many reads.
    - `misled`: whether an answer was stale since its own last change, so that it cannot know better.
    - `saw`: whether its last look showed the group that somebody else put on a network interface.
    """

    program: int
    machine: int
    status: Status = "waiting"
    at: Node | None = None
    clock: float = 0.0
    tries: int = 0
    reached: bool = False
    reached_once: bool = False
    fault: str = ""
    expired: bool = False
    lag: tuple[int, int] = (0, 0)
    saw: bool = False
    met_outside: bool = False
    misled: bool = False


class State(NamedTuple):
    """Everything; `past` are the accounts before each change, the latest first, as long as a read may be stale."""

    account: int
    past: tuple[int, ...]
    slots: tuple[Slot, ...]
    turn: int
    budget: tuple[str, ...]
    bounds: Bounds
    outside: int | None = None
    locks: tuple[tuple[int, str, int], ...] = ()
    files: tuple[Files, ...] = ((), ())
    runs: int = 0
    final: bool = False


class Violated(Exception):  # noqa: N818 - a finding, carried to where it is kept
    """What a run did or said does not hold."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text
        super().__init__(text)


def put(items: tuple[Any, ...], at: int, item: Any) -> tuple[Any, ...]:
    """The items with another one at one place."""
    return (*items[:at], item, *items[at + 1 :])


def with_slot(state: State, number: int, **changes: Any) -> State:
    """The state with something else about one run."""
    return state._replace(slots=put(state.slots, number, state.slots[number]._replace(**changes)))


def spend(state: State, what: str, number: int, fault: str, *, expired: bool = False) -> State:
    """The state after a deviation that has happened once more."""
    spent = list(state.budget)
    spent.remove(what)
    return with_slot(state._replace(budget=tuple(spent)), number, fault=fault, expired=expired)


def lagging(state: State) -> bool:
    """Whether the next reads of a run lag behind."""
    return any(slot.lag[1] for slot in state.slots)


def excused(state: State) -> bool:
    """Whether a lock may be left: a run was killed, could not give it back, or not find out whether it has made it."""
    faults = {slot.fault for slot in state.slots}
    again = any(slot.tries > 1 for slot in state.slots)
    return again or any(fault in ("kill", "expire") or fault.startswith(("refuse De", "refuse Cr")) for fault in faults)


def merged(old: Files, new: Files) -> Files:
    """The files of a machine on which a run has written some."""
    return tuple(sorted({**dict(old), **dict(new)}.items()))


def who(number: int) -> str:
    """The name of a run."""
    return "AB"[number]


def ending(outcome: Outcome) -> str:
    """How a run ended, in words."""
    first = outcome.text.splitlines()[0][:160] if outcome.kind == "failed" else ""
    return f"it ends: {outcome.kind}{': ' if first else ''}{first}"


def call_words(asked: Call) -> str:
    """A call in words."""
    return f"{asked.operation}({_short(asked.parameters)})"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        if set(value) == {"Name", "Values"}:
            return f"{value['Name']}={','.join(value['Values'])}"
        if set(value) == {"Key", "Value"}:
            return f"{value['Key']}={value['Value']}"
        shown = (_short(one) for key, one in value.items() if key not in ("Description", "MaxResults", "VpcId"))
        return " ".join(shown)
    if isinstance(value, list | tuple):
        return " ".join(_short(one) for one in value)
    return str(value)
