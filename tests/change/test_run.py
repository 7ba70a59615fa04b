"""What plan, apply, destroy and restore do on a local EC2 that answers over HTTP."""

from __future__ import annotations

import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from support.described import permission
from support.live_ec2 import ENI, ENI2, GROUP, LIST, NO_WAIT, VPC, LiveEc2, new_name, text
from support.permission_tables import documented

from esacloud import workflow
from esacloud.aws.live.permissions import COMMANDS
from esacloud.change import run, snapshot
from esacloud.change.execute import ChangeFailedError, StalePlanError
from esacloud.change.live import Connection
from esacloud.change.lock import locked
from esacloud.change.retry import RefusedError
from esacloud.errors import InputError, OutsideError

CONFIRMING = ("UpdateSecurityGroupRuleDescriptionsIngress", "UpdateSecurityGroupRuleDescriptionsEgress")


def restore(ec2: LiveEc2, path: object) -> run.Applied:
    found = snapshot.load(str(path))
    live = workflow.connect_to(found, Connection(client=ec2.client, backoff=NO_WAIT))
    return ec2.carry_out(live, run.plan_restore(live, found))


def add_rule(ec2: LiveEc2, name: str, message: str = "tcp/8080", source: str = "192.0.2.0/24") -> str:
    """Somebody adds an inbound rule by hand."""
    group = str(ec2.groups(name)[0]["GroupId"])
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(message, source)])
    return group


def forty(name: str, last: str = "10.3.0.9") -> str:
    """Forty rules: two of mail in and out each for both families, and dns both ways of transport to eighteen servers."""
    return text(name, [*(f"10.3.0.{number}" for number in range(10, 27)), last])


def test_forty_rules_take_at_most_seven_two_four_and_four_calls(ec2: LiveEc2) -> None:
    name = new_name()
    fresh = ec2.apply(forty(name))
    assert sum(len(group.rules) for group in fresh.state.groups) == 40
    assert len(fresh.calls) <= 7
    live, plan = ec2.plan(forty(name))
    assert plan.empty
    assert len(live.calls) <= 2
    assert len(ec2.apply(forty(name, "10.3.0.8")).calls) <= 4
    assert len(ec2.destroy(forty(name)).calls) <= 4
    assert not ec2.groups(name)


def test_a_change_of_the_rows_behind_a_rule_changes_its_description_and_no_packet(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name, [f"{{prefix_list: {LIST}, max_entries: 5}}", GROUP]))
    group = ec2.groups(name)[0]
    for where, call in (("IpPermissionsEgress", "egress"), ("IpPermissions", "ingress")):
        rules = [rule for rule in group[where] if rule["IpProtocol"] == "tcp"]
        for rule in rules:
            for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"):
                for one in rule[kind]:
                    one["Description"] = "row 1: something-else"
        update = getattr(ec2.client, f"update_security_group_rule_descriptions_{call}")
        update(GroupId=group["GroupId"], IpPermissions=rules)
    _, plan = ec2.plan(text(name, [f"{{prefix_list: {LIST}, max_entries: 5}}", GROUP]))
    assert {step.action for step in plan.steps} == {"describe"}
    assert len(plan.changes[0].describe) == 6
    assert not plan.packet_changes
    applied = ec2.apply(text(name, [f"{{prefix_list: {LIST}, max_entries: 5}}", GROUP]))
    assert "UpdateSecurityGroupRuleDescriptionsEgress" in applied.calls
    assert ec2.plan(text(name, [f"{{prefix_list: {LIST}, max_entries: 5}}", GROUP]))[1].clean


