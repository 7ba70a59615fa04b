"""The lock in the VPC: one at a time, given back, moved on while it is held, and replaced only from who is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.faulty_proxy import at_operation
from support.live_ec2 import NO_WAIT, VPC, LiveEc2, new_name, text

from esacloud.aws.live.calls import GROUP_NOT_FOUND, Calls
from esacloud.aws.live.lock import BEAT, HELD, UNTIL_TAG, CloudLock
from esacloud.aws.live.read import LOCK_TAG, Seen
from esacloud.aws.live.scope import of_deployment
from esacloud.change.retry import LockedError, RefusedError
from esacloud.errors import OutsideError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def lock(ec2: LiveEc2, name: str, at: datetime | Clock = NOW, owner: str = "this-machine") -> CloudLock:
    calls, where = Calls(ec2.faulty, NO_WAIT), of_deployment(ec2.deployment(text(name)), None)
    return CloudLock(calls, where, Seen(), owner, at if isinstance(at, Clock) else Clock(at))


def left(ec2: LiveEc2, name: str) -> list[str]:
    """The ids of lock groups that are there."""
    found = ec2.client.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"esacloud-lock-{name}"]}])
    return [group["GroupId"] for group in found["SecurityGroups"]]


def leave(ec2: LiveEc2, name: str, **tags: str) -> str:
    """A lock as a killed process leaves it."""
    listed = [{"Key": key.replace("_", ":", 1).replace("_", "-"), "Value": value} for key, value in tags.items()]
    made = ec2.client.create_security_group(GroupName=f"esacloud-lock-{name}", Description="left", VpcId=VPC)
    if listed:
        ec2.client.create_tags(Resources=[made["GroupId"]], Tags=listed)
    return str(made["GroupId"])


def test_one_holds_it_and_gives_it_back(ec2: LiveEc2) -> None:
    ec2.furnish()
    name = new_name()
    with lock(ec2, name):
        assert len(left(ec2, name)) == 1
        with pytest.raises(LockedError, match="expires at 2026-03-01T12:05:00"), lock(ec2, name, owner="another"):
            pytest.fail("two hold it")
        assert len(left(ec2, name)) == 1
    assert left(ec2, name) == []


def test_it_is_given_back_when_the_block_fails(ec2: LiveEc2) -> None:
    ec2.furnish()
    name = new_name()
    with pytest.raises(KeyError), lock(ec2, name):
        raise KeyError
    assert left(ec2, name) == []


def test_one_that_was_left_is_taken_over_when_its_time_is_over_and_not_before(ec2: LiveEc2) -> None:
    ec2.furnish()
    name = new_name()
    old = leave(ec2, name, esacloud_lock="somebody/1", esacloud_locked_until=(NOW + HELD).isoformat())
    with pytest.raises(LockedError, match=old), lock(ec2, name, NOW + HELD):
        pytest.fail("its time is not over")
    with lock(ec2, name, NOW + HELD + timedelta(seconds=1)):
        (mine,) = left(ec2, name)
        assert mine != old
    assert left(ec2, name) == []


def test_who_works_for_long_moves_its_time_on_and_who_is_taken_for_dead_hears_of_it(ec2: LiveEc2) -> None:
    ec2.furnish()
    name, clock = new_name(), Clock()
    held = lock(ec2, name, clock)
    with held:
        for _ in range(12):
            clock.at += BEAT
            held.calls.send("DescribeSecurityGroups")
            with pytest.raises(LockedError), lock(ec2, name, clock, owner="another"):
                pytest.fail("it is held")
        clock.at += HELD + timedelta(seconds=1)  # this process stands still
        with lock(ec2, name, clock, owner="another"):
            assert len(left(ec2, name)) == 1
        with pytest.raises(RefusedError, match="assumed that this run was dead") as lost:
            held.calls.send("DescribeSecurityGroups")
        assert lost.value.code != GROUP_NOT_FOUND  # who was about to delete a group would take that for done
    assert left(ec2, name) == []


def test_what_an_earlier_run_of_this_machine_left_is_taken_over_at_once(ec2: LiveEc2) -> None:
    ec2.furnish()
    name = new_name()
    old = leave(ec2, name, esacloud_lock="this-machine/1", esacloud_locked_until=(NOW + HELD).isoformat())
    with lock(ec2, name):
        (mine,) = left(ec2, name)
        assert mine != old
    assert left(ec2, name) == []


def test_a_delete_that_ec2_does_not_know_its_group_for_yet_is_sent_again(ec2: LiveEc2) -> None:
    ec2.furnish()
    name = new_name()
    held = lock(ec2, name)
    plain = held.calls.send
    refused: list[str] = []

    def send(operation: str, **parameters: object) -> dict[str, object]:
        if operation == "DeleteSecurityGroup" and len(refused) < 3:
            refused.append(operation)
            raise RefusedError("InvalidGroup.NotFound", "InvalidGroup.NotFound")
        return plain(operation, **parameters)

    held.calls.send = send  # type: ignore[method-assign]
    with held:
        pass
    assert len(refused) == 3
    assert left(ec2, name) == []


@pytest.mark.parametrize("tags", [{}, {"esacloud_lock": "somebody/1", "esacloud_locked_until": "tomorrow"}])
def test_one_that_says_no_time_is_left_to_a_person(ec2: LiveEc2, tags: dict[str, str]) -> None:
    ec2.furnish()
    name = new_name()
    old = leave(ec2, name, **tags)
    with pytest.raises(LockedError, match=f"delete the security group {old}"), lock(ec2, name, NOW + timedelta(days=9)):
        pytest.fail("no error about its expired time")
    assert left(ec2, name) == [old]


@pytest.mark.parametrize("fault", ["throttle", "cut-before", "cut-after", "error-after", "half"])
def test_a_fault_at_any_call_neither_loses_nor_leaves_it(ec2: LiveEc2, fault: str) -> None:
    ec2.furnish()
    for over in (False, True):
        for number in range(6 if over else 2):
            name = new_name()
            if over:
                leave(ec2, name, esacloud_lock="somebody/1", esacloud_locked_until=NOW.isoformat())
            ec2.proxy.reset()
            ec2.proxy.faults = {number: fault}
            with lock(ec2, name, NOW + timedelta(seconds=1)):
                assert len(left(ec2, name)) == 1
            assert left(ec2, name) == [], (over, number)
            if number < 2:
                assert number < len(ec2.proxy.calls)


def test_one_that_cannot_be_given_back_is_named(ec2: LiveEc2) -> None:
    ec2.furnish()
    name = new_name()
    ec2.proxy.choose = at_operation("DeleteSecurityGroup", "refuse")
    with pytest.raises(OutsideError, match=rf"the change was made.*esacloud-lock-{name}.*5 minutes"), lock(ec2, name):
        pass
    assert len(left(ec2, name)) == 1


def test_a_change_that_failed_says_that_and_not_that_its_lock_is_left(ec2: LiveEc2) -> None:
    ec2.furnish()
    ec2.proxy.choose = at_operation("DeleteSecurityGroup", "refuse")
    with pytest.raises(KeyError), lock(ec2, new_name()):
        raise KeyError


def test_its_tags_are_what_the_documentation_names() -> None:
    assert (LOCK_TAG, UNTIL_TAG) == ("esacloud:lock", "esacloud:locked-until")
