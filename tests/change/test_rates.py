"""Many changes at once against an EC2 that counts requests as EC2 does: paced, none is throttled; throttled, none fails.

`ESACLOUD_EXHAUSTIVE=1` starts 100 commands against EC2's published bucket, all calls that change something sharing one;
without it a few against one that is filled faster.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.fault_matrix import EXHAUSTIVE
from support.faulty_proxy import at_operation
from support.killing import Forked, Source, source
from support.live_ec2 import NO_WAIT, LiveEc2, new_name, text

from esacloud import workflow
from esacloud.change import run
from esacloud.change.execute import ChangeFailedError
from esacloud.change.live import Connection
from esacloud.change.pace import Pace, Rate
from esacloud.change.retry import Backoff
from esacloud.lab.ec2.application import CREDENTIALS
from esacloud.lab.ec2.rates import Buckets

GATEWAYS, THREADS = 24, 8
COMMANDS, SHARED = (100, Rate(50, 5)) if EXHAUSTIVE else (6, Rate(4, 8))
ENVIRONMENT = {**CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}
QUICK = Backoff(base=0.01, most=0.05)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with source(tmp_path_factory.mktemp("said")) as started:
        yield started


def mutating(rate: Rate) -> Callable[[str], Rate | None]:
    """A bucket of this rate for each operation that changes something."""
    return lambda operation: None if operation.startswith("Describe") else rate


def make(ec2: LiveEc2, buckets: Buckets, pace: Pace | None) -> int:
    """Gateways by threads; how many requests were throttled."""
    ec2.furnish()
    ec2.proxy.choose = lambda _, operation: "throttle" if buckets.over(operation) else None
    deployments = [ec2.deployment(text(new_name())) for _ in range(GATEWAYS)]

    def one(number: int) -> None:
        connection = Connection(client=ec2.faulty, backoff=QUICK, pace=pace)
        live = workflow.connect(deployments[number], "aws", connection)
        plan = run.plan(live, workflow.lower(deployments[number], "aws"))
        run.apply(live, plan, ec2.directory, backoff=NO_WAIT)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(GATEWAYS)))
    ec2.proxy.choose = None
    for deployment in deployments:
        assert ec2.permitted(deployment.name)["data1"]
        ec2.destroy(text(deployment.name))
    return buckets.refused


def test_paced_changes_are_never_throttled(ec2: LiveEc2) -> None:
    burst, per_second = 3, 5
    cloud = Buckets(mutating(Rate(burst + THREADS, per_second)))  # what was paced may still arrive together
    pace = Pace(lambda operation: Rate(999, 999) if operation.startswith("Describe") else Rate(burst, per_second))
    assert make(ec2, cloud, pace) == 0


def test_without_a_pace_they_are_and_arrive_all_the_same(ec2: LiveEc2) -> None:
    requests = itertools.count()
    cloud = Buckets(mutating(Rate(1, 0.6)), clock=lambda: next(requests))
    assert make(ec2, cloud, None) > 0


def start(commands: Source, ec2: LiveEc2, directory: Path, name: str, *more: str) -> Forked:
    """`esacloud apply` for a gateway, through the proxy."""
    file = directory / f"{name}.yaml"
    file.write_text(text(name))
    words = ["apply", str(file), "--yes", "--endpoint-url", ec2.proxy.url, "--state-dir", str(directory / "state"), *more]
    return commands.start(words, ENVIRONMENT)


def test_commands_at_once_against_one_shared_bucket_all_come_to_their_end(
    ec2: LiveEc2, commands: Source, tmp_path: Path
) -> None:
    ec2.furnish()
    buckets = Buckets(lambda _: None, shared=SHARED)
    ec2.proxy.choose = lambda _, operation: "throttle" if buckets.over(operation) else None
    names = [new_name() for _ in range(COMMANDS)]
    running = [start(commands, ec2, tmp_path, name) for name in names]
    assert [(one.wait(), one.text()) for one in running if one.wait() != 0] == []
    assert buckets.refused > 0
    # where they share no pace it is five times for each of six, and 13 for each of 100
    assert buckets.refused < 3 * COMMANDS
    assert len(list((tmp_path / "state" / "pace").iterdir())) == 1
    ec2.proxy.choose = None
    for name in names:
        assert not [
            rule for group in ec2.state(name) for rule in group["IpPermissionsEgress"] if rule["IpProtocol"] == "-1"
        ]
        assert ec2.permitted(name)["data1"]
        ec2.destroy(text(name))


def test_a_command_goes_on_while_it_is_throttled_more_often_than_it_tries_lost_calls(ec2: LiveEc2) -> None:
    file, throttled = text(new_name()), defaultdict[str, int](int)

    def throttle(_: int, operation: str) -> str | None:
        throttled[operation] += 1
        return "throttle" if throttled[operation] % 20 else None

    live, plan = ec2.plan(file, client=ec2.faulty)
    ec2.proxy.choose = throttle
    ec2.carry_out(live, plan)
    ec2.proxy.choose = None
    assert min(throttled.values()) >= 20 > 2 * NO_WAIT.tries
    ec2.destroy(file)


def test_a_run_that_is_throttled_for_good_ends_and_names_the_option(ec2: LiveEc2, commands: Source, tmp_path: Path) -> None:
    ec2.furnish()
    ec2.proxy.choose = at_operation("CreateSecurityGroup", "throttle")
    one = start(commands, ec2, tmp_path, new_name(), "--timeout", "1s")
    assert one.wait() == 3
    assert "RequestLimitExceeded" in one.text()
    assert "the timeout is 1 s. Set a longer one, such as `--timeout 30m`" in one.text()


def test_the_timeout_counts_for_each_run_of_a_connection_by_itself(ec2: LiveEc2) -> None:
    ec2.furnish()
    connection = Connection(client=ec2.faulty, backoff=Backoff(sleep=lambda _: None, jitter=lambda: 1.0, timeout=30))
    for _ in range(3):
        file = text(new_name())
        deployment = ec2.deployment(file)
        live = workflow.connect(deployment, "aws", connection)
        plan = run.plan(live, workflow.lower(deployment, "aws"))
        ec2.proxy.choose = at_operation("AuthorizeSecurityGroupIngress", "throttle")
        with pytest.raises(ChangeFailedError, match=r"for 3[01] s in total"):
            run.apply(live, plan, ec2.directory, backoff=NO_WAIT)
        ec2.proxy.choose = None
        ec2.destroy(file)
