"""The explorer itself, with small programs in the place of the engine: it finds what is wrong, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from explore.ec2 import Client
from explore.moves import Moves
from explore.search import Result, Search
from explore.strands import Execute, NotTheSameError, Outcome, Program, installed
from explore.transitions import ENI, NARROW, VPC, WEB, WIDE, Transition, transitions

from esacloud.errors import OutsideError

NARROWING = transitions()["narrowing"]
RIVALS = transitions()["apply against apply"]


def explored(execute: Execute, transition: Transition = NARROWING, states: int = 2000, **settings: Any) -> Result:
    settings = {"budget": (), "rival": False, **settings}
    with installed(execute) as strands:
        return Search(Moves(transition, strands, **settings)).explore(states)


def kinds(result: Result) -> set[str]:
    return {violation.kind for violation in result.violations.values()}


def permission(network: str) -> list[dict[str, Any]]:
    text = "row 15: ntp (ntp-servers)"
    return [{"IpProtocol": "udp", "FromPort": 123, "ToPort": 123, "IpRanges": [{"CidrIp": network, "Description": text}]}]


def group_of(client: Client) -> dict[str, Any]:
    (found,) = client.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["gateway-data1"]}])[
        "SecurityGroups"
    ]
    return dict(found)


def networks(client: Client) -> set[str]:
    return {one["CidrIp"] for rule in group_of(client)["IpPermissionsEgress"] for one in rule["IpRanges"]}


def desired(program: Program) -> set[str]:
    text = program.file.partition("ntp-servers: [")[2].partition("]")[0]
    return {one if "/" in one else f"{one}/32" for one in text.split(", ")}


@contextmanager
def done_already() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("InvalidPermission."):
            raise


def converge(program: Program, client: Client, directory: Path) -> Outcome:
    """What an engine is at least: what is missing first, then what is too much, and a look at the end."""
    group = group_of(client)["GroupId"]
    there, desired_ = networks(client), desired(program)
    if there == desired_:
        return Outcome("unchanged")
    for one in sorted(desired_ - there):
        with done_already():
            client.authorize_security_group_egress(GroupId=group, IpPermissions=permission(one))
    for one in sorted(there - desired_):
        with done_already():
            client.revoke_security_group_egress(GroupId=group, IpPermissions=permission(one))
    if networks(client) != desired_:
        raise OutsideError("somebody else is changing it")
    return Outcome("done")


def test_a_program_that_converges_is_found_to_hold_with_a_kill_at_any_point() -> None:
    result = explored(converge, budget=("kill",))
    assert result.complete
    assert not result.violations
    assert result.levels[1] > 10
    assert result.ends > 1


def test_revoking_first_is_too_closed_and_the_trace_is_the_shortest() -> None:
    def backwards(program: Program, client: Client, directory: Path) -> Outcome:
        group = group_of(client)["GroupId"]
        client.revoke_security_group_egress(GroupId=group, IpPermissions=permission(WIDE))
        client.authorize_security_group_egress(GroupId=group, IpPermissions=permission(NARROW))
        return Outcome("done")

    (found,) = explored(backwards).violations.values()
    assert (found.kind, found.level) == ("invariant", 0)
    assert found.text == f"{ENI} is too closed: egress udp/123 10.1.5.0-10.1.5.255"
    assert [step.partition("(")[0] for step in found.trace] == [
        "A begins: apply",
        "A: DescribeSecurityGroups",
        "A: RevokeSecurityGroupEgress",
    ]


def test_what_no_state_permits_is_too_open() -> None:
    def opening(program: Program, client: Client, directory: Path) -> Outcome:
        group = group_of(client)["GroupId"]
        client.authorize_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])  # fmt: skip  # noqa: E501
        return Outcome("done")

    (found,) = explored(opening).violations.values()
    assert f"{ENI} is too open: " in found.text
    assert "still permits all egress" in found.text


def test_a_new_group_is_not_attached_with_what_it_began_with() -> None:
    def attaching(program: Program, client: Client, directory: Path) -> Outcome:
        made = client.create_security_group(GroupName="more", Description="more", VpcId=VPC)["GroupId"]
        groups = [WEB, group_of(client)["GroupId"], made]
        client.modify_network_interface_attribute(NetworkInterfaceId=ENI, Groups=groups)
        return Outcome("done")

    (found,) = explored(attaching).violations.values()
    assert f"{ENI} carries more, which still permits all egress" in found.text


def test_a_group_of_others_stays_on_a_network_interface() -> None:
    def alone(program: Program, client: Client, directory: Path) -> Outcome:
        client.modify_network_interface_attribute(NetworkInterfaceId=ENI, Groups=[group_of(client)["GroupId"]])
        return converge(program, client, directory)

    (found,) = explored(alone).violations.values()
    assert f"{WEB} of somebody else is off {ENI}" in found.text


@pytest.mark.parametrize(("outcome", "kind"), [("done", "done"), ("unchanged", "nothing to change")])
def test_a_run_that_says_what_is_not_so_is_found_out(outcome: Any, kind: str) -> None:
    result = explored(lambda program, client, directory: Outcome(outcome) if networks(client) else Outcome("done"))
    assert kinds(result) == {kind}


def test_an_unexpected_error_is_a_finding() -> None:
    (found,) = explored(lambda program, client, directory: Outcome("done", str(1 / 0))).violations.values()
    assert found.kind == "traceback"
    assert "ZeroDivisionError" in found.text


def test_a_run_that_fails_with_nothing_in_its_way_is_a_finding() -> None:
    def refuse(program: Program, client: Client, directory: Path) -> Outcome:
        raise OutsideError("no")

    (found,) = explored(refuse).violations.values()
    assert found.kind == "fails"


def test_a_rerun_that_does_not_get_to_the_end_is_a_finding() -> None:
    def once(program: Program, client: Client, directory: Path) -> Outcome:
        if networks(client) != {WIDE}:
            raise OutsideError("it is not as it was")
        return converge(program, client, directory)

    assert not explored(once).violations
    assert kinds(explored(once, budget=("kill",))) == {"rerun"}


def test_a_lock_that_is_left_is_a_finding() -> None:
    def locking(program: Program, client: Client, directory: Path) -> Outcome:
        client.create_security_group(GroupName="esacloud-lock-gateway", Description="lock", VpcId=VPC)
        return converge(program, client, directory)

    assert kinds(explored(locking)) == {"lock"}


def test_a_stale_read_that_is_believed_is_a_finding() -> None:
    def believing(program: Program, client: Client, directory: Path) -> Outcome:
        group = group_of(client)["GroupId"]
        if NARROW not in networks(client):
            client.authorize_security_group_egress(GroupId=group, IpPermissions=permission(NARROW))
        if WIDE not in networks(client):
            return Outcome("done")
        client.revoke_security_group_egress(GroupId=group, IpPermissions=permission(WIDE))
        client.create_tags(Resources=[group], Tags=[{"Key": "Name", "Value": "gateway-data1"}])
        if WIDE in networks(client):  # believed: so nothing was revoked, it thinks, and it takes both away
            client.revoke_security_group_egress(GroupId=group, IpPermissions=permission(NARROW))
        return Outcome("done")

    assert not explored(believing).violations
    result = explored(believing, budget=("stale",))
    assert kinds(result) == {"invariant"}
    (found,) = result.violations.values()
    assert any("answers from 1 change ago" in step for step in found.trace)
    assert kinds(explored(believing, budget=("lag",))) == {"invariant"}


def test_two_runs_that_end_in_a_mix_are_a_finding() -> None:
    result = explored(converge, RIVALS, rival=True)
    assert "mix" in kinds(result)


def test_what_others_change_is_not_held_against_a_run_and_neither_is_it_left() -> None:
    result = explored(converge, budget=("outside",))
    assert kinds(result) == {"done"}  # it never looks at ingress, where somebody opened tcp/8080
    (found,) = result.violations.values()
    assert "tcp/8080" in found.text


def test_a_refusal_and_a_lost_answer_end_in_what_a_client_of_boto3_raises() -> None:
    met = set()

    def careless(program: Program, client: Client, directory: Path) -> Outcome:
        try:
            return converge(program, client, directory)
        except ClientError as error:
            met.add(error.response["Error"]["Code"])
            raise OutsideError("refused") from error
        except ConnectionClosedError as error:
            met.add("lost")
            raise OutsideError("lost") from error

    result = explored(careless, budget=("refusal", "lost"))
    assert not result.violations
    assert result.complete
    assert met == {"UnauthorizedOperation", "ExpiredToken", "lost"}


def test_the_clock_and_waiting_are_of_the_run_and_cost_nothing() -> None:
    seen = []

    def waiting(program: Program, client: Client, directory: Path) -> Outcome:
        from esacloud.aws.live import lock as live_lock

        clock = vars(live_lock)["datetime"]  # as the engine's modules have it
        before, begun = clock.now(UTC), time.monotonic()
        time.sleep(1800)
        seen.append(((clock.now(UTC) - before).total_seconds(), time.monotonic() - begun))
        return converge(program, client, directory)

    real = time.monotonic()
    assert not explored(waiting).violations
    assert seen == [(1800, 1800)]
    assert time.monotonic() - real < 60
    assert abs((datetime.now(UTC) - datetime.fromtimestamp(time.time(), UTC)).total_seconds()) < 60


def test_what_the_engine_waits_with_by_default_costs_nothing_either() -> None:
    from esacloud.change.retry import Backoff

    def waiting(program: Program, client: Client, directory: Path) -> Outcome:
        for number in range(8):
            Backoff().wait(number)
        return converge(program, client, directory)

    real = time.monotonic()
    assert not explored(waiting).violations
    assert time.monotonic() - real < 10


def test_a_run_that_waits_for_a_lock_that_never_comes_is_stuck() -> None:
    def embracing(program: Program, client: Client, directory: Path) -> Outcome:
        import fcntl

        for _ in range(2):
            fcntl.flock(os.open(directory / "lock", os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX)
            networks(client)
        return converge(program, client, directory)

    assert kinds(explored(embracing)) == {"stuck"}


@pytest.mark.parametrize(("together", "refused"), [(True, True), (False, False)])
def test_two_runs_of_one_machine_share_its_locks_and_those_of_two_do_not(together: bool, refused: bool) -> None:
    met = []

    def locking(program: Program, client: Client, directory: Path) -> Outcome:
        import fcntl

        handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return converge(program, client, directory)
        except OSError as error:
            met.append(error.errno)
            raise OutsideError("another is at work") from error
        finally:
            os.close(handle)

    result = explored(locking, rival=True, together=together)
    assert bool(met) is refused
    assert not result.violations or not together


def test_a_run_that_something_of_the_outside_reaches_is_not_explored() -> None:
    def restless(program: Program, client: Client, directory: Path) -> Outcome:
        client.create_tags(Resources=[group_of(client)["GroupId"]], Tags=[{"Key": "x", "Value": os.urandom(9).hex()}])
        return converge(program, client, directory)

    with pytest.raises(NotTheSameError):
        explored(restless, budget=("kill", "refusal"))


def test_everything_is_as_it_was_after_an_exploration() -> None:
    import fcntl

    before = time.sleep, os.close, fcntl.flock, datetime.now
    explored(converge)
    assert (time.sleep, os.close, fcntl.flock, datetime.now) == before


def test_the_snapshot_that_a_failing_run_names_is_its_first() -> None:
    def writing(named: str) -> Callable[[Program, Client, Path], Outcome]:
        def execute(program: Program, client: Client, directory: Path) -> Outcome:
            (directory / "snapshots").mkdir(exist_ok=True)
            for name in ("1.json", "2.json"):
                (directory / "snapshots" / name).write_text("{}")
            if networks(client) == {WIDE}:
                client.create_tags(Resources=[group_of(client)["GroupId"]], Tags=[{"Key": "x", "Value": "y"}])
            return Outcome("failed", "no", directory / "snapshots" / named)

        return execute

    assert kinds(explored(writing("2.json"))) == {"snapshot"}
    assert "snapshot" not in kinds(explored(writing("1.json")))
