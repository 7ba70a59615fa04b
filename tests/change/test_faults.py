"""Every call of a change fails in every way; the safety invariant is checked in the server's own state after each call.

`ESACLOUD_EXHAUSTIVE=1` tries every case; without it the larger matrices are sampled, always the same cases:

    ESACLOUD_EXHAUSTIVE=1 pytest -n0 --durations=0 tests/change/test_faults.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError
from support.described import permission
from support.ec2_scenes import MAIN, SCENES, Scene
from support.fault_matrix import some
from support.faulty_proxy import TRANSIENT, from_call
from support.live_ec2 import LiveEc2, new_name, text

from esacloud.change.execute import ChangeFailedError, violations
from esacloud.errors import OutsideError
from esacloud.lab.ec2.lag import Lag
from esacloud.lab.ec2.settings import using
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import Box, PacketSet

Fault = tuple[int, str]


@pytest.fixture(params=SCENES)
def scene(ec2: LiveEc2, request: pytest.FixtureRequest) -> Iterator[Scene]:
    made = Scene(ec2, request.param)
    yield made
    made.leave()


def spoilt(scene: Scene, *faults: Fault) -> None:
    """The change with faults that pass: it ends as without them, and the safety invariant holds after every call."""
    scene.start()
    scene.ec2.proxy.faults = dict(faults)
    with scene.ec2.invariant(scene.name, scene.desired):
        scene.go(scene.ec2.hasty if "late" in dict(faults).values() else scene.ec2.faulty)
    assert {number for number, _ in faults} == {number for number, _, _ in scene.ec2.proxy.met}, faults
    assert scene.ec2.picture(scene.name) == scene.end, faults


def test_a_fault_that_passes_at_any_call_keeps_the_invariant_and_the_result(scene: Scene) -> None:
    cases = [(number, fault) for number in range(len(scene.calls)) for fault in TRANSIENT]
    for case in cases if scene.kind in MAIN else some(cases, 36, scene.kind):
        spoilt(scene, case)


def test_reads_that_lag_keep_the_invariant_and_the_result(scene: Scene) -> None:
    lags = [Lag(reads=reads, flapping=seed) for reads in (1, 3, 6) for seed in (None, *range(20))]
    for lag in some(lags, 6, scene.kind):
        with using(lag=lag):
            spoilt(scene)


def test_two_faults_in_a_row_of_any_kinds_change_nothing_either(scene: Scene) -> None:
    pairs = [
        ((number, first), (number + apart, second))
        for number in range(len(scene.calls))
        for first in TRANSIENT
        for second in TRANSIENT
        for apart in (1, 2)  # the reading after an answer that was lost, and the call that is sent again after it
        if number + apart <= len(scene.calls)  # the first fault takes one more call at least
    ]
    for one, two in some(pairs, 12, scene.kind):
        spoilt(scene, one, two)


def test_a_refusal_at_any_call_ends_the_run_within_the_invariant_and_apply_and_restore_work(scene: Scene) -> None:
    cases = [(number, way) for number in range(len(scene.calls)) for way in ("on", "back")]
    for number, way in cases if scene.kind in MAIN else some(cases, 10, scene.kind):
        scene.start()
        scene.ec2.proxy.faults = {number: "refuse"}
        with (
            scene.ec2.invariant(scene.name, scene.desired),
            pytest.raises(OutsideError, match="UnauthorizedOperation") as failed,
        ):
            scene.go(scene.ec2.faulty)
        go_on(scene, way, failed.value, number)


@pytest.mark.parametrize("kind", TRANSIENT)
def test_a_lasting_fault_ends_the_run_within_the_invariant_and_apply_and_restore_work(scene: Scene, kind: str) -> None:
    cases = [(number, way) for number in range(len(scene.calls)) for way in ("on", "back")]
    for begin, way in some(cases, 1, f"{scene.kind} {kind}"):
        scene.start()
        scene.ec2.proxy.choose = from_call(begin, kind)
        with scene.ec2.invariant(scene.name, scene.desired), pytest.raises(OutsideError) as failed:
            scene.go(scene.ec2.hasty if kind == "late" else scene.ec2.faulty)
        scene.ec2.proxy.choose = None
        go_on(scene, way, failed.value, begin)


def go_on(scene: Scene, way: str, failure: OutsideError, number: int) -> None:
    """On to the new state by the same command, or back to the old by the snapshot that the message names."""
    if "the change was made and read back" in str(failure):  # and its lock could not be taken away
        assert scene.ec2.picture(scene.name) == scene.end
        return
    if isinstance(failure, ChangeFailedError):
        assert str(failure.snapshot) in str(failure)
        assert "too open" not in str(failure)
        assert "too closed" not in str(failure)
    elif way == "back":
        assert scene.ec2.picture(scene.name) == scene.picture, number  # nothing was done yet
        return
    with scene.ec2.invariant(scene.name, scene.desired if way == "on" else scene.before, carried=scene.carried):
        if way == "on":
            scene.go(scene.ec2.faulty)
        else:
            assert isinstance(failure, ChangeFailedError)
            scene.ec2.restore(failure.snapshot, scene.ec2.faulty)
    assert scene.ec2.picture(scene.name) == (scene.end if way == "on" else scene.picture), number


def _authorizes(ec2: LiveEc2, group: str) -> None:
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/8080", "192.0.2.0/24")])


def _revokes(ec2: LiveEc2, group: str) -> None:
    mail = [permission("tcp/25", "0.0.0.0/0")]
    ec2.client.revoke_security_group_ingress(GroupId=group, IpPermissions=mail)


def _tags(ec2: LiveEc2, group: str) -> None:
    ec2.client.create_tags(Resources=[group], Tags=[{"Key": "owner", "Value": "somebody"}])


def _inbound(port: int, network: str) -> PacketSet:
    """What one inbound rule permits, in packets."""
    addresses = parse_network(network)
    return PacketSet.of([Box("ingress", "ipv4", (6, 6), (0, 65535), (port, port), (addresses.first, addresses.last))])


NONE, OPENED, CLOSED = PacketSet(), _inbound(8080, "192.0.2.0/24"), _inbound(25, "0.0.0.0/0")
# What somebody else does -> how, what that opens, what that closes
SOMEBODY = {
    "authorizes": (_authorizes, OPENED, NONE),
    "revokes": (_revokes, NONE, CLOSED),
    "tags": (_tags, NONE, NONE),
}


@pytest.mark.parametrize("somebody", SOMEBODY)
def test_whatever_somebody_else_does_between_any_two_calls_the_run_answers_for_its_own_steps(
    scene: Scene, somebody: str
) -> None:
    do, opened, closed = SOMEBODY[somebody]
    ec2 = scene.ec2
    for begin in some(range(len(scene.calls)), 4, f"{scene.kind} {somebody}"):
        scene.start()
        done: list[str] = []

        def meanwhile(number: int, begin: int = begin, done: list[str] = done) -> None:
            groups = ec2.state(scene.name)
            if number >= begin and groups and not done:
                done.append(groups[0]["GroupId"])
                with suppress(ClientError):  # as when the rule that is to go is not there
                    do(ec2, done[0])

        ec2.proxy.before = meanwhile
        with ec2.invariant(scene.name, scene.desired, opened=opened, closed=closed):
            message = ""
            try:
                scene.go(ec2.faulty)
            except OutsideError as error:
                message = str(error)
        assert not message or "another change" in message or "InvalidPermission" in message, message
        ec2.proxy.before = None
        scene.go()
        left = violations(scene.desired, scene.desired, ec2.permitted(scene.name))
        assert not [one for one in left if one.too_closed or one.too_open - (opened if scene.kind == "released" else NONE)]


@pytest.mark.parametrize("kind", [*TRANSIENT, "refuse"])
def test_of_two_that_meet_a_fault_at_any_call_leaves_one_of_the_states_and_no_lock(ec2: LiveEc2, kind: str) -> None:
    """The lock in the VPC is taken only where two have met; faults happen at each of its calls too."""
    name, lock = new_name(), "esacloud-lock-"
    mine, other = text(name, ["10.0.0.3"]), text(name, ["10.0.0.4"], "mail, dns, cluster")
    ec2.proxy.reset()
    ec2.furnish()
    empty = ec2.remember()
    ec2.apply(text(name))
    back = ec2.remember()

    def meet(fault: int | None) -> Exception | None:
        back()
        live, plan = ec2.plan(mine, client=ec2.hasty if kind == "late" else ec2.faulty)
        ec2.apply(other)
        ec2.proxy.reset()
        ec2.proxy.faults = {fault: kind} if fault is not None else {}
        try:
            ec2.carry_out(live, plan)
        except OutsideError as error:
            return error
        return None

    def locks() -> list[str]:
        found = ec2.client.describe_security_groups()["SecurityGroups"]
        return [group["GroupId"] for group in found if group["GroupName"].startswith(lock)]

    assert meet(None) is None
    calls = list(ec2.proxy.calls)
    assert "CreateSecurityGroup" in calls
    desired = ec2.permitted(name)
    for number in range(len(calls)):
        error = meet(number)
        assert ec2.proxy.met, number
        if kind == "refuse":
            assert error is not None
            for group in locks():
                ec2.client.delete_security_group(GroupId=group)
        else:
            assert error is None, (number, error)
            assert not locks(), number
            assert ec2.permitted(name) == desired, number
        ec2.apply(mine)
        assert ec2.permitted(name) == desired, number
    empty()
