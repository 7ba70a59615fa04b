"""Laws over drawn pairs of policies, and a long run of random changes with random faults."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import policies
from support.faulty_proxy import TRANSIENT
from support.live_ec2 import NO_WAIT, REGION, VPC, LiveEc2, new_name, text

from esacloud.aws.lower import lower
from esacloud.change import run
from esacloud.deployment.model import CloudSettings
from esacloud.errors import OutsideError, Place
from esacloud.live.cloud import Connection
from esacloud.policy.model import Flow

FLOWS = st.lists(policies.flows(), max_size=8).filter(
    lambda flows: all(getattr(flow.far, "id", "sg-0123456789abcdef0") != "sg-00000000" for flow in flows)
)


def _apply(ec2: LiveEc2, name: str, flows: list[Flow], quotas: dict[str, int], client: object = None) -> run.Applied:
    settings = CloudSettings("aws", {"region": REGION, "vpc": VPC}, {}, quotas, Place("gateway.yaml"))
    deployment = policies.deployment(name=name, clouds={"aws": settings})
    lowered = lower(policies.policy(_distinct(flows), name=name), deployment)
    connection = Connection(client=client or ec2.client, backoff=NO_WAIT)
    live = run.connect(deployment, "aws", connection)
    return run.apply(live, run.plan(live, lowered), ec2.directory, backoff=NO_WAIT)


def _distinct(flows: list[Flow]) -> list[Flow]:
    return list({(flow.direction, flow.transport, flow.ports, str(flow.far)): flow for flow in flows}.values())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(old=FLOWS, new=FLOWS)
def test_between_any_two_policies_the_law_holds_after_every_call(ec2: LiveEc2, old: list[Flow], new: list[Flow]) -> None:
    ec2.furnish()
    ec2.proxy.reset()
    name = new_name()
    _apply(ec2, name, old, {})
    wanted = _apply(ec2, target := new_name(), new, {}).state.packets()
    with ec2.law(name, wanted):
        applied = _apply(ec2, name, new, {}, ec2.faulty)
    assert applied.state.packets() == wanted
    assert _apply(ec2, name, new, {}).plan.empty
    for one in (name, target):
        for group in ec2.groups(one):
            ec2.client.delete_security_group(GroupId=group["GroupId"])


def test_two_hundred_random_changes_with_random_faults_end_where_the_last_one_points(ec2: LiveEc2) -> None:
    chance = random.Random(20261124)
    name = new_name()
    everyone = [f"10.2.0.{number}" for number in range(1, 13)]
    quota = (
        "    quotas: {rules_per_group: 16}\n"  # six servers take twelve rules and mail one more: often no room to add first
    )
    file = text(name, ["10.2.0.1"], aws=quota)
    ec2.apply(file)
    failed = 0
    for _ in range(200):
        features = chance.choice(["mail, dns", "mail, dns, cluster", "dns"])
        servers = chance.sample(everyone, chance.randint(1, 7 if features == "dns" else 6))
        file = text(name, servers, features, aws=quota)
        _, plan = ec2.plan(file)
        ec2.proxy.reset()
        ec2.proxy.choose = lambda _: (
            chance.choice([*(fault for fault in TRANSIENT if fault != "late"), "refuse", "refuse"])
            if chance.random() < 0.15
            else None
        )
        with ec2.law(name, plan.after.packets()):
            try:
                ec2.apply(file, client=ec2.faulty)
            except OutsideError:
                failed += 1
        ec2.proxy.reset()
    assert 10 < failed < 190
    wanted = ec2.apply(file).state.packets()
    assert ec2.permitted(name) == wanted
    assert ec2.plan(file)[1].empty
    ec2.destroy(file)
    assert not ec2.groups(name)
