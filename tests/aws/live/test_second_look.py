"""What has gone wrong where the state is looked at a second time: reruns, reads that lag, two at once, tags of others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from support.described import permission
from support.faulty_proxy import from_call
from support.live_ec2 import ENI, ENI2, LIST, NO_WAIT, VPC, LiveEc2, new_name, text
from support.samples import some

from esacloud import workflow
from esacloud.aws.live.attach import LOOKS
from esacloud.aws.live.cloud import AwsLive
from esacloud.aws.live.execute import StepExecutor
from esacloud.aws.live.read import Seen
from esacloud.aws.live.rules import DEFAULT_EGRESS
from esacloud.change import run, snapshot
from esacloud.change.execute import ChangeFailedError, execute
from esacloud.change.live import Connection
from esacloud.change.lock import SETTLES, MachineLock, locked
from esacloud.change.model import Assignment, Unmanaged
from esacloud.change.retry import Backoff, ConflictError
from esacloud.errors import InputError, OutsideError
from esacloud.lab.ec2.lag import Lag
from esacloud.lab.ec2.settings import using
from esacloud.packets.sets import PacketSet

UNMANAGED: tuple[Unmanaged, ...] = ("report", "keep", "purge")
EIGHT = "    quotas: {rules_per_group: 8}\n"
FEW = [f"10.4.0.{number}" for number in range(0, 4, 2)]
MANY = [f"10.4.0.{number}" for number in range(0, 14, 2)]


@pytest.fixture(autouse=True)
def tidy(ec2: LiveEc2) -> Iterator[None]:
    ec2.furnish()
    back = ec2.remember()
    yield
    back()


def tags_of(group: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in group["Tags"]}


def described(ec2: LiveEc2, group: str) -> dict[str, Any]:
    (found,) = ec2.client.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return dict(found)


def tagged(ec2: LiveEc2, name: str, title: str, description: str = "somebody else's") -> str:
    """A group of somebody else with the tags of a deployment's interface."""
    tags = [{"Key": "esacloud:deployment", "Value": name}, {"Key": "esacloud:interface", "Value": "data1"}]
    made = ec2.client.create_security_group(
        GroupName=title,
        Description=description,
        VpcId=VPC,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )
    return str(made["GroupId"])


def test_no_group_of_the_vpc_hides_from_these_tests_what_ours_permit(ec2: LiveEc2) -> None:
    assert not any(ec2.passes()[name] for name in (ENI, ENI2))


# 1. Reruns


def test_a_rerun_after_a_stop_anywhere_attaches_the_second_group_to_what_carries_the_first(ec2: LiveEc2) -> None:
    name = new_name()
    few, many = text(name, FEW, "dns", aws=EIGHT), text(name, MANY, "dns", aws=EIGHT)
    ec2.carry(ENI, str(ec2.apply(few).state.groups[0].id))  # by hand: the file names no network interface
    back = ec2.remember()
    ec2.apply(many, client=ec2.faulty)
    desired, calls = ec2.passes(), len(ec2.proxy.calls)
    for number in some(range(1, calls), 4, "second group"):
        back()
        ec2.proxy.choose = from_call(number, "refuse")
        with ec2.keeps_every_interface(desired):
            with pytest.raises(OutsideError):
                ec2.apply(many, client=ec2.faulty)
            ec2.proxy.choose = None
            applied = ec2.apply(many, client=ec2.faulty)
        assert [group.attached for group in applied.state.groups] == [(ENI,), (ENI,)], number
        assert ec2.passes() == desired, number


def test_a_group_that_is_not_where_its_siblings_are_is_reported_and_attached(ec2: LiveEc2) -> None:
    name = new_name()
    many = text(name, MANY, "dns", aws=EIGHT)
    first, second = (str(group.id) for group in ec2.apply(many).state.groups)
    ec2.carry(ENI, first)
    live, plan = ec2.plan(many)
    assert [(step.action, [one.attach for one in step.assignments]) for step in plan.steps] == [("assign", [("data1-2",)])]
    assert f"data1-2: {second} is not on {ENI}, where other groups of data1 are." in plan.notes
    ec2.carry_out(live, plan)
    assert {first, second} <= set(ec2.carried(ENI))


# 2, 3. Reads that lag


