"""Laws over drawn pairs of policies, and a long run of random changes with random faults."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import arm as bodies
from support.azure import SETTINGS, distinct, flows
from support.live_azure import NIC, NO_WAIT, SUBSCRIPTION, LiveAzure, attach, new_name, rule, text
from support.policies import deployment, policy

from esacloud.azure.lower import lower
from esacloud.change import run
from esacloud.deployment.model import CloudSettings
from esacloud.errors import OutsideError, Place
from esacloud.lab.arm.faults import FaultKind
from esacloud.live.cloud import Connection
from esacloud.policy.model import Flow

FLOWS = st.lists(flows(("data1", "data2")), max_size=8).map(distinct)


def _apply(azure: LiveAzure, name: str, drawn: list[Flow]) -> run.Applied:
    cloud = CloudSettings("azure", {**SETTINGS, "subscription": SUBSCRIPTION}, {}, {}, Place("gateway.yaml"))
    file = deployment(("data1", "data2"), name=name, clouds={"azure": cloud})
    lowered = lower(replace(policy(drawn, ("data1", "data2"), name), cloud="azure"), file)
    live = run.connect(file, "azure", Connection(client=azure.client, backoff=NO_WAIT))
    applied = run.apply(live, run.plan(live, lowered), azure.directory, backoff=NO_WAIT)
    assert applied.state.packets() == dict(lowered.packets)
    return applied


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(old=FLOWS, new=FLOWS)
def test_between_any_two_policies_the_law_holds_and_restoring_ends_at_the_first(
    azure: LiveAzure, old: list[Flow], new: list[Flow]
) -> None:
    azure.clean()
    for one in ("asg-one", "asg-two"):
        azure.send("PUT", bodies.path("applicationSecurityGroups", one), {"location": "westeurope"})
    name = new_name()
    _apply(azure, name, old)
    before = azure.permitted(name)
    wanted = _apply(azure, new_name(), new).state.packets()
    with azure.law(name, wanted):
        applied = _apply(azure, name, new)
    assert applied.state.packets() == wanted
    assert _apply(azure, name, new).plan.empty
    if applied.snapshot:
        azure.restore(applied.snapshot)
    assert azure.permitted(name) == before


def test_sixty_random_changes_with_random_faults_end_where_the_last_one_points(azure: LiveAzure) -> None:
    chance = random.Random(20261124)
    kinds: tuple[FaultKind, ...] = get_args(FaultKind)
    quick = tuple(kind for kind in kinds if kind != "timeout-after")
    name = new_name()
    everyone = [f"10.2.0.{number}" for number in range(1, 13)]
    file = text(name, ["10.2.0.1"])
    azure.apply(file)
    failed = 0
    for _ in range(60):
        features = chance.choice(["mail, dns", "mail, dns, cluster", "dns"])
        file = text(name, chance.sample(everyone, chance.randint(1, 7)), features, attach(NIC))
        _, plan = azure.plan(file)
        for _ in range(chance.choice([0, 1, 3])):
            azure.arm.fail_next(
                chance.choice(["PUT", "DELETE", None]),
                "/subscriptions/",
                chance.choice(quick),
                skip=chance.randrange(8),
                times=chance.choice([1, 1, 2, 12]),
            )
        with azure.law(name, plan.after.packets()):
            try:
                azure.apply(file)
            except OutsideError:
                failed += 1
        azure.arm.forget_faults()
    assert 5 < failed < 55
    wanted = azure.apply(file).state.packets()
    assert azure.permitted(name) == wanted
    assert azure.plan(file)[1].empty
    azure.theirs(azure.group(name), rule())
    azure.destroy(file)
    assert not azure.groups(name)
