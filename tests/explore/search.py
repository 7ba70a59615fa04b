"""Every interleaving, by the number of things that go otherwise: first none, then one, then two.

A state is the account, what is known of each run (the answers it has had, which make all its memory), the locks on local
files, and what may still go wrong. From a state the run whose turn it is goes on, at no price; at the price of one the
other run goes on instead, or one of these happens, each as often as the budget says: a run is killed, a read answers from
an earlier account, somebody else changes something, EC2 refuses a call or all calls from now on, the answer of a call that
was done is lost. When no run is at work, one that did not end well runs again. All states of a price are looked at before
those of the next; in the last price that the number of states allows, they are taken in a shuffled order.

A call takes no time. Waiting does, and a run that waits is never further ahead of another that is at work than SLOW
seconds: a machine may stand still that long between two calls, and no longer.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, NamedTuple

from explore.ec2 import Account, Refused, call, reads
from explore.judge import Bounds, Judge
from explore.strands import Answer, Call, Files, Lock, Node, Outcome, Program, Sleep, Strands
from explore.transitions import Transition

SLOW = 20.0
BESIDE, AGAIN, LATER = 0.001, 1.0, 3600.0  # seconds after which a second run begins, a rerun, a second one: no lock is that old
FINAL_RUNS = 3
LAGGING_READS = 3
ONCE = ("kill", "stale", "foreign", "refusal", "lost")
_REFUSALS = {
    "refuse": ("UnauthorizedOperation", "You are not authorized to perform this operation."),
    "expire": ("ExpiredToken", "The security token included in the request is expired"),
}
_NUMBERS = re.compile(r"-?[0-9a-fA-FTZ.]*[0-9][0-9a-fA-FTZ.]*")
Status = Literal["waiting", "live", "done", "failed", "killed"]


class Slot(NamedTuple):
    """A run. `at` is None before it begins.

    - `number`: which run of all it is; `tries`: how often it has begun.
    - `there`: whether its target has been there since its own last change; `ever`: since it began.
    - `fault`: what went wrong for it; `expired`: its credentials; `lag`: how many changes behind its next reads are, and
      how many reads.
    - `told`: whether a stale answer may have told it of an account that was its target.
    - `saw`: whether its last look showed the group that somebody else put on a network interface.
    """

    program: int
    machine: int
    status: Status = "waiting"
    at: Node | None = None
    clock: float = 0.0
    tries: int = 0
    there: bool = False
    ever: bool = False
    fault: str = ""
    expired: bool = False
    lag: tuple[int, int] = (0, 0)
    saw: bool = False
    foreign_met: bool = False
    told: bool = False


class State(NamedTuple):
    """Everything; `past` are the accounts before each change, the latest first, as long as a read may be stale."""

    account: int
    past: tuple[int, ...]
    slots: tuple[Slot, ...]
    turn: int
    budget: tuple[str, ...]
    bounds: Bounds
    foreign: int | None = None
    locks: tuple[tuple[int, str, int], ...] = ()
    files: tuple[Files, ...] = ((), ())
    runs: int = 0
    final: bool = False


@dataclass(frozen=True)
class Violation:
    """What does not hold, how often that was met, and the shortest way to it of those with the fewest things that go otherwise."""

    kind: str
    text: str
    trace: tuple[str, ...]
    price: int
    count: int = 1


@dataclass
class Result:
    """What an exploration saw. `prices` has the number of states for each price; `complete` says that none was left out."""

    transition: str
    states: int = 0
    executions: int = 0
    depth: int = 0
    seconds: float = 0.0
    ends: int = 0
    complete: bool = True
    prices: list[int] = field(default_factory=list)
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
        shorter = found.price == violation.price and len(violation.trace) < len(found.trace)
        self.violations[sign] = replace(violation if shorter else found, count=found.count + 1)


class _Violated(Exception):  # noqa: N818 - a finding, carried to where it is kept
    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text
        super().__init__(text)


Step = tuple[str, "State | _Violated"]
Parents = dict["State", "tuple[State | None, str, int]"]  # where a state comes from, by what, and how deep it is
Todo = dict[int, "list[tuple[State, int]]"]
Offer = tuple[int, Callable[[], Step]]  # its price, and what comes of it


class Explorer:
    """The exploration of one transition: with a second run, a `rival`, or without, on the same machine where `together`."""

    def __init__(
        self,
        transition: Transition,
        strands: Strands,
        *,
        budget: tuple[str, ...] = ONCE,
        rival: bool = True,
        together: bool = False,
        seed: int = 1,
    ) -> None:
        self.transition, self.strands, self.budget, self.seed = transition, strands, tuple(sorted(budget)), seed
        self.accounts: list[Account] = []
        self._numbers: dict[Account, int] = {}
        self._facts: dict[int, Any] = {}
        self._called: dict[tuple[int, str], tuple[int, Answer]] = {}
        self._texts: dict[str, int] = {}
        self._ends: dict[tuple[int, int | None, bool], frozenset[int]] = {}
        self.start_files: Files = ()
        start, restored = transition.start, None
        program = transition.program
        if transition.prepared is not None:
            restored = start
            start, self.start_files, document = self._prepare(start, transition.prepared)
            program = Program("restore", document)
        self.programs = [program, transition.rival or program]
        self.judge = Judge(transition, start, self.programs, restored)
        slots = (Slot(0, 0), Slot(1, 0 if together else 1)) if rival else (Slot(0, 0),)
        number = self._number(start)
        self.first = State(
            number, (number,), slots, 0, self.budget, self.judge.bounds(start), files=(self.start_files, self.start_files)
        )

    # accounts

    def _number(self, account: Account) -> int:
        found = self._numbers.get(account)
        if found is None:
            found = self._numbers[account] = len(self.accounts)
            self.accounts.append(account)
        return found

    def facts(self, number: int) -> Any:
        found = self._facts.get(number)
        if found is None:
            found = self._facts[number] = self.judge.facts(self.accounts[number])
        return found

    def _answer(self, number: int, asked: Call) -> tuple[int, Answer]:
        """What EC2 answers from an account, at time 0, and the account afterwards."""
        key = number, asked.key
        found = self._called.get(key)
        if found is None:
            try:
                account, value = call(self.accounts[number], asked.operation, asked.parameters)
                text = self._texts.setdefault(repr(value), len(self._texts))
                found = self._number(account), Answer("ok", 0.0, text, value)
            except Refused as refused:
                told = refused.code, refused.message
                found = number, Answer("error", 0.0, told, told)
            self._called[key] = found
        return found

    def _prepare(self, account: Account, program: Program) -> tuple[Account, Files, str]:
        """The account after a run that meets nothing, its machine's files, and the snapshot that it left."""
        number, node = self._number(account), self.strands.start(program, 0, -LATER, ())
        now = -LATER
        while node.request is not None:
            if isinstance(node.request, Call):
                number, answer = self._answer(number, node.request)
            else:
                now += node.request.seconds if isinstance(node.request, Sleep) else 0
                answer = Answer("ok", now)
            node = self.strands.after(node, answer._replace(time=now))
        assert node.outcome is not None
        if node.outcome.kind != "done":
            raise ValueError(f"{self.transition.name}: the run that is to be restored did not end well: {node.outcome.text}")
        kept = dict(node.files)[str(node.outcome.snapshot)]
        return self.accounts[number], node.files, kept.decode()

    # the search

    def explore(self, most: int, prices: int = 99) -> Result:
        """Look at so many states, or at all up to a price."""
        result, begun = Result(self.transition.name), time.process_time()
        executed = self.strands.executions
        parents: Parents = {self.first: (None, "", 0)}
        todo: dict[int, list[tuple[State, int]]] = {0: []}  # for each price: states, and the price of their offers
        chance = random.Random(self.seed)
        self._follow(self.first, 0, parents, todo, result)
        result.prices.append(result.states)
        for price in range(1, prices + 1):
            before, offered = result.states, todo.pop(price, [])
            chance.shuffle(offered)
            while offered and result.states < most:
                state, cost = offered.pop()
                for dear, step in self.offers(state):
                    if dear == cost and result.states < most:
                        self._take(state, step, price, parents, todo, result)
            result.prices.append(result.states - before)
            if offered or not any(todo.values()) or result.states >= most:
                break
        result.complete = not offered and not any(todo.values()) and result.states < most
        result.executions = self.strands.executions - executed
        result.seconds = time.process_time() - begun
        return result

    def _take(
        self, state: State, step: Callable[[], Step], price: int, parents: Parents, todo: Todo, result: Result
    ) -> State | None:
        """The state after a step where it is new; what is violated is kept."""
        label, new = step()
        if isinstance(new, _Violated):
            result.violated(Violation(new.kind, new.text, (*_trace(parents, state), label), price))
            return None
        if new in parents:
            return None
        parents[new] = state, label, parents[state][2] + 1
        self._follow(new, price, parents, todo, result)
        return new

    def _follow(self, state: State, price: int, parents: Parents, todo: Todo, result: Result) -> None:
        """Look at a state, and at all that follow at no price."""
        stack = [state]
        while stack:
            at = stack.pop()
            result.states += 1
            depth = parents[at][2]
            result.depth = max(result.depth, depth)
            offers = list(self.offers(at))
            result.ends += not offers
            for cost in sorted({cost for cost, _ in offers} - {0}):
                todo.setdefault(price + cost, []).append((at, cost))
            for cost, step in offers:
                if cost:
                    continue
                label, new = step()
                if isinstance(new, _Violated):
                    result.violated(Violation(new.kind, new.text, (*_trace(parents, at), label), price))
                elif new not in parents:
                    parents[new] = at, label, depth + 1
                    stack.append(new)

    def offers(self, state: State) -> Iterator[Offer]:
        """What may happen next: its price, and what makes the state after it."""
        live = [number for number, slot in enumerate(state.slots) if slot.status == "live"]
        if not live:
            yield from self._idle(state)
            return
        turn = state.turn if state.turn in live else live[0]
        resting = self._rests(state, turn)
        for number in live:
            free = number == turn or resting
            for cost, step in self._steps(state, number):
                yield (cost if free else cost + 1), step
            if "kill" in state.budget:
                yield 1, partial(self._killed, state, number)
        if state.final:
            return
        for number, slot in enumerate(state.slots):
            if slot.status == "waiting":
                yield 0 if self.transition.rival else 1, partial(self._begun, state, number)
        yield from self._foreign(state)

    def _steps(self, state: State, number: int) -> Iterator[Offer]:
        """What one run may do or suffer."""
        slot = state.slots[number]
        assert slot.at is not None
        asked, now = slot.at.request, self._now(state, number)
        if isinstance(asked, Sleep):
            if self._may_wait(state, number, asked.seconds):
                waited = Answer("ok", slot.clock + asked.seconds)
                yield 0, partial(self._heard, state, number, waited, f"waits {asked.seconds:g} s")
            return
        if isinstance(asked, Lock):
            if not self._held(state, slot.machine, asked.path):
                locked = state._replace(locks=(*state.locks, (slot.machine, asked.path, number)))
                yield 0, partial(self._heard, locked, number, Answer("ok", now), "has the lock")
            return
        assert isinstance(asked, Call)
        yield 0, partial(self._called_by, state, number, asked)
        if state.final or slot.expired:
            return
        budget = set(state.budget)
        if "refusal" in budget:
            for fault, told in _REFUSALS.items():
                what = fault if fault == "expire" else f"{fault} {asked.operation}"
                spent = _spend(state, "refusal", number, what, expired=fault == "expire")
                label = f"{asked.operation} is refused: {told[0]}"
                yield 1, partial(self._heard, spent, number, Answer("error", now, told, told), label)
        if reads(asked.operation):
            yield from self._stale(state, number, asked, budget)
        elif "lost" in budget:
            yield 1, partial(self._called_by, _spend(state, "lost", number, "lost"), number, asked, lost=True)

    def _stale(self, state: State, number: int, asked: Call, budget: set[str]) -> Iterator[Offer]:
        if state.slots[number].lag[1] or not budget & {"stale", "lag"}:
            return
        now, slot = self._now(state, number), state.slots[number]
        told = slot.told or any(self.facts(one).content in self._ends_of(slot, state.foreign) for one in state.past)
        seen = {self._answer(state.account, asked)[1].key}
        for back, account in enumerate(state.past, 1):
            answer = self._answer(account, asked)[1]
            if answer.key in seen:
                continue
            seen.add(answer.key)
            if "stale" in budget:
                label = f"{_words(asked)} answers from {back} change{'s' * (back > 1)} ago"
                spent = _with(_spend(state, "stale", number, "stale"), number, told=told)
                spent = self._looked(spent, number, asked, answer)
                yield 1, partial(self._heard, spent, number, answer._replace(time=now), label)
            if "lag" in budget:
                spent = _spend(state, "lag", number, "stale")
                spent = _with(spent, number, told=told, lag=(back, LAGGING_READS))
                yield 1, partial(self._called_by, spent, number, asked)

    def _called_by(self, state: State, number: int, asked: Call, *, lost: bool = False) -> Step:
        """A call as EC2 takes it; of one that is `lost` the answer never comes."""
        slot, now, label = state.slots[number], self._now(state, number), _words(asked)
        if slot.expired:
            told = _REFUSALS["expire"]
            return self._heard(state, number, Answer("error", now, told, told), f"{asked.operation} is refused: {told[0]}")
        account = state.account
        if reads(asked.operation):
            back, left = slot.lag
            if left:
                account = state.past[min(back, len(state.past)) - 1] if state.past else account
                state = _with(state, number, lag=(back, left - 1))
                label += f", from {back} changes ago"
            answer = self._answer(account, asked)[1]
            state = self._looked(state, number, asked, answer)
            return self._heard(state, number, answer._replace(time=now), label)
        after, answer = self._answer(account, asked)
        answer = Answer("lost", now) if lost else answer._replace(time=now)
        label += " is done, and its answer is lost" if lost else f": {answer.key[0]}" if answer.kind == "error" else ""
        if after != account:
            try:
                state = self._changed(state, after, number)
            except _Violated as violated:
                return f"{_who(number)}: {label}", violated
        return self._heard(state, number, answer, label)

    def _looked(self, state: State, number: int, asked: Call, answer: Answer) -> State:
        """Remember whether a run has seen what somebody else put on a network interface."""
        puts = self.transition.foreign[state.foreign].puts if state.foreign is not None else None
        if puts is None or answer.kind != "ok" or asked.operation != "DescribeNetworkInterfaces":
            return state
        lists = [[group["GroupId"] for group in one["Groups"]] for one in answer.value["NetworkInterfaces"]]
        return _with(state, number, saw=any(puts in groups for groups in lists)) if lists else state

    # changes and their judgement

    def _changed(self, state: State, account: int, number: int | None) -> State:
        """The state with another account, which a run made it or somebody else. Raises _Violated."""
        facts, before = self.facts(account), self.facts(state.account)
        found = self.judge.faults(self.accounts[account], facts, state.bounds)
        if found:
            raise _Violated("invariant", "; ".join(found))
        if number is not None and state.foreign is not None and state.slots[number].saw:
            puts = self.transition.foreign[state.foreign].puts
            was, now = (any(puts in ids for _, ids in self.accounts[one].carried) for one in (state.account, account))
            if was and not now:
                raise _Violated("invariant", f"{puts} of somebody else was seen on a network interface and taken off")
        slots = []
        for at, slot in enumerate(state.slots):
            if slot.status == "live":
                hit = facts.content in self._ends_of(slot, state.foreign)
                own = at == number and facts.content != before.content
                slot = slot._replace(there=hit or (slot.there and not own), ever=hit or slot.ever)
            slots.append(slot)
        past = (state.account, *state.past) if {"stale", "lag"} & set(state.budget) or _lagging(state) else ()
        return state._replace(account=account, past=past, slots=tuple(slots))

    def _ends_of(self, slot: Slot, foreign: int | None) -> frozenset[int]:
        key = slot.program, foreign, slot.foreign_met
        found = self._ends.get(key)
        if found is None:
            who = None if foreign is None else self.transition.foreign[foreign]
            found = self._ends[key] = self.judge.ends(slot.program, who, slot.foreign_met)
        return found

    def _foreign(self, state: State) -> Iterator[Offer]:
        if "foreign" not in state.budget:
            return
        for number, foreign in enumerate(self.transition.foreign):
            account = foreign.do(self.accounts[state.account])
            if account is not None and account != self.accounts[state.account]:
                yield 1, partial(self._by_others, state, number, self._number(account))

    def _by_others(self, state: State, number: int, account: int) -> Step:
        foreign = self.transition.foreign[number]
        new = state._replace(
            budget=tuple(one for one in state.budget if one != "foreign"),
            bounds=self.judge.widened(state.bounds, foreign),
            foreign=number,
            slots=tuple(slot._replace(foreign_met=slot.status == "live") for slot in state.slots),
        )
        try:
            return foreign.name, self._changed(new, account, None)
        except _Violated as violated:
            return foreign.name, violated

    # runs that begin, go on and end

    def _begun(self, state: State, number: int, later: float = BESIDE) -> Step:
        slot = state.slots[number]
        at = max(one.clock for one in state.slots) + (later if state.runs else 0.0)
        node = self.strands.start(self.programs[slot.program], state.runs, at, state.files[slot.machine])
        hit = self.facts(state.account).content in self._ends_of(slot._replace(foreign_met=False), state.foreign)
        begun = slot._replace(
            status="live", at=node, clock=at, tries=slot.tries + 1, there=hit, ever=hit, fault="", expired=False,
            lag=(0, 0), saw=False, foreign_met=False, told=False,
        )  # fmt: skip
        bounds = state.bounds.joined(self.judge.permits(self.judge.targets[slot.program]))
        new = state._replace(slots=_put(state.slots, number, begun), bounds=bounds, turn=number, runs=state.runs + 1)
        label = f"{_who(number)} begins{' again' if slot.tries else ''}: {self._program(slot.program)}"
        return self._settled(new, number, label)

    def _program(self, number: int) -> str:
        kind = self.programs[number].kind
        return f"{kind} ({'rival' if number == 1 else 'first'})" if self.transition.rival and number < 2 else kind

    def _heard(self, state: State, number: int, answer: Answer, label: str) -> Step:
        """A run gets an answer and goes on to its next request."""
        slot = state.slots[number]
        assert slot.at is not None
        node = self.strands.after(slot.at, answer)
        state = state._replace(slots=_put(state.slots, number, slot._replace(at=node, clock=answer.time)), turn=number)
        return self._settled(state, number, f"{_who(number)}: {label}")

    def _settled(self, state: State, number: int, label: str) -> Step:
        """What a run asks of its own machine is answered at once."""
        while True:
            slot = state.slots[number]
            node = slot.at
            assert node is not None
            if node.outcome is not None:
                try:
                    return f"{label}; {_ending(node.outcome)}", self._ended(state, number, node)
                except _Violated as violated:
                    return f"{label}; {_ending(node.outcome)}", violated
            asked, answer = node.request, None
            if isinstance(asked, Lock):
                state, answer = self._local(state, number, asked)
            elif isinstance(asked, Sleep) and sum(one.status == "live" for one in state.slots) == 1:
                answer = Answer("ok", slot.clock + asked.seconds)
            if answer is None:
                return label, state
            moved = slot._replace(at=self.strands.after(node, answer), clock=answer.time)
            state = state._replace(slots=_put(state.slots, number, moved))

    def _local(self, state: State, number: int, asked: Lock) -> tuple[State, Answer | None]:
        slot = state.slots[number]
        key = slot.machine, asked.path
        if not asked.take:
            left = tuple(one for one in state.locks if one != (*key, number))
            return state._replace(locks=left), Answer("ok", slot.clock)
        if self._held(state, *key):
            return state, None if asked.waits else Answer("error", slot.clock)
        return state._replace(locks=(*state.locks, (*key, number))), Answer("ok", slot.clock)

    def _held(self, state: State, machine: int, path: str) -> bool:
        return any((machine, path) == one[:2] for one in state.locks)

    def _killed(self, state: State, number: int) -> Step:
        slot = state.slots[number]
        assert slot.at is not None
        left = slot._replace(status="killed", at=None, fault="kill", lag=(0, 0))
        files = _put(state.files, slot.machine, _merged(state.files[slot.machine], slot.at.files))
        locks = tuple(one for one in state.locks if one[2] != number)
        budget = tuple(one for one in state.budget if one != "kill")
        asked = slot.at.request
        label = f"{_who(number)} is killed before {_words(asked)}" if isinstance(asked, Call) else f"{_who(number)} is killed"
        return label, state._replace(slots=_put(state.slots, number, left), files=files, locks=locks, budget=budget)

    def _ended(self, state: State, number: int, node: Node) -> State:
        """A run has ended by itself. Raises _Violated where what it says is not so."""
        slot, outcome = state.slots[number], node.outcome
        assert outcome is not None
        if outcome.kind == "crashed":
            raise _Violated("traceback", outcome.text)
        self._judge_end(state, number, node)
        files = _put(state.files, slot.machine, _merged(state.files[slot.machine], node.files))
        locks = tuple(one for one in state.locks if one[2] != number)
        ended = slot._replace(status="done" if outcome.success else "failed", at=None, lag=(0, 0))
        state = state._replace(slots=_put(state.slots, number, ended), files=files, locks=locks)
        if not any(one.status == "live" for one in state.slots):
            self._judge_quiet(state, outcome.text)
        return state

    def _judge_end(self, state: State, number: int, node: Node) -> None:
        slot, outcome = state.slots[number], node.outcome
        assert outcome is not None
        account = self.accounts[state.account]
        if outcome.kind == "done" and not slot.there and not slot.told:
            raise _Violated("done", f"it says done, and this is not so: {self.judge.difference(account, slot.program)}")
        if outcome.kind == "unchanged" and not slot.ever and not slot.told:
            raise _Violated(
                "nothing to change", f"it says so, and this is not so: {self.judge.difference(account, slot.program)}"
            )
        if outcome.snapshot is not None:
            known = dict(node.root.files)
            first = min((name for name, _ in node.files if name not in known and "snapshots/" in name), default="none")
            if outcome.snapshot != first:
                raise _Violated("snapshot", f"it names {outcome.snapshot}, and the state before it is in {first}")
        others = any(one.status == "live" for at, one in enumerate(state.slots) if at != number)
        if self.facts(state.account).locks and not others and not _excused(state):
            raise _Violated("lock", "all runs have ended by themselves, and a lock is left")

    def _judge_quiet(self, state: State, text: str) -> None:
        """Where runs met each other and nothing else, one of them has its way, and wholly."""
        if state.budget != self.budget or any(slot.tries > 1 for slot in state.slots) or self.transition.refused:
            return
        done = [slot for slot in state.slots if slot.status == "done"]
        if not done:
            raise _Violated("fails", f"nothing went wrong, and no run ended well: {text}")
        here = self.facts(state.account).content
        if all(here not in self._ends_of(slot, None) for slot in done):
            differs = self.judge.difference(self.accounts[state.account], done[0].program)
            raise _Violated("mix", f"all runs have ended, and the state is of none that ended well: {differs} ({text})")

    def _idle(self, state: State) -> Iterator[Offer]:
        """No run is at work: one begins, or one that did not end well begins again."""
        fresh = not any(slot.tries for slot in state.slots)
        if fresh:
            for number in range(len(state.slots)):
                yield min(number, 1), partial(self._begun, state, number)
            yield from self._foreign(state)
            return
        for number, slot in enumerate(state.slots):
            if slot.status == "waiting" and not state.final and (number == 0 or self.transition.rival):
                yield 0, partial(self._begun, state, number)
        yield from self._back(state)
        for number, slot in enumerate(state.slots):
            if slot.status in ("failed", "killed"):
                yield from self._again(state, number)
                return

    def _back(self, state: State) -> Iterator[Offer]:
        """The run that was alone is restored: from its first snapshot, to where all began."""
        slot, alone = state.slots[0], all(other.tries == 0 for other in state.slots[1:])
        if not alone or slot.program or state.final or state.foreign is not None or self.programs[0].kind == "restore":
            return
        kept = [text for name, text in state.files[slot.machine] if "snapshots/" in name]
        if kept:
            program = Program("restore", kept[0].decode())
            if program not in self.programs:
                self.programs.append(program)
                self.judge.targets.append(self.judge.start)
            number = self.programs.index(program)
            back = slot._replace(program=number, status="waiting", tries=0)
            yield 1, partial(self._begun, state._replace(slots=_put(state.slots, 0, back)), 0, AGAIN)

    def _again(self, state: State, number: int) -> Iterator[Offer]:
        tries = state.slots[number].tries
        if tries > FINAL_RUNS:
            text = f"{_who(number)} was run {FINAL_RUNS} times again, the last times with nothing in its way, and never ended well"
            yield 0, lambda: ("nothing helps", _Violated("rerun", text))
            return
        final = state if tries == 1 else state._replace(final=True, budget=(), past=())
        yield 0, partial(self._begun, final, number, AGAIN if tries < 2 else LATER)
        if not state.final:
            yield from self._foreign(state)

    # time

    def _now(self, state: State, number: int) -> float:
        """The time of a run's next answer: one that stood still for long sees it."""
        ahead = max((slot.clock for slot in state.slots if slot.status == "live"), default=0.0)
        return max(state.slots[number].clock, ahead - SLOW)

    def _may_wait(self, state: State, number: int, seconds: float) -> bool:
        clock = state.slots[number].clock + seconds
        others = [slot for at, slot in enumerate(state.slots) if at != number and slot.status == "live"]
        if all(clock <= other.clock + SLOW for other in others):
            return True
        # where all wait, the one that is first through goes on
        ends = [
            other.clock + other.at.request.seconds
            for other in others
            if other.at is not None and isinstance(other.at.request, Sleep)
        ]
        return len(ends) == len(others) and clock <= min(ends)

    def _rests(self, state: State, number: int) -> bool:
        """Whether a run waits, so that it is no preference of anybody that the other goes on."""
        at = state.slots[number].at
        return at is not None and isinstance(at.request, Sleep | Lock)