@pytest.mark.parametrize("lag", [Lag(reads=1), Lag(reads=3), *(Lag(reads=9, flapping=seed) for seed in range(8))])
def test_no_group_is_attached_before_it_has_exactly_its_rules_however_long_reads_lag(ec2: LiveEc2, lag: Lag) -> None:
    name = new_name()
    file = text(name, ["10.0.0.2"], "mail, dns, cluster", attached=[ENI, ENI2])
    back = ec2.remember()
    ec2.apply(file)
    desired = ec2.passes()
    back()
    with using(lag=lag), ec2.keeps_every_interface(desired):
        ec2.apply(file, client=ec2.faulty)
    assert ec2.passes() == desired


@pytest.mark.parametrize("seed", some(range(12), 3, "flapping"))
def test_no_group_is_lost_from_a_network_interface_when_some_come_and_some_go_under_flapping_reads(
    ec2: LiveEc2, seed: int
) -> None:
    name = new_name()
    others = ec2.carried(ENI)
    two = text(name, FEW, "mail, dns", more=", management: [dns]", aws=EIGHT, attached=[ENI])
    one = text(name, MANY, "mail, dns", aws=EIGHT, attached=[ENI])  # management goes, data1-2 comes
    made = {group.name: str(group.id) for group in ec2.apply(two).state.groups}
    ec2.carry(ENI, made["data1"], made["management"])  # by hand: a file puts it at one interface only
    back = ec2.remember()
    ec2.apply(one)
    desired = ec2.passes()
    back()
    with using(lag=Lag(reads=5, flapping=seed)), ec2.keeps_every_interface(desired):
        ec2.apply(one, client=ec2.faulty)
    assert ec2.passes() == desired
    assert set(others) <= set(ec2.carried(ENI))
    names = [described(ec2, group)["GroupName"] for group in ec2.carried(ENI) if group not in others]
    assert sorted(names) == [f"{name}-data1", f"{name}-data1-2"]


def test_a_list_of_groups_that_is_older_than_what_this_run_wrote_makes_no_other(ec2: LiveEc2) -> None:
    live, plan = ec2.plan(text(new_name(), attached=[ENI]))
    assert isinstance(live, AwsLive)
    run_of = StepExecutor(live._calls, live.where, plan, {"data1": "sg-1"}, Seen(attachments_read=time.monotonic()))
    answers = [("sg-0",), ("sg-0", "sg-1")]
    run_of.calls.read = lambda *_, **__: [_carrying(answers.pop(0))]  # type: ignore[method-assign]
    attacher = run_of.attacher
    attacher.moved[ENI] = {"sg-1": True}
    attacher._read_lists([Assignment(ENI, (), ())])
    assert attacher.carried[ENI] == ("sg-0", "sg-1")
    answers += [("sg-0",)] * LOOKS
    with pytest.raises(ConflictError, match="does not show the groups that this run has written"):
        attacher._read_lists([Assignment(ENI, (), ())])


def _carrying(groups: tuple[str, ...]) -> dict[str, Any]:
    return {"NetworkInterfaceId": ENI, "Groups": [{"GroupId": group} for group in groups]}


def test_what_was_read_before_the_last_write_is_the_result_once_and_then_ec2_is_read(ec2: LiveEc2) -> None:
    file = text(new_name(), attached=[ENI])
    live, plan = ec2.plan(file)
    assert isinstance(live, AwsLive)
    ec2.carry_out(live, plan)
    sent = len(live.calls)
    live.read_back(plan)
    assert len(live.calls) > sent


def test_twenty_network_interfaces_with_four_groups_take_at_most_sixty_calls(ec2: LiveEc2) -> None:
    name = new_name()
    subnet = ec2.client.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [VPC]}])["Subnets"][0]["SubnetId"]
    made = [ec2.client.create_network_interface(SubnetId=subnet)["NetworkInterface"] for _ in range(20)]
    names = [str(one["NetworkInterfaceId"]) for one in made]
    servers = [f"10.4.0.{number}" for number in range(0, 62, 2)]  # 62 rules
    file = text(name, servers, "dns", aws="    quotas: {rules_per_group: 16}\n", attached=names)
    applied = ec2.apply(file)
    assert [len(group.attached) for group in applied.state.groups] == [20] * 4
    assert len(applied.calls) <= 60
    for one in names:
        ec2.client.modify_network_interface_attribute(NetworkInterfaceId=one, Groups=[made[0]["Groups"][0]["GroupId"]])
        ec2.client.delete_network_interface(NetworkInterfaceId=one)


