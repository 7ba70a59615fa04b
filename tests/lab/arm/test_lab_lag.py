"""The lab's process with reads that lag behind, and furnishing it without writing over what it does not show."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from azure.core.exceptions import ResourceNotFoundError
from support.arm import GROUP, interface, nsg, path, rule
from support.live_azure import NIC, SUBNET2, attach, text

from esacloud import workflow
from esacloud.azure.live.client import client_for
from esacloud.lab.arm import ArmEmulator
from esacloud.lab.arm import lab as arm_lab

SERVE = "import sys; from esacloud.lab.arm.lab import serve; serve(lambda address: print(address, flush=True), lag=3600)"


def test_the_lab_has_the_lag_that_it_was_started_with() -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where = arm_lab.connection(process.stdout.readline().strip())
        deployment = workflow.read_deployment("gateway.yaml", text("gateway"))
        arm_lab.furnish(where, deployment, None)
        groups = client_for(where, arm_lab.SUBSCRIPTION).network_security_groups
        groups.begin_create_or_update(GROUP, "nsg", nsg(), polling=False)
        try:
            shown = groups.get(GROUP, "nsg").name
        except ResourceNotFoundError:
            shown = ""
        process.send_signal(signal.SIGTERM)
    assert shown == ""


def test_what_is_made_in_a_lab_that_lags_is_shown_before_anybody_looks_for_it() -> None:
    deployment = workflow.read_deployment("gateway.yaml", text("gateway", interfaces=attach(NIC, SUBNET2)))
    with ArmEmulator(any_subscription=True, lag=0.5) as arm:
        where = arm_lab.connection(f"{arm.url}#{arm.ca_file}")
        arm_lab.furnish(where, deployment, None)
        client = client_for(where, arm_lab.SUBSCRIPTION)
        assert client.network_interfaces.get(GROUP, "nic-one").name == "nic-one"


def test_what_a_lab_that_lags_does_not_show_is_not_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arm_lab, "_LONGEST_WAIT", 0)
    interfaces = attach(NIC, SUBNET2).replace("data1: {", "data1: {group: other, ")
    deployment = workflow.read_deployment("gateway.yaml", text("gateway", interfaces=interfaces))
    with ArmEmulator(any_subscription=True, lag=3600) as arm:
        where = arm_lab.connection(f"{arm.url}#{arm.ca_file}")
        made = arm_lab.furnish(where, deployment, None)
        other = path("networkSecurityGroups", "other")
        assert other in made
        arm.send("PUT", other, nsg(rule("other")))
        arm.send("PUT", NIC, interface(SUBNET2, group=other))
        assert arm_lab.furnish(where, deployment, None) == ()
        kept = arm.snapshot()
        assert [one["name"] for one in kept[other]["properties"]["securityRules"]] == ["other"]
        assert kept[NIC]["properties"]["networkSecurityGroup"] == {"id": other}