def test_unmanaged_rules_are_reported_kept_or_purged_and_never_silently(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    add_rule(ec2, name)
    for unmanaged, clean in (("report", False), ("keep", True)):
        _, plan = ec2.plan(text(name), unmanaged)  # type: ignore[arg-type]
        assert plan.empty
        assert plan.clean == clean
        assert any("tcp/8080 from 192.0.2.0/24" in note for note in plan.notes)
    _, plan = ec2.plan(text(name), "purge")
    assert [step.action for step in plan.steps] == ["remove"]
    assert any("was not made by esacloud" in note for note in plan.notes)
    kept = ec2.apply(text(name, ["10.0.0.3"]), "keep")
    assert [rule.key for group, rule in kept.plan.left_unmanaged] == ["ingress tcp/8080 from 192.0.2.0/24"]
    ec2.apply(text(name, ["10.0.0.3"]), "purge")
    assert ec2.plan(text(name, ["10.0.0.3"]))[1].clean


def test_an_unmanaged_rule_that_the_deployment_asks_for_becomes_managed(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name, features="dns"))
    add_rule(ec2, name, "tcp/25", "0.0.0.0/0")
    applied = ec2.apply(text(name))
    assert not applied.plan.left_unmanaged
    assert ec2.plan(text(name))[1].clean


