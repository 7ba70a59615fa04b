"""Laws over drawn pairs of deployments, and a long run of random changes with random faults, intruders and kills."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from support import policies
from support.described import permission
from support.faulty_proxy import TRANSIENT
from support.killing import Source, source, time_passes
from support.live_ec2 import ENI, ENI2, NO_WAIT, REGION, VPC, LiveEc2, new_name, text
from support.samples import size

from esacloud import workflow
from esacloud.aws.live.rules import permissions
from esacloud.aws.lower import lower
from esacloud.change import run
from esacloud.change.live import Connection, LiveCloud
from esacloud.change.model import ChangePlan, Unmanaged
from esacloud.deployment.model import CloudSettings
from esacloud.errors import InputError, OutsideError, Place
from esacloud.lab.ec2.application import CREDENTIALS
from esacloud.packets.sets import PacketSet
from esacloud.policy.model import Flow

INTERFACES = ("data1", "data2")
CHANGES = size(50, 200)  # in a row, at random
MODES: tuple[Unmanaged, ...] = ("report", "keep", "purge")


@dataclass(frozen=True)
class Drawn:
    """One deployment: flows at two interfaces, and what they are attached to."""

    flows: tuple[Flow, ...]
    attached: Mapping[str, tuple[str, ...]]


def _distinct(flows: list[Flow]) -> tuple[Flow, ...]:
    named = {(flow.interface, flow.direction, flow.transport, flow.ports, str(flow.remote)): flow for flow in flows}
    return tuple(flow for flow in named.values() if getattr(flow.remote, "id", "") != "sg-00000000")


def drawn() -> st.SearchStrategy[Drawn]:
    attachments = st.sampled_from([(), (), (ENI,), (ENI2,), (ENI, ENI2)])
    return st.builds(
        Drawn,
        st.lists(policies.flows(INTERFACES), max_size=8).map(_distinct),
        st.fixed_dictionaries(dict.fromkeys(INTERFACES, attachments)),
    )


def _plan(
    ec2: LiveEc2,
    name: str,
    one: Drawn,
    quota: int = 60,
    unmanaged: Unmanaged = "report",
    over: str | None = None,
    client: object = None,
) -> tuple[LiveCloud, ChangePlan]:
    placed = {
        interface: {"network_interfaces": ids, **({"group": (over,)} if over and interface == "data1" else {})}
        for interface, ids in one.attached.items()
        if any(flow.interface == interface for flow in one.flows)
    }
    cloud = CloudSettings(
        "aws", {"region": REGION, "vpc": VPC}, {}, {"rules_per_group": quota}, Place("gateway.yaml"), placed
    )
    deployment = policies.deployment(INTERFACES, name=name, clouds={"aws": cloud})
    lowered = lower(policies.policy(one.flows, INTERFACES, name), deployment)
    live = workflow.connect(deployment, "aws", Connection(client=client or ec2.client, backoff=NO_WAIT))
    return live, run.plan(live, lowered, unmanaged)


def _add_unmanaged(ec2: LiveEc2, name: str, flows: tuple[Flow, ...]) -> None:
    """Somebody adds rules by hand to the first group of the deployment."""
    one = Drawn(tuple(flow for flow in flows if flow.interface == "data1"), {})
    groups = ec2.groups(name)
    if not groups or not one.flows:
        return
    _, plan = _plan(ec2, f"{name}-others", one)
    group = str(groups[0]["GroupId"])
    for direction, call in (("ingress", "ingress"), ("egress", "egress")):
        for rule in plan.planned.groups[0].rules:
            if rule.direction == direction:
                made = permissions([rule], group, described=False)
                with suppress(Exception):  # the same rule is there
                    getattr(ec2.client, f"authorize_security_group_{call}")(GroupId=group, IpPermissions=made)


@settings(
    max_examples=size(10, 400),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    old=drawn(),
    new=drawn(),
    others=st.lists(policies.flows(INTERFACES), max_size=2).map(_distinct),
    unmanaged=st.sampled_from(MODES),
    quota=st.sampled_from([60, 60, 6, 4]),
    takes_over=st.booleans(),
    fault=st.none() | st.tuples(st.integers(0, 20), st.sampled_from([one for one in TRANSIENT if one != "late"])),
)
def test_between_any_two_deployments_the_invariant_holds_after_every_call_and_restoring_ends_at_the_first(
    ec2: LiveEc2,
    old: Drawn,
    new: Drawn,
    others: tuple[Flow, ...],
    unmanaged: Unmanaged,
    quota: int,
    takes_over: bool,
    fault: tuple[int, str] | None,
) -> None:
    takes_over = takes_over and all(any(flow.interface == "data1" for flow in one.flows) for one in (old, new))
    ec2.furnish()
    ec2.proxy.reset()
    empty, name, over = ec2.remember(), new_name(), None
    if takes_over:
        over = ec2.client.create_security_group(GroupName=f"others {name}", Description="others", VpcId=VPC)["GroupId"]
        ec2.adopted[over] = "data1"
    try:
        try:
            ec2.carry_out(*_plan(ec2, name, old, quota, over=over))
            _add_unmanaged(ec2, name, others)
            before = ec2.picture(name)
            live, plan = _plan(ec2, name, new, quota, unmanaged, over, ec2.faulty)
        except InputError as error:
            event(f"refused before any call: {str(error)[:40]}")
            return
        desired = plan.planned.packets()
        ec2.proxy.reset()
        ec2.proxy.faults = dict([fault] if fault else [])
        with ec2.invariant(name, desired):
            applied = ec2.carry_out(live, plan)
        event(f"{len(plan.steps)} steps")
        assert applied.state.packets() == desired
        assert {key: ec2.permitted(name).get(key, PacketSet()) for key in desired} == desired
        assert _plan(ec2, name, new, quota, unmanaged, over)[1].empty
        if applied.snapshot:
            ec2.restore(applied.snapshot)
            assert ec2.picture(name) == before
    finally:
        ec2.adopted.clear()
        empty()


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with source(tmp_path_factory.mktemp("output")) as started:
        yield started


OTHERS = [permission("tcp/8080", "192.0.2.0/24"), permission("tcp/8081", "192.0.2.0/24")]


def _intrude(ec2: LiveEc2, name: str, chance: random.Random) -> None:
    """Somebody adds a rule, or takes one away that may be unmanaged."""
    for group in ec2.state(name)[:1]:
        call = chance.choice([ec2.client.authorize_security_group_ingress, ec2.client.revoke_security_group_ingress])
        with suppress(Exception):  # it is there already, or is not
            call(GroupId=group["GroupId"], IpPermissions=[chance.choice(OTHERS)])


def test_many_random_changes_with_random_faults_end_where_the_last_one_points(
    ec2: LiveEc2, commands: Source, tmp_path: Path
) -> None:
    """Calls are throttled, cut, lost and refused, somebody else changes rules in between, and processes are killed."""
    chance = random.Random(20261124)
    name = new_name()
    everyone = [f"10.2.0.{number}" for number in range(1, 13)]
    # six servers take twelve rules and mail one more: often there is no room to add first
    quota = "    quotas: {rules_per_group: 16}\n"
    file, path = text(name, ["10.2.0.1"], aws=quota), tmp_path / "gateway.yaml"
    ec2.apply(file)
    ends = {"failed": 0, "killed": 0, "met somebody": 0}
    unmanaged = PacketSet.of(box for rule in OTHERS for box in _boxes(rule))
    for number in range(CHANGES):
        features = chance.choice(["mail, dns", "mail, dns, cluster", "dns"])
        servers = chance.sample(everyone, chance.randint(1, 6 if features == "dns" else 5))
        file = text(name, servers, features, aws=quota, attached=chance.choice([[], [ENI], [ENI, ENI2]]))
        try:
            _, plan = ec2.plan(file, "purge")
        except InputError:
            continue  # every rule is needed and none fits: refused before any call
        ec2.proxy.reset()
        kinds = [*(fault for fault in TRANSIENT if fault != "late"), "refuse", "refuse"]
        ec2.proxy.choose = lambda *_, kinds=kinds: chance.choice(kinds) if chance.random() < 0.12 else None
        meets = number % 4 == 1
        if meets:
            moment = chance.randrange(8)

            def intrude(call: int, moment: int = moment) -> None:
                if call == moment:
                    _intrude(ec2, name, chance)
                    ends["met somebody"] += 1

            ec2.proxy.before = intrude
        with ec2.invariant(name, plan.planned.packets(), opened=unmanaged, closed=unmanaged):
            if number % 5 == 3:
                ends["killed"] += _killed(ec2, commands, path, file, chance)
            else:
                try:
                    ec2.apply(file, "purge", ec2.faulty)
                except (OutsideError, InputError):
                    ends["failed"] += 1
        ec2.proxy.reset()
    assert all(CHANGES / 20 < count < CHANGES * 19 / 20 for count in ends.values()), ends
    desired = ec2.apply(file, "purge").plan.planned.packets()
    assert ec2.permitted(name) == desired
    assert ec2.plan(file)[1].clean
    ec2.destroy(file)
    assert not ec2.groups(name)


def _killed(ec2: LiveEc2, commands: Source, path: Path, file: str, chance: random.Random) -> bool:
    """Apply in a process of its own, which is killed at some call if it comes that far."""
    path.write_text(file)
    time_passes(ec2.directory)
    where = ["--endpoint-url", ec2.proxy.url, "--state-dir", str(ec2.directory)]
    moment = chance.randrange(1, 8)
    environment = {**CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}
    running = None

    def kill(call: int) -> None:
        if call >= moment and running is not None:
            running.kill()

    ec2.proxy.after = kill
    running = commands.start(["apply", str(path), "--yes", "--unmanaged", "purge", *where], environment)
    code = running.wait()
    with ec2.proxy.lock:
        ec2.proxy.after = None
    return code == -9


def _boxes(made: dict) -> list:
    from esacloud.aws.inventory.describe import read

    tags = [{"Key": "esacloud:interface", "Value": "data1"}]
    group = {"GroupId": "sg-1", "GroupName": "one", "Tags": tags, "IpPermissions": [made], "IpPermissionsEgress": []}
    found = read({"SecurityGroups": [group]})
    assert found is not None
    return [box for rule in found.groups[0].rules for box in rule.boxes]
