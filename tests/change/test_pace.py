"""Requests keep below the rates of a cloud, whichever thread or process sends them; without a rate there is no limit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time as real_time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.aws.live import rates as ec2
from esacloud.aws.live.calls import OPERATIONS
from esacloud.azure.live import rates as arm
from esacloud.change.pace import LONGEST_WAIT, PACED_FOR, Pace, Rate, SharedPace


class Time:
    """A clock that only sleeping moves."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


RateOf = Callable[[str], Rate]
Make = Callable[..., Any]


@contextmanager
def in_memory(rate_of: RateOf, time: Time) -> Iterator[Pace]:
    yield Pace(rate_of, time.clock, time.sleep)


@contextmanager
def in_a_file(rate_of: RateOf, time: Time) -> Iterator[Pace]:
    with tempfile.TemporaryDirectory() as name:
        yield SharedPace(rate_of, Path(name) / "pace.json", time.clock, time.sleep)


class Alternating:
    """Two commands by turns, which name the same file."""

    def __init__(self, *paces: Pace) -> None:
        self.paces, self.turn = paces, 0

    def _next(self) -> Pace:
        self.turn += 1
        return self.paces[self.turn % len(self.paces)]

    def wait(self, kind: str) -> None:
        self._next().wait(kind)

    def throttled(self, kind: str) -> None:
        self._next().throttled(kind)


@contextmanager
def in_two_processes(rate_of: RateOf, time: Time) -> Iterator[Alternating]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "made" / "pace.json"
        yield Alternating(*(SharedPace(rate_of, path, time.clock, time.sleep) for _ in range(2)))


every_kind = pytest.mark.parametrize("made", [in_memory, in_a_file, in_two_processes])


@every_kind
@given(
    burst=st.integers(1, 20),
    per_second=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=60),
)
def test_no_stretch_of_time_sees_more_than_the_burst_and_what_came_in_since(
    made: Make, burst: int, per_second: int, gaps: list[float]
) -> None:
    time = Time()
    sent = []
    with made(lambda _: Rate(burst, per_second), time) as pace:
        for gap in gaps:
            time.now += gap
            pace.wait("Describe")
            sent.append(time.now)
    for first, begun in enumerate(sent):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + (sent[last] - begun) * per_second + 1e-6


@every_kind
@given(burst=st.integers(1, 20), per_second=st.floats(0.5, 20))
def test_a_burst_does_not_wait_and_after_it_each_waits_for_its_token(made: Make, burst: int, per_second: float) -> None:
    time = Time()
    with made(lambda _: Rate(burst, per_second), time) as pace:
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


@every_kind
def test_a_throttled_request_empties_the_bucket_for_all_and_lowers_the_rate(made: Make) -> None:
    time = Time()
    with made(lambda _: Rate(10, 2), time) as pace:
        pace.wait("Create")
        pace.throttled("Create")
        pace.wait("Create")
    assert time.now == pytest.approx(1 / (2 * 0.7))


def test_requests_that_were_under_way_together_and_throttled_slow_down_once() -> None:
    time = Time()
    pace = Pace(lambda _: Rate(10, 2), time.clock, time.sleep)
    for _ in range(20):
        pace.throttled("Create")
    pace.wait("Create")
    assert time.now == pytest.approx(1 / (2 * 0.7))


def test_a_cloud_that_goes_on_throttling_is_asked_at_a_sixteenth_and_later_as_before() -> None:
    time = Time()
    pace = Pace(lambda _: Rate(10, 2), time.clock, time.sleep)
    for _ in range(20):
        pace.throttled("Create")
        time.now += 1
    pace.throttled("Create")
    begun = time.now
    pace.wait("Create")
    assert time.now - begun == pytest.approx(8)
    time.now += 300
    for _ in range(10):
        pace.wait("Create")
    begun = time.now
    pace.wait("Create")
    assert time.now - begun == pytest.approx(0.5)


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


def test_threads_share_a_file(tmp_path: Path) -> None:
    slept: list[float] = []
    pace = SharedPace(lambda _: Rate(5, 10), tmp_path / "pace.json", lambda: 0.0, slept.append)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.wait("Create"), range(25)))
    assert sorted(slept) == pytest.approx([number / 10 for number in range(1, 21)])


