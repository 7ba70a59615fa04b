"""Plan, apply, destroy and restore on a local Resource Manager, through the real SDK."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from support import arm as bodies
from support.live_azure import NIC, NIC2, SUBNET2, SUBSCRIPTION, LiveAzure, attach, new_name, rule, text
from support.permission_tables import documented

from esacloud import workflow
from esacloud.azure.live.calls import operation
from esacloud.azure.live.permissions import COMMANDS, JOINS, role
from esacloud.change import run
from esacloud.change.execute import ChangeFailedError, StalePlanError
from esacloud.change.live import Connection
from esacloud.errors import InputError, OutsideError
from esacloud.lab.arm import ArmEmulator
from esacloud.report.text.plan import plan_text

CLUSTER = "mail, dns, cluster"
IGNORED = ("etag", "resourceGuid", "provisioningState")


def carried(azure: LiveAzure, path: str) -> str | None:
    """The network security group on a subnet or network interface."""
    whole, _, subnet = path.partition("/subnets/")
    properties = (azure.document(whole) or {})["properties"]
    if subnet:
        properties = next(one for one in properties["subnets"] if one["name"] == subnet)["properties"]
    return (properties.get("networkSecurityGroup") or {}).get("id")


def test_what_is_applied_permits_exactly_what_the_policy_says(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name, ["10.0.0.2", "2001:db8::53"], CLUSTER, attach(NIC, SUBNET2))
    applied = azure.apply(file)
    lowered = workflow.lower(azure.deployment(file), "azure")
    assert azure.permitted(name) == dict(lowered.packets)
    assert applied.state.packets() == dict(lowered.packets)
    assert carried(azure, NIC) == carried(azure, SUBNET2) == azure.group(name)
    assert carried(azure, NIC2) is None
    assert azure.plan(file)[1].empty


def test_a_change_writes_each_group_once(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name, ["10.0.0.2"]))
    calls = azure.apply(text(name, ["10.0.0.3"])).calls
    assert [call for call in calls if not call.endswith("/read")] == ["networkSecurityGroups/write"]


def test_destroy_detaches_and_takes_away_what_apply_made_and_nothing_else(azure: LiveAzure) -> None:
    name = new_name()
    azure.send("PUT", bodies.path("networkSecurityGroups", "other"), bodies.nsg(rule()))
    before = azure.arm.snapshot()
    file = text(name, features=CLUSTER, interfaces=attach(NIC, SUBNET2))
    azure.apply(file)
    applied = azure.destroy(file)
    assert "permits everything" in plan_text(applied.plan)
    plain = [{path: _plain(one) for path, one in shown.items()} for shown in (before, azure.arm.snapshot())]
    assert plain[0] == plain[1]
    assert azure.destroy(file).plan.empty


def _plain(value: Any) -> Any:
    """A document without what every write changes, rules in the order of their names."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
        value = sorted(value, key=lambda one: one["name"])
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in IGNORED}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def test_attaching_changes_nothing_else_of_a_subnet_or_network_interface(azure: LiveAzure) -> None:
    nic = bodies.interface(f"{SUBNET2}")
    nic["properties"] |= {"enableAcceleratedNetworking": True, "dnsSettings": {"dnsServers": ["10.0.0.2"]}}
    nic["tags"] = {"owner": "somebody"}
    azure.send("PUT", NIC2, nic)
    before = _plain(azure.document(NIC2))
    azure.apply(text(new_name(), features=CLUSTER, interfaces=attach(NIC2)))
    after = _plain(azure.document(NIC2))
    del after["properties"]["networkSecurityGroup"]
    (configuration,) = after["properties"]["ipConfigurations"]
    assert configuration["properties"].pop("applicationSecurityGroups")
    assert after == before


@pytest.mark.parametrize("features", ["mail, dns", CLUSTER])
def test_restore_brings_back_groups_rules_tags_and_attachments(azure: LiveAzure, features: str) -> None:
    name = new_name()
    azure.apply(text(name, features=features, interfaces=attach(NIC)))
    azure.others(azure.group(name), rule())
    before = _plain(azure.arm.snapshot())
    applied = azure.apply(
        text(name, ["10.0.0.9"], "mail, dns", attach(NIC, SUBNET2), "    tags: {owner: messaging}\n"), "purge"
    )
    assert _plain(azure.arm.snapshot()) != before
    azure.restore(applied.snapshot)
    assert _plain(azure.arm.snapshot()) == before