def _put(items: tuple[Any, ...], at: int, item: Any) -> tuple[Any, ...]:
    return (*items[:at], item, *items[at + 1 :])


def _with(state: State, number: int, **changes: Any) -> State:
    return state._replace(slots=_put(state.slots, number, state.slots[number]._replace(**changes)))


def _spend(state: State, what: str, number: int, fault: str, *, expired: bool = False) -> State:
    spent = list(state.budget)
    spent.remove(what)
    return _with(state._replace(budget=tuple(spent)), number, fault=fault, expired=expired)


def _lagging(state: State) -> bool:
    return any(slot.lag[1] for slot in state.slots)


def _excused(state: State) -> bool:
    """Whether a lock may be left: a run was killed, or could not give it back."""
    faults = {slot.fault for slot in state.slots}
    again = any(slot.tries > 1 for slot in state.slots)
    return "kill" not in state.budget or again or bool(faults & {"expire", "refuse DeleteSecurityGroup"})


def _merged(old: Files, new: Files) -> Files:
    return tuple(sorted({**dict(old), **dict(new)}.items()))


def _who(number: int) -> str:
    return "AB"[number]


def _ending(outcome: Outcome) -> str:
    first = outcome.text.splitlines()[0][:160] if outcome.kind == "failed" else ""
    return f"it ends: {outcome.kind}{': ' if first else ''}{first}"


def _words(asked: Call) -> str:
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


def _trace(parents: Parents, state: State) -> tuple[str, ...]:
    labels = []
    at: State | None = state
    while at is not None:
        before, label, _ = parents[at]
        labels.append(label)
        at = before
    return tuple(label for label in reversed(labels) if label)