def test_processes_share_a_file(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from esacloud.change.pace import Rate, SharedPace\n"
        "pace = SharedPace(lambda _: Rate(5, 20), Path(sys.argv[1]))\n"
        "for _ in range(10): pace.wait('Create'); print(time.time())"
    )
    words = [sys.executable, "-c", program, str(tmp_path / "pace.json")]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    sent = sorted(float(line) for one in running for line in one.communicate()[0].split())
    assert len(sent) == 40
    assert sent[-1] - sent[0] > 34 / 20  # of 39 requests after the first one 4 had a token at once
    assert {one.returncode for one in running} == {0}


numbers = st.one_of(st.floats(), st.integers(), st.integers(10**400, 10**401), st.none(), st.text(max_size=2))
contents = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda throttled, bucket: json.dumps({"throttled": throttled, "buckets": {"Create": bucket}}).encode(),
        numbers,
        st.one_of(numbers, st.dictionaries(st.sampled_from(("tokens", "since", "share", "slowed")), numbers)),
    ),
    st.sampled_from((b"[" * 50_000, b"[]", b"null", b'{"buckets": []}', b"{" + b" " * 70_000 + b"}")),
)


@given(content=contents, spare=st.booleans(), now=st.floats(0, 4e9))
def test_whatever_a_file_holds_no_request_fails_or_waits_for_long(content: bytes, spare: bool, now: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "pace.json"
        path.write_bytes(content)
        time = Time(now)
        pace = SharedPace(lambda _: Rate(10, 2), path, time.clock, time.sleep, spare=spare)
        for _ in range(3):
            begun = time.now
            pace.wait("Create")
            pace.throttled("Create")
            assert time.now - begun <= LONGEST_WAIT + 1e-3
        json.loads(path.read_bytes())


@pytest.mark.parametrize("jump", [-1e6, -0.5, 1e6])
def test_a_clock_that_jumps_makes_no_wait_longer_than_the_bucket_allows(tmp_path: Path, jump: float) -> None:
    time = Time(1e9)
    for _ in range(15):
        SharedPace(lambda _: Rate(10, 2), tmp_path / "pace.json", time.clock, lambda _: None).wait("Create")
    time.now += jump
    begun = time.now
    SharedPace(lambda _: Rate(10, 2), tmp_path / "pace.json", time.clock, time.sleep).wait("Create")
    assert time.now - begun == pytest.approx(3 if jump < 0 else 0)  # five wait already


def test_a_crowd_of_commands_waits_no_longer_than_the_longest_wait_and_one_of_threads_for_its_turn(tmp_path: Path) -> None:
    slept: list[float] = []
    for pace in (
        SharedPace(lambda _: Rate(1, 1), tmp_path / "pace.json", lambda: 0.0, slept.append),
        Pace(lambda _: Rate(1, 1), lambda: 0.0, slept.append),
    ):
        slept.clear()
        for _ in range(200):
            pace.wait("Create")
        assert slept == [min(float(number), pace._longest) for number in range(1, 200)]
    assert SharedPace._longest == LONGEST_WAIT


def test_a_rate_that_is_slower_than_the_longest_wait_is_kept(tmp_path: Path) -> None:
    time = Time()
    pace = SharedPace(lambda _: Rate(1, 1 / 500), tmp_path / "pace.json", time.clock, time.sleep)
    for _ in range(3):
        pace.wait("Create")
    assert time.now == pytest.approx(1000)


@pytest.mark.parametrize("written", [0, 5])
def test_on_a_full_disk_the_threads_share_a_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    def full(*_: object) -> int:
        if not written:
            raise OSError(28, "No space left on device")
        return written

    monkeypatch.setattr(os, "pwrite", full)
    time = Time()
    pace = SharedPace(lambda _: Rate(1, 2), tmp_path / "pace.json", time.clock, time.sleep)
    for _ in range(3):
        pace.wait("Create")
    assert time.now == pytest.approx(1)


def test_a_path_that_cannot_be_looked_at_stops_nothing(tmp_path: Path) -> None:
    time = Time()
    pace = SharedPace(lambda _: Rate(1, 2), tmp_path / ("long" * 100), time.clock, time.sleep, spare=True)
    pace.wait("Create")
    pace.throttled("Create")
    pace.wait("Create")
    assert time.now == pytest.approx(1 / (2 * 0.7))


def _directory(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    (path.parent / "elsewhere").write_text("mine")
    path.symlink_to(path.parent / "elsewhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("put", [_directory, _link, _pipe])
def test_where_the_file_is_something_else_it_is_left_alone_and_the_threads_share_a_pace(
    tmp_path: Path, put: Callable[[Path], None]
) -> None:
    path, time = tmp_path / "pace.json", Time()
    put(path)
    pace = SharedPace(lambda _: Rate(1, 2), path, time.clock, time.sleep)
    for _ in range(3):
        pace.wait("Create")
    assert time.now == pytest.approx(1)
    assert not path.is_file() or path.read_text() == "mine"


def test_where_no_directory_can_be_made_the_threads_share_a_pace(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    time = Time()
    pace = SharedPace(lambda _: Rate(1, 2), tmp_path / "state" / "pace" / "pace.json", time.clock, time.sleep)
    for _ in range(3):
        pace.wait("Create")
    assert time.now == pytest.approx(1)


def test_without_file_locks_as_on_windows_the_threads_share_a_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    time = Time()
    pace = SharedPace(lambda _: Rate(1, 2), tmp_path / "pace.json", time.clock, time.sleep)
    for _ in range(3):
        pace.wait("Create")
    assert time.now == pytest.approx(1)
    assert not (tmp_path / "pace.json").exists()


def test_a_lock_of_a_suspended_process_blocks_no_other(tmp_path: Path) -> None:
    import fcntl

    path, time = tmp_path / "pace.json", Time()
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        begun = real_time.monotonic()
        SharedPace(lambda _: Rate(1, 2), path, time.clock, time.sleep).wait("Create")
        assert 0.5 < real_time.monotonic() - begun < 30
    assert time.now == 0


@pytest.mark.parametrize("made", ["Pace", "SharedPace"])
def test_a_server_that_is_spared_is_paced_for_some_minutes_after_it_throttled(tmp_path: Path, made: str) -> None:
    time = Time(1e9)
    path = (tmp_path / "pace.json",) if made == "SharedPace" else ()
    kind: Any = SharedPace if made == "SharedPace" else Pace
    pace = kind(lambda _: Rate(1, 2), *path, time.clock, time.sleep, spare=True)
    for _ in range(50):
        pace.wait("Create")
    assert time.now == 1e9
    assert not any(tmp_path.iterdir())
    pace.throttled("Create")
    for operation in ("Create", "Revoke", "Revoke"):  # a lower rate where it throttled, and the whole for another kind
        pace.wait(operation)
    assert time.now - 1e9 == pytest.approx(1 / (2 * 0.7) + 1 / 2)
    time.now += PACED_FOR
    begun = time.now
    for _ in range(50):
        pace.wait("Create")
    assert time.now == begun


def test_commands_share_a_file_where_they_share_region_and_credentials_and_it_tells_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    own = "https://ec2.eu-central-1.amazonaws.com"

    def path(url: str = own, region: str = "eu-central-1", profile: str | None = None) -> Path:
        pace = ec2.pace_at(url, region, tmp_path, profile)
        assert isinstance(pace, SharedPace)
        pace.wait("DescribeSecurityGroups")
        return pace.path

    assert path() == path("https://ec2.eu-central-1.api.aws") == path(profile="default")
    paths = [path(), path(region="eu-west-1"), path(profile="other-profile"), path("http://127.0.0.1:5000")]
    paths.append(path("http://127.0.0.1:5001"))
    monkeypatch.setenv("AWS_PROFILE", "other-profile")
    assert path() == paths[2]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDSECRETIVE")
    paths.append(path())
    assert path(profile="other-profile") == paths[2]
    assert len(set(paths)) == 6
    for one in paths:
        assert one.parent == tmp_path
        assert not {"AKIDSECRETIVE", "other-profile"} & set(one.name.split("-"))
        if one.exists():
            assert oct(one.stat().st_mode & 0o777) == "0o600"
            assert "AKID" not in one.read_text()


def test_azure_is_shared_by_subscription_and_a_local_server_by_its_address(tmp_path: Path) -> None:
    def path(url: str) -> Path:
        pace = arm.pace_at(url, tmp_path)
        assert isinstance(pace, SharedPace)
        return pace.path

    own = path("https://management.azure.com/subscriptions/One/resourceGroups/rg")
    assert own == path("https://management.azure.com/subscriptions/one/providers/other")
    local = path("https://127.0.0.1:8443/subscriptions/one")
    assert len({own, local, path("https://127.0.0.1:8444/subscriptions/one")}) == 3
    assert arm.pace_at("https://127.0.0.1:8443/tenants", tmp_path) is None


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