def test_restore_makes_a_group_anew_that_was_destroyed(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name, features=CLUSTER, interfaces=attach(NIC))
    azure.apply(file)
    permitted = azure.permitted(name)
    azure.restore(azure.destroy(file).snapshot)
    assert azure.permitted(name) == permitted
    assert carried(azure, NIC) == azure.group(name)
    assert azure.plan(file)[1].empty


def test_a_resource_group_of_many_pages_is_read_to_its_end(tmp_path: Path) -> None:
    with ArmEmulator(resource_groups={"rg-mail": "westeurope"}, page_size=2) as arm, arm.client() as client:
        for number in range(5):
            arm.send("PUT", bodies.path("networkSecurityGroups", f"a-{number}"), bodies.nsg(rule()))
        azure = LiveAzure(arm, client, tmp_path)
        azure.apply(text("zebra"))  # the last by name
        assert azure.plan(text("zebra"))[1].empty
        arm.fail_next("GET", "networkSecurityGroups", "cut-before", skip=1)
        assert azure.plan(text("zebra"))[1].empty


# Rules of others


def test_rules_of_others_survive_untouched_and_are_reported(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    others = rule(priority=4000, sourceAddressPrefix="internet", description="others", access="allow")
    azure.others(azure.group(name), others)
    applied = azure.apply(text(name, ["10.0.0.3"]))
    (kept,) = [one for one in azure.groups(name)[0]["properties"]["securityRules"] if one["name"] == "others"]
    assert kept["properties"]["sourceAddressPrefix"] == "internet"
    assert kept["properties"]["access"] == "allow"
    assert "was not made by esacloud" in plan_text(applied.plan)
    assert not azure.plan(text(name, ["10.0.0.3"]))[1].clean
    assert azure.plan(text(name, ["10.0.0.3"]), "keep")[1].clean
    purged = azure.apply(text(name, ["10.0.0.3"]), "purge")
    assert [rule.native["name"] for change in purged.plan.changes for rule in change.remove] == ["others"]
    assert azure.plan(text(name, ["10.0.0.3"]))[1].clean


def test_a_denial_of_others_that_comes_first_counts_in_the_packets_of_the_plan(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    azure.others(azure.group(name), rule(priority=100, access="Deny", destinationPortRange="25", sourceAddressPrefix="*"))
    _, plan = azure.plan(text(name, ["10.0.0.3"]))
    assert not any(box.ports == (25, 25) and box.direction == "ingress" for box in plan.planned.packets()["data1"].boxes())
    applied = azure.carry_out(*azure.plan(text(name, ["10.0.0.3"])))
    assert azure.permitted(name)["data1"] == applied.state.packets()["data1"]


def test_a_denial_of_a_part_and_a_rule_that_is_not_understood_are_reported(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    azure.others(
        azure.group(name),
        rule("part", priority=100, access="Deny"),
        rule("odd", priority=101, destinationAddressPrefix="10.0.0.7/32"),
    )
    message = plan_text(azure.plan(text(name))[1])
    assert "denies only a part" in message
    assert "esacloud cannot evaluate the rule odd" in message


@pytest.mark.parametrize(
    "clash",
    [
        {"name": "others", "priority": 3229},
        {"name": "others", "priority": 4096, "access": "Deny", "sourceAddressPrefix": "10.0.0.0/8"},
        {"name": "IN-tcp-25-any-ipv4", "priority": 300},
    ],
)
def test_a_rule_of_others_in_the_place_of_ours_is_refused_before_any_change(azure: LiveAzure, clash: dict) -> None:
    name = new_name()
    tags = {"esacloud:deployment": name, "esacloud:interface": "data1"}
    azure.send("PUT", azure.group(name), bodies.nsg(rule(**clash), tags=tags))
    before = azure.picture()
    with pytest.raises(InputError, match="cannot have both"):
        azure.plan(text(name))
    assert azure.picture() == before
    azure.apply(text(name), "purge")
    assert azure.plan(text(name))[1].clean


# Whose a group is


def test_a_group_that_the_file_names_is_taken_over_and_given_back(azure: LiveAzure) -> None:
    name, own = new_name(), bodies.path("networkSecurityGroups", "others")
    azure.send("PUT", own, bodies.nsg(rule(), tags={"owner": "somebody"}))
    file = text(name, interfaces="{data1: {group: others}}")
    applied = azure.apply(file)
    assert [box for opening in applied.plan.packet_changes for box in opening.closed.boxes()], "the default rules were open"
    assert [one["name"] for one in azure.groups(name)] == ["others"]
    assert azure.document(azure.group(name)) is None
    azure.destroy(file)
    left = azure.document(own)
    assert left is not None
    assert [one["name"] for one in left["properties"]["securityRules"]] == ["others"]
    assert left["tags"] == {"owner": "somebody"}


def test_a_group_that_terraform_made_is_compared_and_not_taken_away(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name)
    azure.apply(file)
    made = azure.groups(name)[0]
    made["tags"].pop("esacloud:made-by")
    azure.send("PUT", azure.group(name), {key: made[key] for key in ("location", "tags", "properties")})
    assert azure.plan(file)[1].clean
    assert not azure.plan(text(name, ["10.0.0.3"]))[1].empty
    assert "left in place" in plan_text(azure.destroy(file).plan)
    assert azure.document(azure.group(name)) is not None


@pytest.mark.parametrize("owner", [None, "another"])
def test_a_name_that_is_taken_is_refused(azure: LiveAzure, owner: str | None) -> None:
    name = new_name()
    tags = {"esacloud:deployment": owner, "esacloud:interface": "data1"} if owner else {}
    azure.send("PUT", azure.group(name), bodies.nsg(tags=tags))
    with pytest.raises(
        InputError,
        match=r"already exists in rg-mail and (does not belong to this deployment|belongs to the deployment another)",
    ):
        azure.plan(text(name))


def test_two_groups_that_say_they_are_the_same_are_refused(azure: LiveAzure) -> None:
    name = new_name()
    tags = {"esacloud:deployment": name, "esacloud:interface": "data1"}
    for one in ("one", "two"):
        azure.send("PUT", bodies.path("networkSecurityGroups", one), bodies.nsg(tags=tags))
    with pytest.raises(InputError, match="one has the tags") as refused:
        azure.plan(text(name))
    assert "two has the tags" in str(refused.value)


def test_a_place_that_carries_another_group_is_refused(azure: LiveAzure) -> None:
    other = bodies.path("networkSecurityGroups", "other")
    azure.send("PUT", other, bodies.nsg())
    azure.send("PUT", NIC, bodies.interface(SUBNET2, group=other))
    with pytest.raises(InputError, match=r"already has .*other, and would get that of data1"):
        azure.plan(text(new_name(), interfaces=attach(NIC)))


@pytest.mark.parametrize(
    ("interfaces", "says"),
    [
        ("{data1: {group: nobody}}", "There is no network security group nobody"),
        (f"{{data1: {{network_interfaces: [{NIC}x]}}}}", "There is no .*nic-onex"),
        (f"{{data1: {{subnets: [{SUBNET2}x]}}}}", "There is no .*backx"),
        (f"{{data2: {{subnets: [{SUBNET2}]}}}}", "which has no features"),
        (f"{{data1: {{subnets: [{SUBNET2.replace('00000000-', '00000001-', 1)}]}}}}", "another subscription"),
        ("{data1: {subnets: [back]}}", "is not the ARM ID of a subnet"),
        ("{data1: {network_interfaces: [nic-one]}}", "is not the ARM ID of a network interface"),
    ],
)
def test_what_the_file_names_in_vain_is_refused_with_its_key(azure: LiveAzure, interfaces: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        azure.plan(text(new_name(), interfaces=interfaces))
    assert "cloud.azure.interfaces" in str(refused.value)


def test_a_resource_group_that_is_not_there_is_refused_with_the_way_to_make_it(azure: LiveAzure) -> None:
    with pytest.raises(InputError, match="az group create --name rg-none"):
        azure.plan(text(new_name()).replace("rg-mail", "rg-none"))


def test_limits_are_counted_with_the_rules_of_others_before_any_call(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name, azure="    quotas: {rules_per_group: 10}\n")
    azure.apply(file)
    azure.others(azure.group(name), *(rule(f"rule-{number}", priority=101 + number) for number in range(3)))
    with pytest.raises(InputError, match=r"data1: rules: 11 are needed, 10 fit: 1 too many"):
        azure.plan(file.replace("10.0.0.2", "10.0.0.3"))


# Two at once


def test_a_plan_that_was_shown_is_refused_when_the_cloud_moved(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    live, plan = azure.plan(text(name, ["10.0.0.3"]))
    azure.apply(text(name, ["10.0.0.4"]))
    with pytest.raises(StalePlanError):
        azure.carry_out(live, plan, shown=True)


def test_of_two_that_change_a_group_one_is_refused_and_nothing_is_mixed(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    late, plan = azure.plan(text(name, ["10.0.0.3"]))
    azure.apply(text(name, ["10.0.0.4"]))
    desired = azure.permitted(name)
    with pytest.raises(ChangeFailedError, match="It was not overwritten") as failed:
        azure.carry_out(late, plan)
    assert failed.value.exit_code == 3
    assert azure.permitted(name) == desired


@pytest.mark.parametrize("heeds", [True, False], ids=["heeded", "ignored"])
def test_of_two_that_make_a_group_one_is_refused_and_two_that_agree_both_end_well(azure: LiveAzure, heeds: bool) -> None:
    azure.arm.heed_if_none_match(heeds)
    name = new_name()
    late, plan = azure.plan(text(name, ["10.0.0.3"]))
    same = azure.plan(text(name, ["10.0.0.4"]))
    azure.apply(text(name, ["10.0.0.4"]))
    desired = azure.permitted(name)
    with pytest.raises(ChangeFailedError, match="somebody else"):
        azure.carry_out(late, plan)
    assert azure.permitted(name) == desired
    azure.carry_out(*same)
    assert azure.permitted(name) == desired


def test_many_at_once_in_threads_end_in_one_of_the_states(azure: LiveAzure, tmp_path) -> None:
    name = new_name()
    azure.apply(text(name))
    files = [text(name, [f"10.0.1.{number}"]) for number in range(1, 5)]
    states = [azure.plan(file)[1].planned.packets() for file in files]
    plans = [azure.plan(file) for file in files]
    done: list[int] = []

    def go(number: int) -> None:
        live, plan = plans[number]
        try:
            run.apply(live, plan, tmp_path / str(number), backoff=Connection().backoff)
        except OutsideError:
            return
        done.append(number)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(done) == 1
    assert azure.permitted(name) == states[done[0]]


def test_a_change_of_an_etag_alone_does_not_stop_a_change(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    live, plan = azure.plan(text(name, ["10.0.0.3"]))
    now = azure.groups(name)[0]
    azure.send("PUT", azure.group(name), {key: now[key] for key in ("location", "tags", "properties")})
    azure.carry_out(live, plan)
    assert azure.permitted(name) == plan.planned.packets()


# What Azure refuses


def test_destroy_says_what_still_holds_a_group(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    live = azure.live(azure.deployment(text(name)))
    plan = run.plan_destroy(live)
    azure.send("PUT", NIC2, bodies.interface(SUBNET2, group=azure.group(name)))  # after the plan was made
    with pytest.raises(ChangeFailedError, match=r"does not delete .*: it is attached to .*nic-two"):
        azure.carry_out(live, plan)
    azure.destroy(text(name))
    assert carried(azure, NIC2) is None


def test_destroy_says_who_is_still_in_an_application_security_group(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name, features=CLUSTER))
    members = bodies.path("applicationSecurityGroups", f"{name}-data1-members")
    azure.send("PUT", NIC2, bodies.interface(SUBNET2, application_groups=(members,)))
    with pytest.raises(ChangeFailedError, match=r"referenced by IpConfiguration\(s\) primary"):
        azure.destroy(text(name))


def test_destroy_is_refused_before_any_change_where_rules_of_others_name_our_group(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name, features=CLUSTER, interfaces=attach(NIC))
    azure.apply(file)
    members = bodies.path("applicationSecurityGroups", f"{name}-data1-members")
    web = bodies.path("networkSecurityGroups", "web")
    azure.send("PUT", web, bodies.nsg(rule(sourceAddressPrefix=None, sourceApplicationSecurityGroups=[{"id": members}])))
    before = azure.picture()
    for go in (azure.destroy, azure.apply):
        with pytest.raises(InputError, match=rf"{name}-data1-members would be deleted, and rules of web name it"):
            go(file if go == azure.destroy else text(name))
    assert azure.picture() == before
    azure.send("DELETE", web)
    azure.destroy(file)
    assert not azure.groups(name)


def test_what_azure_refuses_ends_the_run_with_its_own_words(azure: LiveAzure) -> None:
    file = text(new_name(), ["{application_security_group: asg-nobody}"])
    with pytest.raises(ChangeFailedError, match="InvalidResourceReference") as failed:
        azure.apply(file)
    assert "Failed: write the group data1" in str(failed.value)


def test_a_change_that_ended_as_failed_is_written_again(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name)
    azure.arm.fail_next("PUT", "networkSecurityGroups", "operation-fails")
    with pytest.raises(ChangeFailedError, match="ended as failed"):
        azure.apply(file)
    again = azure.plan(file)[1]
    assert [(step.action, bool(step.reason)) for step in again.steps] == [("put", True)]
    azure.apply(file)
    assert azure.plan(file)[1].empty


def test_without_a_subscription_anywhere_the_message_names_both_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)
    lines = [line for line in text("gateway").splitlines(keepends=True) if "subscription" not in line]
    deployment = workflow.read_deployment("gateway.yaml", "".join(lines))
    with pytest.raises(InputError, match="AZURE_SUBSCRIPTION_ID"):
        workflow.connect(deployment, "azure", Connection())


# Permissions


def requests(azure: LiveAzure, go: Any) -> set[str]:
    """What was asked of the emulator meanwhile, as actions."""
    start = len(azure.arm.calls)
    go()
    sent = [call for call in azure.arm.calls[start:] if call.path.startswith("/subscriptions/")]
    return {operation(call.method, call.path) for call in sent}


def test_each_command_sends_what_its_permissions_say_and_nothing_else(azure: LiveAzure) -> None:
    name, sent = new_name(), {}
    azure.send("PUT", bodies.path("networkSecurityGroups", "others"), bodies.nsg())
    first = text(name, features=CLUSTER, interfaces=attach(NIC, SUBNET2))
    adopting = text(new_name(), interfaces="{data1: {group: others}}")
    sent["plan"] = requests(azure, lambda: azure.plan(first))
    two = text(name).replace("interfaces: {data1: [mail, dns]}", "interfaces: {data1: [mail], data2: [dns]}")
    sent["apply"] = requests(azure, lambda: [azure.apply(file) for file in (first, two, first, adopting)])
    snapshots: list[Any] = []
    sent["destroy"] = requests(azure, lambda: snapshots.extend(azure.destroy(file).snapshot for file in (first, adopting)))
    sent["restore"] = requests(azure, lambda: [azure.restore(path) for path in snapshots])
    added = azure.apply(two).snapshot
    sent["restore"] |= requests(azure, lambda: azure.restore(added))
    azure.destroy(first)
    made = azure.apply(first).snapshot
    sent["restore"] |= requests(azure, lambda: azure.restore(made))
    for command, actions in COMMANDS.items():
        if command not in sent:
            continue  # `audit`, in test_fetch.py
        asked = {action for action in actions if action not in JOINS}
        assert sent[command] <= asked, command
        assert asked - sent[command] <= {"locations/operationResults/read"}, command


def test_what_bodies_refer_to_has_its_action_too() -> None:
    for command, actions in COMMANDS.items():
        for join, writes in JOINS.items():
            assert (join in actions) == bool(set(writes) & set(actions)), (command, join)


def test_the_documentation_has_the_table_of_the_code() -> None:
    assert documented("apply-azure.md") == {command: set(actions) for command, actions in COMMANDS.items()}


def test_a_role_is_what_the_command_line_of_azure_takes() -> None:
    made = role("plan", SUBSCRIPTION, "rg-mail")
    assert made["Actions"] == [f"Microsoft.Network/{action}" for action in COMMANDS["plan"]]
    assert made["AssignableScopes"] == [f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-mail"]


# The usual chain of credentials, and the local cloud that is kept


def command(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "esacloud", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )


def test_the_command_takes_credentials_from_where_the_sdk_does(azure: LiveAzure, tmp_path: Path) -> None:
    name = new_name()
    file = tmp_path / "gateway.yaml"
    file.write_text(text(name))
    words = [str(file), "--endpoint-url", azure.arm.url, "--state-dir", str(tmp_path)]
    done = command("apply", "--yes", *words, env=azure.arm.environment())
    assert done.returncode == 0, done.stderr
    assert azure.plan(text(name))[1].empty
    refused = command("plan", *words, env={**azure.arm.environment(), "AZURE_CLIENT_SECRET": "wrong"})
    assert refused.returncode == 3
    assert "Traceback" not in refused.stderr


def test_a_lab_is_kept_from_apply_to_destroy(tmp_path: Path) -> None:
    other = SUBSCRIPTION.replace("0", "1")
    file = tmp_path / "gateway.yaml"
    group = f"/subscriptions/{other}/resourceGroups/rg-far/providers/Microsoft.Network/applicationSecurityGroups/asg-dns"
    file.write_text(text("lab", [group], CLUSTER, attach(NIC, SUBNET2)).replace(SUBSCRIPTION, other))
    lab = ["--lab", "--state-dir", str(tmp_path)]
    try:
        applied = command("apply", str(file), "--yes", *lab)
        assert applied.returncode == 0, applied.stderr
        assert "asg-dns" in applied.stderr
        proxy = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}  # where nobody is
        assert command("plan", str(file), *lab, env=proxy).returncode == 0
        assert "AZURE_AUTHORITY_HOST" in command("lab", "--state-dir", str(tmp_path)).stdout
        destroyed = command("destroy", str(file), "--yes", *lab)
        assert destroyed.returncode == 0, destroyed.stderr
        assert "stopped, because it was empty" in destroyed.stderr
    finally:
        command("lab", "stop", "azure", "--state-dir", str(tmp_path))