def test_forty_rules_on_a_network_interface_take_two_calls_more_than_without(ec2: LiveEc2) -> None:
    name = new_name()
    servers = [*(f"10.3.0.{number}" for number in range(10, 27)), "10.3.0.9"]
    file, changed = (text(name, [*servers[:-1], last], attached=[ENI]) for last in ("10.3.0.9", "10.3.0.8"))
    assert len(ec2.apply(file).calls) <= 9
    assert len(ec2.plan(file)[0].calls) <= 4
    assert len(ec2.apply(changed).calls) <= 6
    assert len(ec2.destroy(changed).calls) <= 6


def test_nothing_to_change_is_reported_only_after_a_second_read(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    with using(lag=Lag(behind=lambda number, _: 2 if number == 0 else 0)):  # the first read is from before the change
        ec2.apply(text(name, ["10.0.0.9"]))
        applied = ec2.apply(text(name))
    assert ec2.permitted(name) == applied.plan.planned.packets()


def test_a_run_after_one_that_did_not_end_waits_until_reads_are_no_older_than_that(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    ec2.proxy.choose = from_call(2, "refuse")
    with pytest.raises(ChangeFailedError):
        ec2.apply(text(name, ["10.0.0.9"]), client=ec2.faulty)
    ec2.proxy.reset()
    slept: list[float] = []
    notices: list[str] = []
    live, plan = ec2.plan(text(name))
    run.apply(live, plan, ec2.directory, backoff=Backoff(sleep=slept.append, jitter=lambda: 0.0), notice=notices.append)
    assert 0 < slept[0] <= SETTLES
    assert notices == [
        f"An earlier run did not complete, and reads may be older than its last change. Waiting {slept[0]:.0f} s."
    ]
    slept.clear()
    run.apply(*ec2.plan(text(name)), ec2.directory, backoff=Backoff(sleep=slept.append, jitter=lambda: 0.0))
    assert not slept


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-5", b"inf", b"nan", b"99999999999"])
def test_a_note_of_the_last_run_that_cannot_be_true_is_no_reason_to_wait(ec2: LiveEc2, content: bytes) -> None:
    _, plan = ec2.plan(text(new_name()))
    with locked(ec2.directory / "locks", plan.actual) as held:
        held._write(content)
        assert held.unsettled() == 0.0
    assert MachineLock().unsettled() == 0.0


def test_a_note_that_the_disk_does_not_take_ends_the_run_with_where_things_stand(ec2: LiveEc2, tmp_path: Path) -> None:
    live, plan = ec2.plan(text(new_name()))
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open("rb") as unwritable:
        held = MachineLock(unwritable.fileno())
        with pytest.raises(ChangeFailedError, match=r"cannot be written.*\n.*Done: 0 of"):
            execute(live, plan, tmp_path, backoff=NO_WAIT, changing=held.changing)
    assert "CreateSecurityGroup" not in live.calls


# 4. Prefix lists


def test_a_prefix_list_that_only_the_old_state_has_counts_what_it_counts_in_ec2(ec2: LiveEc2) -> None:
    name, quota = new_name(), "    quotas: {rules_per_group: 60}\n"
    made = ec2.client.create_managed_prefix_list(PrefixListName=f"list {name}", MaxEntries=40, AddressFamily="IPv4")
    other, lists = str(made["PrefixList"]["PrefixListId"]), f"{{prefix_list: {LIST}, max_entries: 20}}"
    old = text(name, [f"{{prefix_list: {other}, max_entries: 20}}"], "dns", aws=quota)  # the file is wrong: it is 40
    with pytest.raises(InputError, match="the quota leaves no room"):
        ec2.plan(old)  # tcp and udp take 80
    ec2.client.modify_managed_prefix_list(PrefixListId=other, MaxEntries=25)
    ec2.client.modify_managed_prefix_list(PrefixListId=LIST, MaxEntries=20)
    applied = ec2.apply(old)
    assert "data1: outbound IPv4 rules 50" in [f"{after.quota} {after.used}" for _, after in applied.plan.quotas]
    new = text(name, [lists], "dns", aws=quota)
    _, plan = ec2.plan(new)
    assert ("data1: outbound IPv4 rules", 50, 40) in [(old.quota, old.used, after.used) for old, after in plan.quotas]
    assert plan.steps[0].action == "remove"  # 50 and 40 do not fit
    changed = ec2.apply(new)
    back = ec2.restore(changed.snapshot)
    assert ec2.permitted(name) == back.plan.planned.packets()


# 6. Tags of others


def test_a_web_servers_group_with_our_tags_is_refused_by_name_with_both_ways_on(ec2: LiveEc2) -> None:
    name = new_name()
    web = tagged(ec2, name, f"web {name}")
    ec2.carry(ENI, web)
    before = ec2.passes()
    for action in (ec2.plan, ec2.apply, ec2.destroy):
        with pytest.raises(InputError) as failed:
            action(text(name))
        assert f"The security group {web} (web {name}) has the tags of the interface data1 of {name}" in str(failed.value)
        assert f"aws ec2 delete-tags --resources {web} --tags Key=esacloud:deployment Key=esacloud:interface" in str(
            failed.value
        )
        assert f"write `group: {web}` under `cloud.aws.interfaces.data1`" in str(failed.value)
    assert ec2.passes() == before
    ec2.client.delete_tags(Resources=[web], Tags=[{"Key": "esacloud:deployment"}, {"Key": "esacloud:interface"}])
    ec2.apply(text(name))
    assert ec2.passes() == before


def test_a_copy_of_our_group_whose_name_sorts_first_never_takes_its_place(ec2: LiveEc2) -> None:
    name = new_name()
    ours = str(ec2.apply(text(name)).state.groups[0].id)
    copy = tagged(ec2, name, f"a copy of {name}-data1", f"Interface data1 of {name}, made by esacloud")
    with pytest.raises(InputError, match=f"{copy}.*has the tags"):
        ec2.plan(text(name, ["10.0.0.3"]))
    ec2.client.delete_security_group(GroupId=copy)
    assert str(ec2.apply(text(name, ["10.0.0.3"])).state.groups[0].id) == ours


def test_a_group_made_with_another_name_prefix_is_refused_and_the_prefix_is_named(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    with pytest.raises(InputError, match=f"made with another name_prefix: write `name_prefix: {name}-`"):
        ec2.plan(text(name, aws="    name_prefix: other-\n"))


def test_a_group_that_lost_its_tags_is_found_by_its_name(ec2: LiveEc2) -> None:
    name = new_name()
    made = str(ec2.apply(text(name)).state.groups[0].id)
    marks = [{"Key": key} for key in tags_of(described(ec2, made))]
    ec2.client.delete_tags(Resources=[made], Tags=marks)
    applied = ec2.apply(text(name, ["10.0.0.3"]))
    assert applied.state.groups[0].id == made
    assert tags_of(described(ec2, made))["esacloud:deployment"] == name
    ec2.client.delete_tags(Resources=[made], Tags=marks)
    assert [change.name for change in ec2.destroy(text(name)).plan.changes] == ["data1"]
    assert made not in [group["GroupId"] for group in ec2.client.describe_security_groups()["SecurityGroups"]]


def test_a_create_that_is_delivered_twice_is_no_reason_to_refuse(ec2: LiveEc2) -> None:
    name = new_name()
    live, plan = ec2.plan(text(name), client=ec2.faulty)
    group = plan.planned.groups[0]
    tags = [{"Key": key, "Value": value} for key, value in group.tags.items()]
    made = ec2.client.create_security_group(
        GroupName=group.title,
        Description=group.description,
        VpcId=VPC,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )
    applied = ec2.carry_out(live, plan)
    assert applied.state.groups[0].id == made["GroupId"]
    assert ec2.permitted(name) == plan.planned.packets()


# 7, 8. Snapshots


def test_the_snapshot_of_the_first_plan_is_named_when_a_later_one_fails(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    before = ec2.picture(name)
    live, plan = ec2.plan(text(name, ["10.0.0.3"]), client=ec2.faulty)
    ec2.client.authorize_security_group_ingress(  # so that reading back finds somebody else
        GroupId=plan.actual.groups[0].id, IpPermissions=[permission("tcp/8080", "192.0.2.0/24")]
    )
    ec2.proxy.reset()
    taken: list[int] = []

    def choose(at: int, operation: str) -> str | None:
        if operation == "CreateSecurityGroup":
            taken.append(at)
        return "refuse" if taken and at > taken[0] and operation != "DeleteSecurityGroup" else None

    ec2.proxy.choose = choose
    with pytest.raises(ChangeFailedError) as failed:
        ec2.carry_out(live, plan)
    ec2.proxy.reset()
    (first, named) = ec2.snapshots(name)[-1], failed.value.snapshot
    assert first == named
    assert [group["attached"] for group in json.loads(named.read_text())["groups"]] == [[]]
    ec2.restore(named)
    assert ec2.picture(name) == before


def edited(path: Path, change: Any) -> Path:
    document = json.loads(path.read_text())
    change(document)
    other = path.with_name(f"edited-{path.name}")
    other.write_text(json.dumps(document))
    return other


CHANGES: dict[str, Any] = {
    "a network": lambda found: found["groups"][0]["rules"][0]["native"].update(source="198.51.100.0/24"),
    "a rule": lambda found: found["groups"][0]["rules"].pop(),
    "the VPC": lambda found: found["scope"].update(vpc="vpc-0ffffffffffffffff"),
    "a limit": lambda found: found["limits"].update({"IPv4 rules": 1000}),
    "the time": lambda found: found.update(taken="2020-01-01T00:00:00+00:00"),
}


@pytest.mark.parametrize("message", CHANGES)
def test_a_snapshot_that_was_edited_is_refused_without_the_option(ec2: LiveEc2, message: str) -> None:
    name = new_name()
    ec2.apply(text(name))
    path = ec2.apply(text(name, ["10.0.0.3"])).snapshot
    assert path is not None
    other = edited(path, CHANGES[message])
    with pytest.raises(InputError, match=r"its digest does not match its content.*add --edited"):
        snapshot.load(str(other))
    assert snapshot.load(str(other), edited=True)["deployment"] == name
    assert snapshot.load(str(path))


def test_a_snapshot_of_an_unknown_cloud_is_refused(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    path = ec2.apply(text(name, ["10.0.0.3"])).snapshot
    assert path is not None
    other = edited(path, lambda found: found.update(cloud="gcp"))
    with pytest.raises(InputError, match=r"There is no cloud 'gcp'\. Write aws or azure\."):
        workflow.connect_to(snapshot.load(str(other), edited=True))


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(cloud="azure"),
        lambda found: found.update(scope={}),
        lambda found: found["groups"][0]["rules"][0].update(native={}),
        lambda found: found["groups"][0]["rules"][0]["native"].update(from_port="many"),
        lambda found: found["groups"][0]["rules"][0]["native"].update(source_kind="cidr"),
    ],
)
def test_a_snapshot_that_was_edited_into_none_is_refused(ec2: LiveEc2, change: Callable[[dict[str, Any]], None]) -> None:
    name = new_name()
    ec2.apply(text(name))
    path = ec2.apply(text(name, ["10.0.0.3"])).snapshot
    assert path is not None
    found = snapshot.load(str(edited(path, change)), edited=True)
    with pytest.raises(InputError, match="Use the file as it was written"):
        run.plan_restore(workflow.connect_to(found, Connection(client=ec2.client)), found)


# 9. Adopted groups


def test_an_adopted_group_whose_interface_leaves_the_file_loses_our_rules_and_tags_and_no_others(ec2: LiveEc2) -> None:
    name = new_name()
    group = ec2.client.create_security_group(GroupName=f"others {name}", Description="others", VpcId=VPC)["GroupId"]
    unmanaged = permission("tcp/8080", "192.0.2.0/24")
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[unmanaged])
    before = described(ec2, group)
    adopts = f"    interfaces: {{management: {{group: {group}}}}}\n"
    ec2.apply(text(name, more=", management: [dns]", aws=adopts))
    assert tags_of(described(ec2, group))["esacloud:adopted"] == group
    applied = ec2.apply(text(name))
    after = described(ec2, group)
    assert not after.get("Tags")
    for side in ("IpPermissions", "IpPermissionsEgress"):
        assert after[side] == before[side]
    assert "DeleteTags" in applied.calls
    assert ec2.plan(text(name))[1].clean


@pytest.mark.parametrize("unmanaged", UNMANAGED)
def test_the_plan_says_that_rules_of_others_stay_with_an_adopted_group_that_leaves(
    ec2: LiveEc2, unmanaged: Unmanaged
) -> None:
    name = new_name()
    group = ec2.client.create_security_group(GroupName=f"others {name}", Description="others", VpcId=VPC)["GroupId"]
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/8080", "192.0.2.0/24")])
    ec2.apply(text(name, more=", management: [dns]", aws=f"    interfaces: {{management: {{group: {group}}}}}\n"))
    live, plan = ec2.plan(text(name), unmanaged)
    (note,) = (note for note in plan.notes if "tcp/8080" in note)
    assert note.endswith("was not made by esacloud; it stays with the group, which is not deleted.")
    ec2.carry_out(live, plan)
    assert [rule["FromPort"] for rule in described(ec2, group)["IpPermissions"]] == [8080]


def test_what_the_unmanaged_rules_of_an_adopted_group_open_on_a_network_interface_that_gets_it_is_reported(
    ec2: LiveEc2,
) -> None:
    name = new_name()
    group = ec2.client.create_security_group(GroupName=f"others {name}", Description="others", VpcId=VPC)["GroupId"]
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/443", "0.0.0.0/0")])
    _, plan = ec2.plan(text(name, aws=f"    interfaces: {{data1: {{group: {group}, network_interfaces: [{ENI}]}}}}\n"))
    (note,) = [note for note in plan.notes if f"take effect on {ENI} too" in note]
    assert note.startswith("data1: rules that esacloud did not make")
    assert "ingress tcp/443 from 0.0.0.0/0" in note
    assert "egress all to 0.0.0.0/0" in note


def test_tags_that_were_copied_from_an_adopted_group_adopt_nothing(ec2: LiveEc2) -> None:
    name = new_name()
    group = ec2.client.create_security_group(GroupName=f"others {name}", Description="others", VpcId=VPC)["GroupId"]
    file = text(name, aws=f"    interfaces: {{data1: {{group: {group}}}}}\n")
    ec2.apply(file, "keep")
    copied = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in described(ec2, group)["Tags"]]
    web = ec2.client.create_security_group(GroupName=f"web {name}", Description="web", VpcId=VPC)["GroupId"]
    ec2.client.create_tags(Resources=[web], Tags=copied)
    with pytest.raises(InputError, match=f"{web}.*has the tags"):
        ec2.plan(file)


# 5, 10. Two at once


def test_another_name_prefix_does_not_evade_the_lock_of_this_machine(ec2: LiveEc2) -> None:
    name = new_name()
    _, plan = ec2.plan(text(name))
    live, other = ec2.plan(text(name, aws="    name_prefix: other-\n"))
    with (
        locked(ec2.directory / "locks", plan.actual),
        pytest.raises(OutsideError, match="another apply of this deployment is running"),
    ):
        ec2.carry_out(live, other)


def leave_lock(ec2: LiveEc2, name: str, owner: str, until: str) -> str:
    tags = {"esacloud:lock": f"{owner}/1", "esacloud:locked-until": until, "esacloud:deployment": name}
    made = ec2.client.create_security_group(
        GroupName=f"esacloud-lock-{name}",
        Description="left",
        VpcId=VPC,
        TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )
    return str(made["GroupId"])


def owner_of(ec2: LiveEc2, directory: Path) -> str:
    """The name of this machine's locks, as a run with that state directory has it."""
    with locked(directory / "locks", ec2.plan(text(new_name()))[1].actual) as held:
        return held.owner


def test_a_copy_of_a_state_directory_does_not_take_away_the_lock_of_the_other(ec2: LiveEc2, tmp_path: Path) -> None:
    one, copy = tmp_path / "one", tmp_path / "copy"
    owner = owner_of(ec2, one)
    copytree(one, copy)
    assert owner_of(ec2, one) == owner
    assert owner_of(ec2, copy) != owner
    name = new_name()
    live, plan = ec2.plan(text(name))
    held = leave_lock(ec2, name, owner, "2999-01-01T00:00:00+00:00")
    with pytest.raises(OutsideError, match=held):
        run.apply(*ec2.plan(text(name)), copy, backoff=NO_WAIT)
    run.apply(live, plan, one, backoff=NO_WAIT)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"nonsense"])
