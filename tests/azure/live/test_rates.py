"""Every request to Azure goes through the pace, polls too, and one that is throttled slows the others of its kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.live_azure import NO_WAIT, LiveAzure, new_name, text

from esacloud import workflow
from esacloud.azure.live.rates import rate_of
from esacloud.change import run
from esacloud.change.live import Connection
from esacloud.change.pace import Pace
from esacloud.change.retry import Backoff, ThrottledError


class Recorded(Pace):
    """A pace that does not wait and remembers what it was known."""

    def __init__(self) -> None:
        super().__init__(rate_of)
        self.waited: list[str] = []
        self.slowed: list[str] = []

    def wait(self, kind: str) -> None:
        self.waited.append(kind)

    def throttled(self, kind: str) -> None:
        self.slowed.append(kind)


def make(azure: LiveAzure, pace: Pace) -> list[str]:
    """Apply a deployment; the methods of all requests about the subscription."""
    deployment = azure.deployment(text(new_name(), features="mail, dns, cluster"))
    start = len(azure.arm.calls)
    live = workflow.connect(deployment, "azure", Connection(client=azure.client, backoff=NO_WAIT, pace=pace))
    run.apply(live, run.plan(live, workflow.lower(deployment, "azure")), azure.directory, backoff=NO_WAIT)
    return [call.method for call in azure.arm.calls[start:] if call.path.startswith("/subscriptions/")]


def test_every_request_has_asked_for_its_turn(azure: LiveAzure) -> None:
    pace = Recorded()
    assert make(azure, pace) == pace.waited
    assert {"GET", "PUT"} == set(pace.waited)
    assert pace.slowed == []


def test_a_throttled_request_slows_its_kind(azure: LiveAzure) -> None:
    pace = Recorded()
    azure.arm.fail_next("PUT", "/networkSecurityGroups/", "throttled")
    make(azure, pace)
    assert pace.slowed == ["PUT"]


def test_waiting_as_long_as_azure_asks_counts_towards_the_timeout(azure: LiveAzure) -> None:
    waits: list[float] = []
    backoff = Backoff(sleep=waits.append, jitter=lambda: 0.0, timeout=10)
    deployment = azure.deployment(text(new_name()))
    live = workflow.connect(deployment, "azure", Connection(client=azure.client, backoff=backoff))
    azure.arm.fail_next("GET", "/networkSecurityGroups", "throttled", times=9, retry_after=7)
    with pytest.raises(ThrottledError, match="--timeout"):
        run.plan(live, workflow.lower(deployment, "azure"))
    assert [wait for wait in waits if wait] == [7, pytest.approx(3, abs=0.1)]


def test_a_server_of_ones_own_is_paced_for_all_processes_once_it_has_throttled(azure: LiveAzure, tmp_path: Path) -> None:
    def make() -> None:
        deployment = azure.deployment(text(new_name()))
        connection = Connection(client=azure.client, backoff=NO_WAIT, pace_directory=tmp_path / "pace")
        live = workflow.connect(deployment, "azure", connection)
        run.apply(live, run.plan(live, workflow.lower(deployment, "azure")), azure.directory, backoff=NO_WAIT)

    make()
    assert not any(tmp_path.iterdir())
    azure.arm.fail_next("GET", "/networkSecurityGroups", "throttled", retry_after=0)
    make()
    (file,) = (tmp_path / "pace").iterdir()
    buckets = json.loads(file.read_text())["buckets"]
    assert buckets["GET"]["share"] < 1
    assert 0 <= rate_of("PUT").burst - buckets["PUT"]["tokens"] <= 4
    assert buckets["PUT"]["share"] == 1
