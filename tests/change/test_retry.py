"""What is tried again, how often or for how long, and how long is waited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from esacloud.change.retry import Backoff, LostError, RefusedError, SettledError, ThrottledError, ask, converge, until_done


class Time:
    """A clock that sleeping moves, and whoever else adds to it."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, list[float]()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def backoff(time: Time, tries: int = 8, jitter: float = 1.0, timeout: float = 600) -> Backoff:
    return Backoff(tries=tries, sleep=time.sleep, jitter=lambda: jitter, timeout=timeout, clock=time.clock)


def failing(*errors: Exception) -> Callable[..., str]:
    left = list(errors)

    def send(*_: object) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return send


def recording(*errors: Exception) -> tuple[list[list[int]], Callable[[Sequence[int]], None]]:
    """What was sent, and a function that sends and then fails with each error in turn."""
    sent: list[list[int]] = []
    fail = failing(*errors)

    def send(pending: Sequence[int]) -> None:
        sent.append(list(pending))
        fail()

    return sent, send


def throttled(count: int) -> list[ThrottledError]:
    return [ThrottledError("slow") for _ in range(count)]


def by_ask(send: Callable[..., Any], backoff: Backoff) -> None:
    ask(send, backoff)


def by_converge(send: Callable[..., Any], backoff: Backoff) -> None:
    converge([1], send, lambda pending: pending, backoff)


def by_until_done(send: Callable[..., Any], backoff: Backoff) -> None:
    until_done(send, lambda: None, backoff)


every_way = pytest.mark.parametrize("way", [by_ask, by_converge, by_until_done])


def test_waiting_doubles_up_to_its_limit() -> None:
    time = Time()
    assert ask(failing(*throttled(9)), backoff(time)) == "done"
    assert time.waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


@every_way
def test_a_refusal_is_never_tried_again(way: Callable[..., None]) -> None:
    time = Time()
    with pytest.raises(RefusedError):
        way(failing(RefusedError("no")), backoff(time))
    assert not time.waits


def test_a_throttled_call_is_sent_again_whole_without_a_look() -> None:
    sent, send = recording(*throttled(1))
    converge([1, 2], send, lambda _: pytest.fail("nothing to look at"), backoff(Time()))
    assert sent == [[1, 2], [1, 2]]


def test_after_a_lost_answer_only_what_is_left_is_sent() -> None:
    sent, send = recording(LostError("cut"))
    converge([1, 2, 3], send, lambda _: [3], backoff(Time()))
    assert sent == [[1, 2, 3], [3]]


def test_after_a_lost_answer_to_a_call_that_worked_nothing_is_sent() -> None:
    sent, send = recording(LostError("cut"))
    converge([1], send, lambda _: [], backoff(Time()))
    assert sent == [[1]]


def test_what_is_known_is_forgotten_after_a_lost_answer_and_kept_after_a_throttled_one() -> None:
    forgotten: list[str] = []
    until_done(failing(*throttled(2)), lambda: forgotten.append("throttled"), backoff(Time()))
    until_done(failing(LostError("cut")), lambda: forgotten.append("lost"), backoff(Time()))
    assert forgotten == ["lost"]


@every_way
def test_lost_answers_are_limited_by_their_number(way: Callable[..., None]) -> None:
    with pytest.raises(LostError, match="number 3"):
        way(failing(*(LostError(f"number {number}") for number in range(1, 9))), backoff(Time(), tries=3))


@pytest.mark.parametrize("way", [by_converge, by_until_done])
def test_settled_answers_are_limited_by_their_number(way: Callable[..., None]) -> None:
    with pytest.raises(SettledError, match="number 8"):
        way(failing(*(SettledError(f"number {number}") for number in range(1, 20))), backoff(Time()))


@every_way
def test_throttled_answers_use_up_no_tries(way: Callable[..., None]) -> None:
    way(failing(LostError("cut"), *throttled(25), LostError("cut")), backoff(Time(), tries=3))


@every_way
def test_a_throttled_call_goes_on_until_its_time_is_up_and_the_error_says_so(way: Callable[..., None]) -> None:
    time = Time()
    with pytest.raises(ThrottledError, match=r"^slow\. .* for 600 s in total.*--timeout 30m"):
        way(failing(*throttled(999)), backoff(time))
    assert time.now == 600
    assert len(time.waits) > 30


def test_the_time_is_that_of_all_calls_of_a_run_together() -> None:
    time = Time()
    whole = backoff(time, timeout=40)
    first = whole.for_run()
    for _ in range(5):
        assert ask(failing(*throttled(5)), first) == "done"  # 7.75 seconds each
        time.now += 1000  # no throttle in the meantime
    with pytest.raises(ThrottledError):
        ask(failing(*throttled(5)), first)
    assert first.left == 0
    assert ask(failing(*throttled(5)), whole.for_run()) == "done"


def test_waiting_for_the_pace_before_a_call_is_sent_again_counts() -> None:
    time = Time()

    def send() -> None:
        time.now += 30
        raise ThrottledError("slow")

    with pytest.raises(ThrottledError):
        ask(send, backoff(time, timeout=100))
    assert 100 <= time.now - 30 < 140  # what passed before the first throttled answer does not count


def test_waiting_because_the_cloud_named_a_time_counts_and_is_cut_short_at_the_timeout() -> None:
    time = Time()
    run = backoff(time, timeout=100)
    run.lose(70)
    run.lose(70)
    assert (time.waits, run.left) == ([70, 30], 0)


@pytest.mark.parametrize("jitter", [0.0, 1.0])
@every_way
def test_an_endless_throttle_ends_without_real_sleep(way: Callable[..., None], jitter: float) -> None:
    sent = 0

    def send(*_: object) -> None:
        nonlocal sent
        sent += 1
        raise ThrottledError("slow")

    with pytest.raises(ThrottledError, match=r"for 60[01] s in total"):
        way(send, Backoff(sleep=lambda _: None, jitter=lambda: jitter))
    assert 30 < sent < 400


def test_waits_of_real_length_are_not_counted_longer() -> None:
    time = Time()
    run = backoff(time, jitter=0.5)
    ask(failing(*throttled(20)), run)
    assert run.timeout - run.left == pytest.approx(time.now)