def test_a_name_of_this_machines_locks_that_is_broken_is_made_anew(ec2: LiveEc2, tmp_path: Path, content: bytes) -> None:
    for name in ("one", "another"):
        (tmp_path / name / "locks").mkdir(parents=True)
        (tmp_path / name / "locks" / "owner").write_bytes(content)
    owner = owner_of(ec2, tmp_path / "one")
    assert owner != owner_of(ec2, tmp_path / "another")
    assert owner == owner_of(ec2, tmp_path / "one")


def test_a_run_alone_honours_a_lock_that_is_held_and_takes_over_one_that_is_not(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    held = leave_lock(ec2, name, "another-machine", "2999-01-01T00:00:00+00:00")
    for file in (text(name), text(name, ["10.0.0.3"])):
        with pytest.raises(OutsideError, match=f"(?s){held}.*Nothing was changed"):
            ec2.apply(file)
    ec2.client.delete_security_group(GroupId=held)
    leave_lock(ec2, name, "another-machine", "2020-01-01T00:00:00+00:00")
    ec2.apply(text(name, ["10.0.0.3"]))
    leave_lock(
        ec2, name, owner_of(ec2, ec2.directory), "2999-01-01T00:00:00+00:00"
    )  # a run of this machine that was killed
    ec2.apply(text(name, ["10.0.0.4"]))
    assert ec2.plan(text(name, ["10.0.0.4"]))[1].clean
    groups = ec2.client.describe_security_groups()["SecurityGroups"]
    assert f"esacloud-lock-{name}" not in {one["GroupName"] for one in groups}


def test_of_two_with_full_groups_that_meet_anywhere_the_last_that_ended_well_has_its_state(ec2: LiveEc2) -> None:
    name = new_name()
    start, mine, other = (text(name, MANY[:count], "dns", aws=EIGHT) for count in (4, 7, 6))
    ec2.apply(start)
    back = ec2.remember()
    ec2.apply(mine, client=ec2.faulty)
    for number in some(range(len(ec2.proxy.calls)), 5, "meetings"):
        back()
        ended = meet(ec2, mine, other, number)
        desired = ec2.plan(ended)[1]
        assert desired.clean, (number, ended == mine)


def meet(ec2: LiveEc2, mine: str, other: str, number: int) -> str:
    """An apply in whose middle another one runs from start to end; whose state it has to be then."""
    last = ""

    def meanwhile(call: int) -> None:
        nonlocal last
        if call == number:
            ec2.proxy.before = None
            with suppress(OutsideError):  # the lock is held
                run.apply(*ec2.plan(other), ec2.directory / "elsewhere", backoff=NO_WAIT)
                last = other

    ec2.proxy.reset()
    ec2.proxy.before = meanwhile
    with suppress(OutsideError):
        ec2.apply(mine, client=ec2.faulty)
        last = mine
    ec2.proxy.before = None
    assert last
    return last


def test_an_apply_that_meets_a_destroy_anywhere_says_done_only_for_what_is_there(ec2: LiveEc2) -> None:
    name = new_name()
    old, new = text(name, attached=[ENI]), text(name, ["10.0.0.3"], attached=[ENI])
    ec2.apply(old)
    back = ec2.remember()
    ec2.apply(new, client=ec2.faulty)
    for number in some(range(len(ec2.proxy.calls)), 5, "meetings"):
        back()

        def meanwhile(call: int, number: int = number) -> None:
            if call == number:
                ec2.proxy.before = None
                live = ec2.live(ec2.deployment(old))
                run.apply(live, run.plan_destroy(live), ec2.directory / "elsewhere", backoff=NO_WAIT)

        ec2.proxy.before = meanwhile
        try:
            ec2.apply(new, client=ec2.faulty)
            done = True
        except OutsideError:
            done = False
        ec2.proxy.reset()
        assert ec2.plan(new)[1].clean == done, number


def test_a_new_group_never_keeps_the_egress_that_ec2_gave_it(ec2: LiveEc2) -> None:
    for ipv6 in (True, False):
        with using(ipv6_default_egress=ipv6):
            name = new_name()
            applied = ec2.apply(text(name))
            assert not DEFAULT_EGRESS & {rule.key for group in applied.state.groups for rule in group.rules}
            assert len(applied.calls) <= 7
            assert applied.state.packets() != {"data1": PacketSet()}
