"""What is tried again, how often, and how long is waited."""

from __future__ import annotations

import pytest

from esacloud.live.retry import Backoff, LostError, RefusedError, ThrottledError, ask, converge


def backoff(waits: list[float], tries: int = 8) -> Backoff:
    return Backoff(tries=tries, sleep=waits.append, jitter=lambda: 1.0)


def failing(*errors: Exception):
    left = list(errors)

    def send(*_: object) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return send


def test_waiting_doubles_up_to_its_limit() -> None:
    waits: list[float] = []
    assert ask(failing(*(ThrottledError("slow") for _ in range(7))), backoff(waits)) == "done"
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_refusal_is_never_tried_again() -> None:
    waits: list[float] = []
    with pytest.raises(RefusedError):
        ask(failing(RefusedError("no")), backoff(waits))
    with pytest.raises(RefusedError):
        converge([1], failing(RefusedError("no")), lambda todo: todo, backoff(waits))
    assert not waits


def test_a_throttled_call_is_sent_again_whole_without_a_look() -> None:
    sent: list[list[int]] = []
    fail = failing(ThrottledError("slow"))
    converge(
        [1, 2], lambda todo: sent.append(list(todo)) or fail(), lambda _: pytest.fail("nothing to look at"), backoff([])
    )
    assert sent == [[1, 2], [1, 2]]


def test_after_a_lost_answer_only_what_is_left_is_sent() -> None:
    sent: list[list[int]] = []
    fail = failing(LostError("cut"))
    converge([1, 2, 3], lambda todo: sent.append(list(todo)) or fail(), lambda _: [3], backoff([]))
    assert sent == [[1, 2, 3], [3]]


def test_after_a_lost_answer_to_a_call_that_worked_nothing_is_sent() -> None:
    sent: list[list[int]] = []
    fail = failing(LostError("cut"))
    converge([1], lambda todo: sent.append(list(todo)) or fail(), lambda _: [], backoff([]))
    assert sent == [[1]]


def test_it_gives_up_with_what_the_last_try_said() -> None:
    with pytest.raises(ThrottledError, match="number 3"):
        ask(failing(*(ThrottledError(f"number {number}") for number in range(1, 9))), backoff([], tries=3))
    with pytest.raises(LostError):
        converge([1], failing(*(LostError("cut") for _ in range(9))), lambda todo: todo, backoff([], tries=3))
