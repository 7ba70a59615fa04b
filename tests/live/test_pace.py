"""Requests keep below the rates of a cloud, whoever sends them, and below no rate when nobody asks for one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.aws import live_rates as ec2
from esacloud.aws.live_calls import OPERATIONS
from esacloud.azure import live_rates as arm
from esacloud.live.pace import Pace, Rate


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(
    burst=st.integers(1, 20),
    per_second=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=60),
)
def test_no_stretch_of_time_sees_more_than_the_burst_and_what_came_in_since(
    burst: int, per_second: int, gaps: list[float]
) -> None:
    time = Time()
    pace = Pace(lambda _: Rate(burst, per_second), time.clock, time.sleep)
    sent = []
    for gap in gaps:
        time.now += gap
        pace.wait("Describe")
        sent.append(time.now)
    for first, begun in enumerate(sent):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + (sent[last] - begun) * per_second + 1e-6


@given(burst=st.integers(1, 20), per_second=st.floats(0.5, 20))
def test_a_burst_does_not_wait_and_after_it_each_waits_for_its_token(burst: int, per_second: float) -> None:
    time = Time()
    pace = Pace(lambda _: Rate(burst, per_second), time.clock, time.sleep)
    for _ in range(burst):
        pace.wait("Describe")
    assert time.now == 0
    for number in range(1, 4):
        pace.wait("Describe")
        assert time.now == pytest.approx(number / per_second)


def test_kinds_do_not_wait_for_each_other() -> None:
    time = Time()
    pace = Pace(lambda kind: Rate(1, 1) if kind == "Create" else Rate(5, 1), time.clock, time.sleep)
    for kind in ("Create", "Describe", "Describe", "Revoke"):
        pace.wait(kind)
    assert time.now == 0


def test_a_throttled_request_empties_the_bucket_for_all() -> None:
    time = Time()
    pace = Pace(lambda _: Rate(10, 2), time.clock, time.sleep)
    pace.wait("Create")
    pace.throttled("Create")
    pace.wait("Create")
    assert time.now == pytest.approx(0.5)


def test_threads_share_a_bucket() -> None:
    slept: list[float] = []
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            slept.append(seconds)

    pace = Pace(lambda _: Rate(5, 10), lambda: 0.0, sleep)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.wait("Create"), range(25)))
    assert sorted(slept) == pytest.approx([number / 10 for number in range(1, 21)])


def test_clouds_themselves_have_one_pace_for_a_region_or_subscription_and_local_ones_none() -> None:
    pace = ec2.pace_at("https://ec2.eu-central-1.amazonaws.com", "eu-central-1")
    assert pace is not None
    assert pace is ec2.pace_at("https://ec2.eu-central-1.api.aws", "eu-central-1")
    assert pace is not ec2.pace_at("https://ec2.eu-west-1.amazonaws.com", "eu-west-1")
    assert ec2.pace_at("http://127.0.0.1:5000", "eu-central-1") is None

    about = "https://management.azure.com/subscriptions/{}/resourceGroups/rg"
    assert arm.pace_at(about.format("One")) is not None
    assert arm.pace_at(about.format("One")) is arm.pace_at(about.format("one"))
    assert arm.pace_at(about.format("One")) is not arm.pace_at(about.format("two"))
    assert arm.pace_at("https://127.0.0.1:8443/subscriptions/one") is None
    assert arm.pace_at("https://management.azure.com.example.net/subscriptions/one") is None


def test_actions_with_buckets_of_their_own_are_paced_by_these() -> None:
    assert [ec2.published(operation) for operation in ("DescribeSecurityGroups", "CreateSecurityGroup", "CreateTags")] == [
        Rate(100, 20),
        Rate(50, 5),
        Rate(100, 10),
    ]
    assert {operation for operation in OPERATIONS if ec2.published(operation) not in (Rate(100, 20), Rate(50, 5))} == {
        "CreateTags",
        "DeleteTags",
        "ModifyNetworkInterfaceAttribute",
    }


def test_a_part_of_each_bucket_is_left_to_others() -> None:
    for operation in OPERATIONS:
        ours, whole = ec2.rate_of(operation), ec2.published(operation)
        assert (ours.burst, ours.per_second) < (whole.burst, whole.per_second)
    for method, whole in arm.RATES.items():
        assert arm.rate_of(method).burst < whole.burst
    assert arm.rate_of("POST") == arm.rate_of("PUT")
