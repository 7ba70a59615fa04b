"""How a change stands: nothing but `Succeeded` is done, for groups and for their attachments."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import arm as bodies
from support.live_azure import NETWORK, NIC, SUBNET2, LiveAzure, attach, new_name, text

from esacloud.change.execute import ChangeFailedError
from esacloud.lab.arm.store import State
from esacloud.report.text.plan import plan_text

CLUSTER = "mail, dns, cluster"
RUNNING: tuple[State, ...] = ("Creating", "Updating")
BADLY: dict[State, str] = {"Failed": "ended as failed", "Canceled": "was canceled"}
# what stands in the state, and the kind of what is written again
WHICH: dict[str, tuple[Callable[[LiveAzure, str], str], str]] = {
    "a security group": (lambda azure, name: azure.group(name), "networkSecurityGroups/write"),
    "an application security group": (
        lambda _, name: bodies.path("applicationSecurityGroups", f"{name}-data1-members"),
        "applicationSecurityGroups/write",
    ),
    "a network interface": (lambda _, __: NIC, "networkInterfaces/write"),
    "a subnet": (lambda _, __: NETWORK, "virtualNetworks/subnets/write"),
}


@pytest.fixture(params=WHICH)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def started(azure: LiveAzure, which: str) -> tuple[str, str, str]:
    """A deployment that is there; its file, what is to stand in a state, and what is written when it does."""
    name = new_name()
    file = text(name, features=CLUSTER, interfaces=attach(NIC, SUBNET2))
    azure.apply(file)
    about, written = WHICH[which]
    return file, about(azure, name), written


@pytest.mark.parametrize("state", BADLY)
def test_what_ended_badly_is_not_done_and_is_written_again(azure: LiveAzure, which: str, state: State) -> None:
    file, about, written = started(azure, which)
    azure.arm.stand(about, state)
    _, plan = azure.plan(file)
    assert [step.reason for step in plan.steps] == [f"Azure says that its last change {BADLY[state]}"]
    calls = azure.apply(file).calls
    assert [call for call in calls if not call.endswith("/read")] == [written]
    assert azure.plan(file)[1].clean


@pytest.mark.parametrize("state", RUNNING)
def test_what_is_still_running_is_waited_for_and_not_written(azure: LiveAzure, which: str, state: State) -> None:
    file, about, _ = started(azure, which)
    azure.arm.stand(about, state, reads=4)
    live, plan = azure.plan(file)
    assert plan.clean
    assert not [call for call in live.calls if not call.endswith("/read")]


@pytest.mark.parametrize("state", [*RUNNING, "Deleting"])
def test_what_never_comes_to_its_end_is_reported_and_nothing_is_written(azure: LiveAzure, which: str, state: State) -> None:
    file, about, _ = started(azure, which)
    azure.arm.stand(about, state)
    before = azure.picture()
    _, plan = azure.plan(file)
    assert f"is still running ({state})" in plan_text(plan)
    with pytest.raises(ChangeFailedError, match=rf"\({state}\)|is being deleted") as failed:
        azure.apply(file)
    assert failed.value.exit_code == 3
    assert azure.picture() == before


def test_what_ends_badly_while_it_is_waited_for_is_written_again(azure: LiveAzure) -> None:
    file, about, written = started(azure, "a security group")
    azure.arm.stand(about, "Updating")
    live, plan = azure.plan(file)
    azure.arm.stand(about, "Canceled")
    calls = azure.carry_out(live, plan).calls
    assert written in calls
    assert azure.plan(file)[1].clean


def test_a_group_that_is_being_deleted_is_made_anew_once_it_is_gone(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name)
    azure.apply(file)
    azure.arm.stand(azure.group(name), "Deleting", reads=3)
    _, plan = azure.plan(file)
    assert [(step.action, step.reason) for step in plan.steps] == [("put", "")]
    applied = azure.apply(file)
    assert azure.permitted(name) == applied.plan.planned.packets()


def test_a_group_that_is_being_deleted_when_it_is_to_be_made_is_waited_for(azure: LiveAzure) -> None:
    name = new_name()
    live, plan = azure.plan(text(name))
    azure.apply(text(name))
    azure.arm.stand(azure.group(name), "Deleting", reads=3)
    azure.carry_out(live, plan)
    assert azure.permitted(name) == plan.planned.packets()
    azure.arm.stand(azure.group(name), "Deleting", reads=2)
    assert azure.destroy(text(name)).plan.empty


def test_a_change_that_is_canceled_ends_the_run_and_the_next_one_writes_it_again(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name, interfaces=attach(NIC))
    for kind in ("networkSecurityGroups", "networkInterfaces"):
        azure.arm.fail_next("PUT", kind, "operation-canceled")
        with pytest.raises(ChangeFailedError, match=r"ended as failed|was canceled"):
            azure.apply(file)
        assert not azure.plan(file)[1].empty, kind
    azure.apply(file)
    assert azure.plan(file)[1].clean


def test_an_operation_that_nobody_knows_any_more_is_settled_by_reading(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name, features=CLUSTER, interfaces=attach(NIC, SUBNET2))
    for method in ("PUT", "DELETE"):
        azure.arm.fail_next(method, "/providers/", "operation-not-found", times=100)
    applied = azure.apply(file)
    assert azure.permitted(name) == applied.plan.planned.packets()
    writes = [call for call in applied.calls if call.endswith("/write")]
    assert len(writes) == len(set(writes)) == 4, "nothing was sent twice"
    azure.arm.fail_next("PUT", "/providers/", "operation-not-found", times=100)
    azure.destroy(file)
    assert not azure.groups(name)
