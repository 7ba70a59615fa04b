"""What may happen next in a state: the call of a run, what befalls it, what others do, runs that begin and end.

Runs are judged here as they go: each account by the safety invariant, each ending by what the run reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from explore.ec2 import Account, Refused, call, reads
from explore.judge import Facts, Judge
from explore.states import (
    ONCE,
    REFUSALS,
    Slot,
    State,
    Violated,
    call_words,
    ending,
    excused,
    lagging,
    merged,
    put,
    spend,
    who,
    with_slot,
)
from explore.strands import Answer, Call, Files, Lock, Node, Program, Sleep, Strands
from explore.transitions import Transition

SLOW = 20.0
BESIDE, AGAIN = 0.001, 1.0  # seconds after which a second run begins, and a rerun
LATER = 3600.0  # seconds after which the reruns begin that nothing is in the way of: no lock is that old
FINAL_RUNS = 3
LAGGING_READS = 3
_OLD = {"stale", "lag", "unknown"}  # what takes earlier accounts to happen
Step = tuple[str, "State | Violated"]
Offer = tuple[int, Callable[[], Step]]  # how many deviations it is, and its result


class Moves:
    """The moves of one transition: with a second run, a `rival`, or without, on the same machine where `together`."""

    def __init__(
        self,
        transition: Transition,
        strands: Strands,
        *,
        budget: tuple[str, ...] = ONCE,
        rival: bool = True,
        together: bool = False,
    ) -> None:
        self.transition, self.strands, self.budget = transition, strands, tuple(sorted(budget))
        self.accounts: list[Account] = []
        self._numbers: dict[Account, int] = {}
        self._facts: dict[int, Facts] = {}
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
            number, (), slots, 0, self.budget, self.judge.bounds(start), files=(self.start_files, self.start_files)
        )

    # accounts

    def _number(self, account: Account) -> int:
        found = self._numbers.get(account)
        if found is None:
            found = self._numbers[account] = len(self.accounts)
            self.accounts.append(account)
        return found

    def facts(self, number: int) -> Facts:
        """What is to be known of an account."""
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
                reply = refused.code, refused.message
                found = number, Answer("error", 0.0, reply, reply)
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
            raise ValueError(
                f"{self.transition.name}: the run that is to be restored did not end well: {node.outcome.text}"
            )
        kept = dict(node.files)[str(node.outcome.snapshot)]
        return self.accounts[number], node.files, kept.decode()

    # what may happen

    def offers(self, state: State) -> Iterator[Offer]:
        """What may happen next: how many deviations that is, and what makes the state after it."""
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
        yield from self._outside(state)

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
            for fault, reply in REFUSALS.items():
                what = fault if fault == "expire" else f"{fault} {asked.operation}"
                spent = spend(state, "refusal", number, what, expired=fault == "expire")
                label = f"{asked.operation} is refused: {reply[0]}"
                yield 1, partial(self._heard, spent, number, Answer("error", now, reply, reply), label)
        if reads(asked.operation):
            yield from self._stale(state, number, asked, budget)
            return
        for fault in ("lost", "redelivered"):
            if fault in budget:
                spent = spend(state, fault, number, fault)
                yield 1, partial(self._called_by, spent, number, asked, fault)
        if "unknown" in budget:
            yield from self._unknown(state, number, asked)

    def _unknown(self, state: State, number: int, asked: Call) -> Iterator[Offer]:
        """EC2 does not know a new group everywhere yet, and refuses a call about it."""
        named = {str(asked.parameters.get("GroupId")), *asked.parameters.get("Groups", ())}
        old = {group.id for account in state.past for group in self.accounts[account].groups}
        for account in state.past:
            old &= {group.id for group in self.accounts[account].groups}
        for name in sorted(named & {group.id for group in self.accounts[state.account].groups} - old):
            reply = "InvalidGroup.NotFound", f"The security group '{name}' does not exist"
            spent, now = spend(state, "unknown", number, "unknown"), self._now(state, number)
            label = f"{call_words(asked)} is about a group that EC2 does not know everywhere yet: {reply[0]}"
            yield 1, partial(self._heard, spent, number, Answer("error", now, reply, reply), label)

    def _stale(self, state: State, number: int, asked: Call, budget: set[str]) -> Iterator[Offer]:
        if state.slots[number].lag[1] or not budget & {"stale", "lag"}:
            return
        now = self._now(state, number)
        seen = {self._answer(state.account, asked)[1].key}
        for back, account in enumerate(state.past, 1):
            answer = self._answer(account, asked)[1]
            if answer.key in seen:
                continue
            seen.add(answer.key)
            if "stale" in budget:
                label = f"{call_words(asked)} answers from {back} change{'s' * (back > 1)} ago"
                spent = with_slot(spend(state, "stale", number, "stale"), number, misled=True)
                spent = self._looked(spent, number, asked, answer)
                yield 1, partial(self._heard, spent, number, answer._replace(time=now), label)
            if "lag" in budget:
                spent = spend(state, "lag", number, "stale")
                spent = with_slot(spent, number, lag=(back, LAGGING_READS))
                yield 1, partial(self._called_by, spent, number, asked)

    def _called_by(self, state: State, number: int, asked: Call, fault: str = "") -> Step:
        """A call as EC2 takes it: the answer of one that is `lost` never comes, one that is `redelivered` is done twice."""
        slot, now, label = state.slots[number], self._now(state, number), call_words(asked)
        if slot.expired:
            reply = REFUSALS["expire"]
            label = f"{asked.operation} is refused: {reply[0]}"
            return self._heard(state, number, Answer("error", now, reply, reply), label)
        account = state.account
        if reads(asked.operation):
            back, left = slot.lag
            if left:
                account = state.past[min(back, len(state.past)) - 1] if state.past else account
                state = with_slot(state, number, lag=(back, left - 1), misled=True)
                label += f", from {back} changes ago"
            answer = self._answer(account, asked)[1]
            state = self._looked(state, number, asked, answer)
            return self._heard(state, number, answer._replace(time=now), label)
        if self.transition.refused:
            return f"{who(number)}: {label}", Violated("begun", "it cannot be done, and it was begun")
        answer = Answer("lost", now)
        for _ in range(2 if fault == "redelivered" else 1):
            after, answer = self._answer(state.account, asked)
            if after != state.account:
                try:
                    state = self._changed(state, after, number)
                except Violated as violated:
                    return f"{who(number)}: {label}", violated
        if fault == "lost":
            return self._heard(state, number, Answer("lost", now), f"{label} is done, and its answer is lost")
        label += " is delivered twice" if fault else ""
        label += f": {answer.key[0]}" if answer.kind == "error" else ""
        return self._heard(state, number, answer._replace(time=now), label)

    def _looked(self, state: State, number: int, asked: Call, answer: Answer) -> State:
        """Remember whether a run has seen what somebody else put on a network interface."""
        puts = self.transition.outside[state.outside].puts if state.outside is not None else None
        if puts is None or answer.kind != "ok" or asked.operation != "DescribeNetworkInterfaces":
            return state
        lists = [[group["GroupId"] for group in one["Groups"]] for one in answer.value["NetworkInterfaces"]]
        return with_slot(state, number, saw=any(puts in groups for groups in lists)) if lists else state

    # changes and their judgement

    def _changed(self, state: State, account: int, number: int | None) -> State:
        """The state with another account, which a run made it or somebody else. Raises Violated."""
        facts, before = self.facts(account), self.facts(state.account)
        found = self.judge.violations(self.accounts[account], facts, state.bounds)
        if found:
            raise Violated("invariant", "; ".join(found))
        if number is not None and state.outside is not None and state.slots[number].saw:
            puts = self.transition.outside[state.outside].puts
            was, now = (any(puts in ids for _, ids in self.accounts[one].attached) for one in (state.account, account))
            if was and not now:
                raise Violated("invariant", f"{puts} of somebody else was seen on a network interface and taken off")
        slots = []
        for at, slot in enumerate(state.slots):
            if slot.status == "live":
                hit = facts.content in self._ends_of(slot, state.outside)
                own = at == number and facts.content != before.content
                slot = slot._replace(
                    reached=hit or (slot.reached and not own),
                    reached_once=hit or slot.reached_once,
                    misled=slot.misled and not own,
                )
            slots.append(slot)
        kept = _OLD & set(state.budget) or lagging(state)
        past = (state.account, *state.past) if kept else ()
        return state._replace(account=account, past=past, slots=tuple(slots))

    def _ends_of(self, slot: Slot, outside: int | None) -> frozenset[int]:
        key = slot.program, outside, slot.met_outside
        found = self._ends.get(key)
        if found is None:
            who = None if outside is None else self.transition.outside[outside]
            found = self._ends[key] = self.judge.ends(slot.program, who, slot.met_outside)
        return found

    def _outside(self, state: State) -> Iterator[Offer]:
        if "outside" not in state.budget:
            return
        for number, outside in enumerate(self.transition.outside):
            account = outside.do(self.accounts[state.account])
            if account is not None and account != self.accounts[state.account]:
                yield 1, partial(self._by_others, state, number, self._number(account))

    def _by_others(self, state: State, number: int, account: int) -> Step:
        outside = self.transition.outside[number]
        new = state._replace(
            budget=tuple(one for one in state.budget if one != "outside"),
            bounds=self.judge.widened(state.bounds, outside),
            outside=number,
            slots=tuple(slot._replace(met_outside=slot.status == "live") for slot in state.slots),
        )
        try:
            return outside.name, self._changed(new, account, None)
        except Violated as violated:
            return outside.name, violated

    # runs that begin, go on and end

    def _begun(self, state: State, number: int, later: float = BESIDE) -> Step:
        slot = state.slots[number]
        at = max(one.clock for one in state.slots) + (later if state.runs else 0.0)
        node = self.strands.start(self.programs[slot.program], state.runs, at, state.files[slot.machine])
        hit = self.facts(state.account).content in self._ends_of(slot._replace(met_outside=False), state.outside)
        begun = slot._replace(
            status="live", at=node, clock=at, tries=slot.tries + 1, reached=hit, reached_once=hit, fault="", expired=False,
            lag=(0, 0), saw=False, met_outside=False, misled=False,
        )  # fmt: skip
        bounds = state.bounds.joined(self.judge.permits(self.judge.targets[slot.program]))
        new = state._replace(slots=put(state.slots, number, begun), bounds=bounds, turn=number, runs=state.runs + 1)
        label = f"{who(number)} begins{' again' if slot.tries else ''}: {self._program(slot.program)}"
        return self._settled(new, number, label)

    def _program(self, number: int) -> str:
        kind = self.programs[number].kind
        return f"{kind} ({'rival' if number == 1 else 'first'})" if self.transition.rival and number < 2 else kind

    def _heard(self, state: State, number: int, answer: Answer, label: str) -> Step:
        """A run gets an answer and goes on to its next request."""
        slot = state.slots[number]
        assert slot.at is not None
        node = self.strands.after(slot.at, answer)
        state = state._replace(slots=put(state.slots, number, slot._replace(at=node, clock=answer.time)), turn=number)
        return self._settled(state, number, f"{who(number)}: {label}")

    def _settled(self, state: State, number: int, label: str) -> Step:
        """What a run asks of its own machine is answered at once."""
        while True:
            slot = state.slots[number]
            node = slot.at
            assert node is not None
            if node.outcome is not None:
                try:
                    return f"{label}; {ending(node.outcome)}", self._ended(state, number, node)
                except Violated as violated:
                    return f"{label}; {ending(node.outcome)}", violated
            asked, answer = node.request, None
            if isinstance(asked, Lock):
                state, answer = self._local(state, number, asked)
            elif isinstance(asked, Sleep) and sum(one.status == "live" for one in state.slots) == 1:
                answer = Answer("ok", slot.clock + asked.seconds)
            if answer is None:
                return label, state
            moved = slot._replace(at=self.strands.after(node, answer), clock=answer.time)
            state = state._replace(slots=put(state.slots, number, moved))

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
        files = put(state.files, slot.machine, merged(state.files[slot.machine], slot.at.files))
        locks = tuple(one for one in state.locks if one[2] != number)
        budget = tuple(one for one in state.budget if one != "kill")
        asked = slot.at.request
        label = (
            f"{who(number)} is killed before {call_words(asked)}" if isinstance(asked, Call) else f"{who(number)} is killed"
        )
        return label, state._replace(slots=put(state.slots, number, left), files=files, locks=locks, budget=budget)

    def _ended(self, state: State, number: int, node: Node) -> State:
        """A run has ended by itself. Raises Violated where what it says is not so."""
        slot, outcome = state.slots[number], node.outcome
        assert outcome is not None
        if outcome.kind == "crashed":
            raise Violated("traceback", outcome.text)
        self._judge_end(state, number, node)
        files = put(state.files, slot.machine, merged(state.files[slot.machine], node.files))
        locks = tuple(one for one in state.locks if one[2] != number)
        ended = slot._replace(status="done" if outcome.success else "failed", at=None, lag=(0, 0))
        state = state._replace(slots=put(state.slots, number, ended), files=files, locks=locks)
        if not any(one.status == "live" for one in state.slots):
            self._judge_quiet(state, outcome.text)
        return state

    def _judge_end(self, state: State, number: int, node: Node) -> None:
        slot, outcome = state.slots[number], node.outcome
        assert outcome is not None
        account = self.accounts[state.account]
        if outcome.kind == "done" and not slot.reached and not slot.misled:
            raise Violated("done", f"it says done, and this is not so: {self.judge.difference(account, slot.program)}")
        if outcome.kind == "unchanged" and not slot.reached_once and not slot.misled:
            raise Violated("nothing to change", f"reported, but wrong: {self.judge.difference(account, slot.program)}")
        if outcome.snapshot is not None:
            known = dict(node.root.files)
            first = min((name for name, _ in node.files if name not in known and "snapshots/" in name), default="none")
            if outcome.snapshot != first:
                raise Violated("snapshot", f"it names {outcome.snapshot}, and the state before it is in {first}")
        others = any(one.status == "live" for at, one in enumerate(state.slots) if at != number)
        if self.facts(state.account).locks and not others and not excused(state):
            raise Violated("lock", "all runs have ended by themselves, and a lock is left")

    def _judge_quiet(self, state: State, text: str) -> None:
        """Where runs met each other and nothing else, one of them has its way, and wholly."""
        if state.budget != self.budget or any(slot.tries > 1 for slot in state.slots) or self.transition.refused:
            return
        done = [slot for slot in state.slots if slot.status == "done"]
        if not done:
            raise Violated("fails", f"nothing went wrong, and no run ended well: {text}")
        here = self.facts(state.account).content
        if all(here not in self._ends_of(slot, None) for slot in done):
            differs = self.judge.difference(self.accounts[state.account], done[0].program)
            raise Violated("mix", f"all runs have ended, and the state is of none that ended well: {differs} ({text})")

    def _idle(self, state: State) -> Iterator[Offer]:
        """No run is at work: one begins, or one that did not end well begins again."""
        fresh = not any(slot.tries for slot in state.slots)
        if fresh:
            for number in range(len(state.slots)):
                yield min(number, 1), partial(self._begun, state, number)
            yield from self._outside(state)
            return
        for number, slot in enumerate(state.slots):
            if slot.status == "waiting" and not state.final and (number == 0 or self.transition.rival):
                yield 0, partial(self._begun, state, number)
        if self.transition.refused:
            return
        yield from self._back(state)
        for number, slot in enumerate(state.slots):
            if slot.status in ("failed", "killed"):
                yield from self._again(state, number)
                return

    def _back(self, state: State) -> Iterator[Offer]:
        """The run that was alone is restored: from its first snapshot, to where all began."""
        slot, alone = state.slots[0], all(other.tries == 0 for other in state.slots[1:])
        if not alone or slot.program or state.final or state.outside is not None or self.programs[0].kind == "restore":
            return
        kept = [text for name, text in state.files[slot.machine] if "snapshots/" in name]
        if kept:
            program = Program("restore", kept[0].decode())
            if program not in self.programs:
                self.programs.append(program)
                self.judge.targets.append(self.judge.start)
            number = self.programs.index(program)
            back = slot._replace(program=number, status="waiting")
            yield 1, partial(self._begun, state._replace(slots=put(state.slots, 0, back)), 0, AGAIN)

    def _again(self, state: State, number: int) -> Iterator[Offer]:
        tries = state.slots[number].tries
        if tries > FINAL_RUNS:
            text = f"{who(number)} ran {FINAL_RUNS} times again, at last with nothing in its way, and never ended well"
            yield 0, lambda: ("nothing helps", Violated("rerun", text))
            return
        final = state if tries == 1 else state._replace(final=True, budget=(), past=())
        yield 0, partial(self._begun, final, number, AGAIN if tries < 2 else LATER)
        if not state.final:
            yield from self._outside(state)

    # time

    def _now(self, state: State, number: int) -> float:
        """The time of a run's next answer: one that stood still for long sees it."""
        ahead = max((slot.clock for slot in state.slots if slot.status == "live"), default=0.0)
        return max(state.slots[number].clock, ahead - SLOW)

    def _may_wait(self, state: State, number: int, seconds: float) -> bool:
        clock = state.slots[number].clock + seconds
        others = [
            slot
            for at, slot in enumerate(state.slots)
            if at != number and slot.at is not None and not isinstance(slot.at.request, Lock)
        ]
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
