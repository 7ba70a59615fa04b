"""Many changes at once against an EC2 that counts requests as EC2 does: paced, none is throttled."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from support.live_ec2 import NO_WAIT, LiveEc2, new_name, text

from esacloud import workflow
from esacloud.change import run
from esacloud.lab.ec2_rates import Buckets
from esacloud.live.cloud import Connection
from esacloud.live.pace import Pace, Rate
from esacloud.live.retry import Backoff

GATEWAYS, THREADS = 24, 8
STUBBORN = Backoff(tries=50, base=0.01, most=0.05)


def mutating(rate: Rate) -> Callable[[str], Rate | None]:
    """A bucket of this rate for each operation that changes something."""
    return lambda operation: None if operation.startswith("Describe") else rate


def make(ec2: LiveEc2, buckets: Buckets, pace: Pace | None) -> int:
    """Gateways by threads; how many requests were throttled."""
    ec2.furnish()
    ec2.proxy.choose = lambda _, operation: "throttle" if buckets.over(operation) else None
    deployments = [ec2.deployment(text(new_name())) for _ in range(GATEWAYS)]

    def one(number: int) -> None:
        connection = Connection(client=ec2.faulty, backoff=STUBBORN, pace=pace)
        live = run.connect(deployments[number], "aws", connection)
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
