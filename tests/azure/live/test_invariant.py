"""Laws over drawn pairs of deployments, and a long run of random changes with random faults, intruders and kills."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from support import arm as bodies
from support.azure import SETTINGS, distinct, flows
from support.killing import Source, source, time_passes
from support.live_azure import (
    ENDS_THE_RUN,
    NIC,
    NIC2,
    NO_WAIT,
    SUBNET,
    SUBNET2,
    SUBSCRIPTION,
    TRANSIENT,
    WRITES_ONLY,
    LiveAzure,
    attach,
    new_name,
    rule,
    text,
)
from support.policies import deployment, policy
from support.samples import size

from esacloud import workflow
from esacloud.azure.lower import lower
from esacloud.change import run
from esacloud.change.live import Connection, LiveCloud
from esacloud.change.model import ChangePlan, Unmanaged
from esacloud.deployment.model import CloudSettings
from esacloud.errors import InputError, OutsideError, Place
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.model import Flow

INTERFACES = ("data1", "data2")
CHANGES = size(50, 200)  # in a row, at random
MODES: tuple[Unmanaged, ...] = ("report", "keep", "purge")
PASSING = tuple(kind for kind in TRANSIENT if kind not in (*WRITES_ONLY, "timeout-after"))
# How attachments are distributed: each has one group, so those of an interface are its own.
PLACES = [
    {"data1": (), "data2": ()},
    {"data1": (NIC,), "data2": ()},
    {"data1": (NIC,), "data2": (NIC2,)},
    {"data1": (NIC, NIC2), "data2": (SUBNET2,)},
    {"data1": (SUBNET,), "data2": (NIC2, SUBNET2)},
]


@dataclass(frozen=True)
class Drawn:
    """One deployment: flows at two interfaces, and what they are attached to."""

    flows: tuple[Flow, ...]
    attached: Mapping[str, tuple[str, ...]]


def drawn() -> st.SearchStrategy[Drawn]:
    return st.builds(
        Drawn,
        st.lists(flows(INTERFACES), max_size=8).map(distinct).map(tuple),
        st.sampled_from(PLACES),
    )


def _plan(
    azure: LiveAzure, name: str, one: Drawn, quota: int, unmanaged: Unmanaged = "report", takes_over: bool = False
) -> tuple[LiveCloud, ChangePlan]:
    placed: dict[str, dict[str, tuple[str, ...]]] = {}
    for interface, ids in one.attached.items():
        if any(flow.interface == interface for flow in one.flows):
            nics, subnets = (tuple(each for each in ids if ("/subnets/" in each) == inside) for inside in (False, True))
            placed[interface] = {"network_interfaces": nics, "subnets": subnets}
            if takes_over and interface == "data1":
                placed[interface]["group"] = ("others",)
    values = {**SETTINGS, "subscription": SUBSCRIPTION}
    cloud = CloudSettings("azure", values, {}, {"rules_per_group": quota}, Place("gateway.yaml"), placed)
    file = deployment(INTERFACES, name=name, clouds={"azure": cloud})
    lowered = lower(replace(policy(one.flows, INTERFACES, name), cloud="azure"), file)
    live = workflow.connect(file, "azure", Connection(client=azure.client, backoff=NO_WAIT))
    return live, run.plan(live, lowered, unmanaged)


OTHERS = [
    rule("one", priority=101),
    rule("two", priority=102, access="Deny", sourceAddressPrefix="*", destinationPortRange="*", protocol="*"),
    rule("three", priority=4000, direction="Outbound", sourceAddressPrefix="*", destinationAddressPrefix="10.0.0.0/28"),
]


@settings(
    max_examples=size(10, 400),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    old=drawn(),
    new=drawn(),
    others=st.sets(st.sampled_from(range(len(OTHERS))), max_size=2),
    unmanaged=st.sampled_from(MODES),
    quota=st.sampled_from([1000, 1000, 12, 6]),
    takes_over=st.booleans(),
    fault=st.none() | st.tuples(st.integers(0, 25), st.sampled_from(PASSING)),
)
def test_between_any_two_deployments_the_invariant_holds_after_every_change_and_restoring_ends_at_the_first(
    azure: LiveAzure,
    old: Drawn,
    new: Drawn,
    others: set[int],
    unmanaged: Unmanaged,
    quota: int,
    takes_over: bool,
    fault: tuple[int, str] | None,
) -> None:
    azure.clean()
    for one in ("asg-one", "asg-two"):
        azure.send("PUT", bodies.path("applicationSecurityGroups", one), {"location": "westeurope"})
    takes_over = takes_over and all(any(flow.interface == "data1" for flow in one.flows) for one in (old, new))
    group, name = bodies.path("networkSecurityGroups", "others"), new_name()
    azure.send("PUT", group, bodies.nsg())
    group = group if takes_over else azure.group(name)
    try:
        azure.carry_out(*_plan(azure, name, old, quota, takes_over=takes_over))
        if azure.document(group):
            azure.others(group, *(OTHERS[number] for number in sorted(others)))
        before = azure.picture()
        live, plan = _plan(azure, name, new, quota, unmanaged, takes_over)
    except InputError as error:
        event(f"refused before any change: {str(error)[:60]}")
        return
    desired = plan.planned.packets()
    azure.arm.spoil(dict([fault] if fault else []))
    with azure.invariant(name, desired):
        applied = azure.carry_out(live, plan)
    azure.arm.spoil({})
    event(f"{len(plan.steps)} steps")
    assert applied.state.packets() == desired
    assert _plan(azure, name, new, quota, unmanaged, takes_over)[1].empty
    if applied.snapshot:
        azure.restore(applied.snapshot)
        assert azure.picture() == before


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with source(tmp_path_factory.mktemp("message")) as started:
        yield started


def test_many_random_changes_with_random_faults_end_where_the_last_one_points(
    azure: LiveAzure, commands: Source, tmp_path: Path
) -> None:
    """Requests are throttled, cut, lost and refused, somebody else changes rules in between, and processes are killed."""
    chance = random.Random(20261124)
    name, path = new_name(), tmp_path / "gateway.yaml"
    everyone = [f"10.2.0.{number}" for number in range(1, 13)]
    file = text(name, ["10.2.0.1"])
    azure.apply(file)
    kinds = [kind for kind in (*TRANSIENT, *ENDS_THE_RUN) if kind != "timeout-after"]
    ends = {"failed": 0, "killed": 0, "met somebody": 0}
    for number in range(CHANGES):
        features = chance.choice(["mail, dns", "mail, dns, cluster", "dns"])
        attachments = attach(*chance.choice([[NIC], [NIC], [NIC, SUBNET2]]))
        file = text(name, chance.sample(everyone, chance.randint(1, 7)), features, attachments)
        _, plan = azure.plan(file, "purge")
        unwell = chance.choice([0.0, 0.05, 0.15, 0.9])
        azure.arm.spoil({}, lambda _, unwell=unwell: chance.choice(kinds) if chance.random() < unwell else None)
        if number % 4 == 1:
            azure.arm.before = _intruder(azure, name, chance, ends)
        with azure.invariant(name, plan.planned.packets(), beside=BESIDE):
            if number % 5 == 3:
                ends["killed"] += _killed(azure, commands, path, file, chance)
            else:
                try:
                    azure.apply(file, "purge")
                except (OutsideError, InputError):
                    ends["failed"] += 1
        azure.arm.spoil({})
    assert all(CHANGES / 20 < count < CHANGES * 19 / 20 for count in ends.values()), ends
    desired = azure.apply(file, "purge").plan.planned.packets()
    assert azure.permitted(name) == desired
    assert azure.plan(file)[1].clean
    azure.others(azure.group(name), rule())
    azure.destroy(file)
    assert not azure.groups(name)


LATE = ("late-comer", "later-comer")
BESIDE = PacketSet.of(
    [Box("ingress", "ipv4", (6, 6), (0, 65535), (8080, 8081), (0xC0000200, 0xC00002FF))]  # what they permit: 192.0.2.0/24
)


def _intruder(azure: LiveAzure, name: str, chance: random.Random, ends: dict[str, int]) -> Callable[[int], None]:
    """Somebody adds a rule to the group, or takes others away, before some request."""
    moment, which, adds = chance.randrange(8), chance.randrange(2), chance.random() < 0.7

    def intrude(request: int) -> None:
        if request == moment and azure.document(azure.group(name)):
            target = f"{azure.group(name)}/securityRules/{LATE[which]}"
            body = rule(LATE[which], priority=201 + which, destinationPortRange=str(8080 + which))
            azure.arm.send("PUT" if adds else "DELETE", target, body if adds else None)
            ends["met somebody"] += 1

    return intrude


def _killed(azure: LiveAzure, commands: Source, path: Path, file: str, chance: random.Random) -> bool:
    """Apply in a process of its own, which is killed at some request if it comes that far."""
    path.write_text(file)
    time_passes(azure.directory)
    words = ["--yes", "--unmanaged", "purge", "--endpoint-url", azure.arm.url, "--state-dir", str(azure.directory)]
    moment, running = chance.randrange(1, 12), None
    azure.arm.choose = None  # a process of its own waits as long as it is asked to

    def kill(request: int) -> None:
        if request >= moment and running is not None:
            running.kill()

    azure.arm.after = kill
    running = commands.start(["apply", str(path), *words], azure.arm.environment())
    return running.wait() == -9


def test_what_fitted_once_is_brought_back_though_the_file_allows_less_by_now(azure: LiveAzure) -> None:
    name = new_name()
    servers = [f"10.2.0.{number}" for number in range(1, 5)]
    azure.apply(text(name, servers, azure="    quotas: {rules_per_group: 20}\n"))
    azure.others(azure.group(name), rule())
    before = azure.permitted(name)
    applied = azure.apply(text(name, ["10.2.0.9"], "dns", azure="    quotas: {rules_per_group: 6}\n"), "purge")
    azure.restore(applied.snapshot)
    assert azure.permitted(name) == before
