"""Breadth-first search by the number of deviations: all states without one, then with one, then with two.

A state is the account, the answers that each run has had (which make all its memory), the locks on local files, and what
may still deviate. Without a deviation the run whose turn it is goes on. A deviation is that the other run goes on instead,
or one of these, each as often as the budget says: a run is killed, a read answers from an earlier account, somebody else
changes something, EC2 refuses a call or all calls from now on, the answer of a call that was done is lost. When no run is
at work, one that did not end well runs again, or is restored, which is a deviation too. All states of a level are looked
at before those of the next; in the last level that the number of states allows, they are taken in a shuffled order.

A call takes no time. Waiting does, and a run that waits is never further ahead of another that is at work than SLOW
seconds: a machine may stand still that long between two calls, and no longer.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from explore.moves import Moves, Step
from explore.states import State, Violated

_NUMBERS = re.compile(r"-?[0-9a-fA-FTZ.]*[0-9][0-9a-fA-FTZ.]*")
Parents = dict[State, tuple[State | None, str, int]]  # where a state comes from, by what, and how deep it is


@dataclass(frozen=True)
class Violation:
    """What does not hold, how often that was met, and the shortest way to it of those with the fewest deviations."""

    kind: str
    text: str
    trace: tuple[str, ...]
    level: int
    count: int = 1


@dataclass
class Result:
    """What an exploration saw. `levels` has the number of states for each level; `complete` says that none was left out."""

    transition: str
    states: int = 0
    executions: int = 0
    depth: int = 0
    seconds: float = 0.0
    ends: int = 0
    complete: bool = True
    levels: list[int] = field(default_factory=list)
    violations: dict[str, Violation] = field(default_factory=dict)

    @property
    def violating(self) -> int:
        """How often something was violated."""
        return sum(violation.count for violation in self.violations.values())

    def violated(self, violation: Violation) -> None:
        """Keep it where it is the first of its kind, or shorter to tell than those before."""
        sign = f"{violation.kind}: {_NUMBERS.sub('', violation.text.partition(': ')[0])}"
        found = self.violations.get(sign)
        if found is None:
            self.violations[sign] = violation
            return
        shorter = found.level == violation.level and len(violation.trace) < len(found.trace)
        self.violations[sign] = replace(violation if shorter else found, count=found.count + 1)


class Search:
    """The search through the moves of one transition; `seed` is that of the order in the last level."""

    def __init__(self, moves: Moves, seed: int = 1) -> None:
        self.moves = moves
        self.chance = random.Random(seed)
        self.parents: Parents = {moves.first: (None, "", 0)}
        self.pending: dict[int, list[tuple[State, int]]] = {}  # of each level: states, and how many deviations to take
        self.result = Result(moves.transition.name)

    def explore(self, most: int, levels: int = 99) -> Result:
        """Look at so many states, or at all up to a level."""
        result, strands, begun = self.result, self.moves.strands, time.process_time()
        executed = strands.executions
        self._follow(self.moves.first, 0)
        result.levels.append(result.states)
        for level in range(1, levels + 1):
            before, offered = result.states, self.pending.pop(level, [])
            self.chance.shuffle(offered)
            while offered and result.states < most:
                state, cost = offered.pop()
                for dear, step in self.moves.offers(state):
                    if dear == cost and result.states < most:
                        self._take(state, step, level)
            result.levels.append(result.states - before)
            if offered or not any(self.pending.values()) or result.states >= most:
                break
        result.complete = not offered and not any(self.pending.values()) and result.states < most
        result.executions = strands.executions - executed
        result.seconds = time.process_time() - begun
        return result

    def _take(self, state: State, step: Callable[[], Step], level: int) -> None:
        """Go on after a step, where the state is new."""
        label, new = step()
        if isinstance(new, Violated):
            self._violated(state, label, new, level)
        elif new not in self.parents:
            self.parents[new] = state, label, self.parents[state][2] + 1
            self._follow(new, level)

    def _follow(self, state: State, level: int) -> None:
        """Look at a state, and at all that follow without a deviation."""
        stack = [state]
        while stack:
            at = stack.pop()
            depth = self.parents[at][2]
            self.result.states += 1
            self.result.depth = max(self.result.depth, depth)
            offers = list(self.moves.offers(at))
            self.result.ends += not offers
            if not offers and any(slot.status == "live" for slot in at.slots):
                self._violated(at, "", Violated("stuck", "a run waits for what never comes"), level)
            for cost in sorted({cost for cost, _ in offers} - {0}):
                self.pending.setdefault(level + cost, []).append((at, cost))
            for cost, step in offers:
                if cost:
                    continue
                label, new = step()
                if isinstance(new, Violated):
                    self._violated(at, label, new, level)
                elif new not in self.parents:
                    self.parents[new] = at, label, depth + 1
                    stack.append(new)

    def _violated(self, state: State, label: str, found: Violated, level: int) -> None:
        self.result.violated(Violation(found.kind, found.text, (*self._trace(state), label), level))

    def _trace(self, state: State) -> tuple[str, ...]:
        labels = []
        at: State | None = state
        while at is not None:
            at, label, _ = self.parents[at]
            labels.append(label)
        return tuple(label for label in reversed(labels) if label)