def test_a_cloud_that_moved_since_the_plan_was_shown_is_left_alone(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    live, plan = ec2.plan(text(name, ["10.0.0.3"]))
    add_rule(ec2, name)
    before = ec2.permitted(name)
    with pytest.raises(StalePlanError, match="Nothing was changed"):
        ec2.carry_out(live, plan, shown=True)
    assert ec2.permitted(name) == before


def test_a_change_by_somebody_else_meanwhile_is_found_when_reading_back(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    live, plan = ec2.plan(text(name, ["10.0.0.3"]))
    add_rule(ec2, name)
    applied = ec2.carry_out(live, plan)
    assert [rule.key for _, rule in applied.plan.left_unmanaged] == ["ingress tcp/8080 from 192.0.2.0/24"]


def two_at_once(ec2: LiveEc2, name: str, number: int) -> run.Applied:
    """An apply in whose middle, before its call `number`, another one runs from start to end."""
    ec2.apply(text(name))
    live, plan = ec2.plan(text(name, ["10.0.0.3"]), client=ec2.faulty)
    ec2.proxy.reset()

    def meanwhile(call: int) -> None:
        if call == number:
            ec2.proxy.before = None
            other_live, other = ec2.plan(text(name, ["10.0.0.4"], "mail, dns, cluster"))
            run.apply(other_live, other, ec2.directory / "elsewhere", backoff=NO_WAIT)

    ec2.proxy.before = meanwhile
    applied = ec2.carry_out(live, plan)
    assert ec2.proxy.before is None
    return applied


def test_two_applies_that_meet_end_in_one_of_their_states(ec2: LiveEc2) -> None:
    for number in range(3):
        name = new_name()
        mine = two_at_once(ec2, name, number)
        assert mine.plan.planned.packets() == ec2.permitted(name)
        assert ec2.plan(text(name, ["10.0.0.3"]))[1].clean


def test_who_does_not_get_the_lock_of_two_that_met_is_refused(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    live, plan = ec2.plan(text(name, ["10.0.0.3"]))
    ec2.apply(text(name, ["10.0.0.4"]))
    lock = ec2.client.create_security_group(GroupName=f"esacloud-lock-{name}", Description="held", VpcId=VPC)["GroupId"]
    with pytest.raises(ChangeFailedError, match=f"another run for {name} holds its lock.*{lock}") as failed:
        ec2.carry_out(live, plan)
    assert failed.value.exit_code == 3
    assert "tcp/53 out to 10.0.0.4/32 is permitted by the rules" in str(failed.value)
    ec2.client.delete_security_group(GroupId=lock)
    ec2.apply(text(name, ["10.0.0.3"]))
    assert ec2.plan(text(name, ["10.0.0.3"]))[1].clean


def test_the_snapshot_is_private_and_on_disk_before_the_first_change(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name))
    old = ec2.permitted(name)
    seen: list[int] = []
    ec2.proxy.before = lambda _: seen.append(len(list(ec2.directory.glob(f"snapshots/{name}-aws-*.json"))))
    applied = ec2.apply(text(name, ["10.0.0.3"]), client=ec2.faulty)
    assert ec2.proxy.calls[1].startswith("Authorize")
    assert seen[1] == 2
    assert applied.snapshot is not None
    assert stat.S_IMODE(applied.snapshot.stat().st_mode) == 0o600
    back = restore(ec2, applied.snapshot)
    assert ec2.permitted(name) == old == back.state.packets()
    assert ec2.plan(text(name))[1].clean


def test_without_a_place_for_the_snapshot_nothing_is_changed(ec2: LiveEc2, tmp_path: Path) -> None:
    name = new_name()
    blocked = tmp_path / "file"
    blocked.write_text("")
    live, plan = ec2.plan(text(name))
    with pytest.raises(OutsideError, match="without it nothing is changed"):
        run.apply(live, plan, ec2.directory, snapshots=blocked)
    assert not ec2.groups(name)


def test_a_restore_brings_back_unmanaged_rules_and_deleted_groups(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name, ["10.0.0.2", "10.0.0.4"], "mail, dns, cluster", attached=[ENI]))
    add_rule(ec2, name)
    old = ec2.permitted(name)
    gone = ec2.destroy(text(name, attached=[ENI]))
    assert not ec2.groups(name)
    back = restore(ec2, gone.snapshot)
    assert ec2.permitted(name) == old
    assert any("is created again" in note for note in back.plan.notes)
    assert back.state.groups[0].attached == (ENI,)
    restore(ec2, back.snapshot)
    assert not ec2.groups(name)


def test_attached_groups_are_detached_before_they_are_deleted_and_others_stay(ec2: LiveEc2) -> None:
    name = new_name()
    carried = ec2.client.describe_network_interfaces(NetworkInterfaceIds=[ENI2])["NetworkInterfaces"][0]["Groups"]
    applied = ec2.apply(text(name, attached=[ENI2]))
    assert applied.state.groups[0].attached == (ENI2,)
    assert any("not of this deployment" in note for note in applied.plan.notes)
    ec2.destroy(text(name, attached=[ENI2]))
    after = ec2.client.describe_network_interfaces(NetworkInterfaceIds=[ENI2])["NetworkInterfaces"][0]["Groups"]
    assert after == carried


def test_destroy_of_a_group_that_another_one_refers_to_is_refused_before_anything_is_changed(ec2: LiveEc2) -> None:
    name = new_name()
    held = ec2.apply(text(name, attached=[ENI])).state.groups[0].id
    other = ec2.client.create_security_group(GroupName=f"other {name}", Description="other", VpcId=VPC)["GroupId"]
    ec2.client.authorize_security_group_ingress(GroupId=other, IpPermissions=[permission("tcp/1", str(held))])
    before = ec2.picture(name)
    with pytest.raises(
        RefusedError, match=rf"{other} \(other {name}\) has rules about {held}.*Nothing was changed"
    ) as failed:
        ec2.destroy(text(name))
    assert failed.value.exit_code == 3
    assert ec2.picture(name) == before
    ec2.client.delete_security_group(GroupId=other)
    ec2.destroy(text(name))
    assert not ec2.groups(name)


def test_a_group_named_in_the_file_is_taken_over_and_given_back(ec2: LiveEc2) -> None:
    name = new_name()
    group = ec2.client.create_security_group(GroupName=f"theirs {name}", Description="theirs", VpcId=VPC)["GroupId"]
    file = text(name, aws=f"    interfaces: {{data1: {{group: {group}}}}}\n")
    _, plan = ec2.plan(file)
    assert plan.steps[0].action == "tag"
    assert len(plan.left_unmanaged) == 2  # EC2's own outbound rules, which in this group are not ours to take
    applied = ec2.apply(file, "purge")
    assert applied.state.groups[0].id == group
    assert ec2.permitted(name) == applied.plan.planned.packets()
    ec2.destroy(file)
    kept = ec2.client.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert not kept["IpPermissions"]
    assert not kept.get("Tags")


def test_a_name_that_somebody_else_has_is_refused_before_anything_is_made(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.client.create_security_group(GroupName=f"{name}-data1", Description="theirs", VpcId=VPC)
    with pytest.raises(ChangeFailedError, match="is in vpc-0a1b2c3d4e5f60718 already and is not this deployment's"):
        ec2.apply(text(name))
    assert not ec2.groups(name)


def test_an_interface_that_gets_a_second_group_carries_it_before_the_first_gives_rules_up(ec2: LiveEc2) -> None:
    name = new_name()
    quota = "    quotas: {rules_per_group: 8}\n"
    small = text(name, ["10.4.0.0", "10.4.0.2"], aws=quota, attached=[ENI])
    large = text(name, [f"10.4.0.{number}" for number in range(0, 14, 2)], aws=quota, attached=[ENI])
    ec2.apply(small)
    _, plan = ec2.plan(large)
    desired = plan.planned.packets()
    with ec2.invariant(name, desired):
        applied = ec2.apply(large, client=ec2.faulty)
    assert len(applied.state.groups) == 2
    assert all(group.attached == (ENI,) for group in applied.state.groups)
    with ec2.invariant(name, ec2.plan(small)[1].planned.packets()):
        back = ec2.apply(small, client=ec2.faulty)
    assert [group.name for group in back.state.groups] == ["data1"]
    ec2.destroy(small)


def test_where_no_room_is_left_only_what_neither_state_needs_goes_first_and_the_plan_says_so(ec2: LiveEc2) -> None:
    name = new_name()
    quota = "    quotas: {rules_per_group: 7}\n"
    ec2.apply(text(name, ["10.5.0.1", "10.5.0.2", "10.5.0.3"], aws=quota))
    _, plan = ec2.plan(text(name, ["10.5.0.1", "10.5.0.2", "10.5.0.4"], aws=quota))
    first = plan.steps[0]
    assert (first.action, len(first.rules)) == ("remove", 2)
    assert "no room" in first.reason
    assert {rule.native["source"] for rule in first.rules} == {"10.5.0.3/32"}


def test_what_was_there_once_is_restored_though_the_file_allows_less_by_now(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(text(name, ["10.5.0.1", "10.5.0.3", "10.5.0.5"], aws="    quotas: {rules_per_group: 8}\n"))
    add_rule(ec2, name)
    before = ec2.permitted(name)
    applied = ec2.apply(text(name, ["10.5.0.9"], "dns", aws="    quotas: {rules_per_group: 4}\n"), "purge")
    restore(ec2, applied.snapshot)
    assert ec2.permitted(name) == before


def test_two_applies_at_once_on_one_machine_the_second_is_refused(ec2: LiveEc2) -> None:
    name = new_name()
    live, plan = ec2.plan(text(name))
    with (
        locked(ec2.directory / "locks", plan.actual),
        pytest.raises(OutsideError, match="another apply of this deployment is running"),
    ):
        ec2.carry_out(live, plan)
    ec2.carry_out(live, plan)


def test_many_deployments_can_be_applied_by_threads_through_one_client(ec2: LiveEc2) -> None:
    names = [new_name() for _ in range(8)]
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            ec2.apply(text(name))
        except BaseException as error:
            failures.append(error)

    ec2.furnish()
    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert all(ec2.plan(text(name))[1].clean for name in names)


def test_a_group_that_terraform_made_is_compared_and_never_deleted(ec2: LiveEc2) -> None:
    name = new_name()
    tags = {"esacloud:deployment": name, "esacloud:interface": "data1", "Name": f"{name}-data1"}
    made = ec2.client.create_security_group(
        GroupName=f"{name}-data1-20261124033116000000000001",
        Description=f"Interface data1 of {name}, made by esacloud",
        VpcId=VPC,
        TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )["GroupId"]
    _, plan = ec2.plan(text(name))
    assert plan.changes[0].actual is not None
    assert plan.changes[0].actual.id == made
    applied = ec2.destroy(text(name))
    assert applied.plan.empty
    assert any("was not made by `esacloud apply`" in note for note in applied.plan.notes)


def test_pages_are_read_to_the_last(ec2: LiveEc2) -> None:
    from esacloud.aws.live.calls import Calls

    class Pages:
        def describe_security_groups(self, **parameters: object) -> dict[str, object]:
            number = int(str(parameters.get("NextToken", 0)))
            more = {"NextToken": str(number + 1)} if number < 2 else {}
            return {"SecurityGroups": [{"GroupId": f"sg-{number}"}], **more}

    found = Calls(Pages(), NO_WAIT).read("DescribeSecurityGroups", "SecurityGroups")
    assert [group["GroupId"] for group in found] == ["sg-0", "sg-1", "sg-2"]


def test_each_command_sends_only_the_calls_that_its_permissions_name(ec2: LiveEc2) -> None:
    name = new_name()
    group = ec2.client.create_security_group(GroupName=f"given {name}", Description="given", VpcId=VPC)["GroupId"]
    adopt = f"    interfaces: {{data1: {{group: {group}, network_interfaces: [{ENI}]}}}}\n"
    listed = f"{{prefix_list: {LIST}, max_entries: 5}}"
    files = [
        text(name, attached=[ENI]),
        text(name, ["10.0.0.3", listed], "dns"),
        text(name, aws=adopt),
        text(name, attached=[ENI]),
    ]
    sent: dict[str, set[str]] = {command: set() for command in COMMANDS}
    for file in files:
        live, plan = ec2.plan(file, "purge")
        sent["plan"].update(live.calls)
        applied = ec2.carry_out(live, plan)
        sent["apply"].update(applied.calls)
        ec2.client.update_security_group_rule_descriptions_egress(
            GroupId=applied.state.groups[0].id, IpPermissions=[_described(ec2, name)]
        )
        add_rule(ec2, name)
        sent["apply"].update(ec2.apply(file, "purge").calls)
        if applied.snapshot:
            sent["restore"].update(restore(ec2, applied.snapshot).calls)
            ec2.apply(file, "purge")
    for file in (text(name, [listed], aws=adopt), text(name, [listed], attached=[ENI])):
        ec2.apply(file, "purge")
        sent["destroy"].update(ec2.destroy(file).calls)
    for network in ("10.6.0.0/24", "10.6.0.0/23"):
        sent["apply"].update(ec2.apply(text(name, [network], "dns", aws="    quotas: {rules_per_group: 2}\n")).calls)
    for command, calls in sent.items():
        assert calls <= set(COMMANDS[command]), command
    assert sent["plan"] == set(COMMANDS["plan"])
    locking = ("CreateSecurityGroup", "CreateTags")
    assert sent["destroy"] == set(COMMANDS["destroy"]) - {*locking, *CONFIRMING}  # nobody was met, nothing relied on
    assert sent["apply"] >= set(COMMANDS["apply"]) - {"UpdateSecurityGroupRuleDescriptionsIngress", "DeleteTags"}


def _described(ec2: LiveEc2, name: str) -> dict[str, object]:
    rule = dict(next(rule for rule in ec2.groups(name)[0]["IpPermissionsEgress"] if rule["IpRanges"]))
    rule["IpRanges"] = [{**rule["IpRanges"][0], "Description": "row 1: other"}]
    return rule


def test_destroy_may_confirm_the_rules_of_others_that_permit_what_ours_did(ec2: LiveEc2) -> None:
    name = new_name()
    group = ec2.client.create_security_group(GroupName=f"given {name}", Description="given", VpcId=VPC)["GroupId"]
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/1-65535", "0.0.0.0/0")])
    ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("udp/1-65535", "0.0.0.0/0")])
    file = text(name, aws=f"    interfaces: {{data1: {{group: {group}, network_interfaces: [{ENI}]}}}}\n")
    ec2.apply(file)
    calls = set(ec2.destroy(file).calls)
    assert set(CONFIRMING) & calls
    assert calls <= set(COMMANDS["destroy"])


def test_the_documented_permissions_are_those_of_the_code() -> None:
    assert documented("permissions.md", "ec2:") == {command: set(actions) for command, actions in COMMANDS.items()}


def test_an_unknown_group_or_network_interface_in_the_file_is_named(ec2: LiveEc2) -> None:
    ec2.furnish()
    missing = "eni-0123456789abcdeff"
    with pytest.raises(InputError, match=f"no network interface {missing}"):
        ec2.plan(text(new_name(), attached=[missing]))
    with pytest.raises(InputError, match="no security group sg-0123456789abcdeff"):
        ec2.plan(text(new_name(), aws="    interfaces: {data1: {group: sg-0123456789abcdeff}}\n"))


def test_a_plan_of_what_is_there_is_the_same_whatever_order_it_was_read_in(ec2: LiveEc2) -> None:
    name = new_name()
    state = ec2.apply(text(name)).state
    turned = replace(state, groups=tuple(replace(group, rules=group.rules[::-1]) for group in reversed(state.groups)))
    assert state.fingerprint() == turned.fingerprint()
