"""Reads that lag behind, in every scene: the safety invariant holds after every change, and a run ends right.

`ESACLOUD_EXHAUSTIVE=1` tries every scene with every lag; without it a part, always the same.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any

import pytest
from support import arm as bodies
from support.azure_scenes import SCENES, Scene
from support.live_azure import NIC, NIC2, SUBNET2, LiveAzure, attach, new_name, text
from support.samples import some

from esacloud.change import run
from esacloud.change.execute import ChangeFailedError
from esacloud.change.retry import Backoff
from esacloud.errors import InputError, OutsideError
from esacloud.lab.arm.lag import Lag
from esacloud.report.text.plan import plan_text

LAGS = [
    *(Lag(reads=reads) for reads in (1, 2, 3, 5, 12)),
    *(Lag(reads=reads, flapping=True, seed=seed) for reads in (2, 6, 40) for seed in range(4)),
]
SHORT = Backoff(base=0.05, most=0.2)


def catch_up(azure: LiveAzure) -> None:
    azure.arm.fall_behind(Lag())


@pytest.mark.parametrize("kind", SCENES)
def test_a_run_whose_reads_lag_behind_its_own_writes_ends_right(azure: LiveAzure, kind: str) -> None:
    scene = Scene(azure, kind)
    for lag in some(LAGS, 1, kind):
        scene.start()
        azure.arm.fall_behind(lag)
        with azure.invariant(scene.name, scene.desired):
            scene.go()
        catch_up(azure)
        assert azure.picture() == scene.end, lag


@pytest.mark.parametrize("kind", ["fresh", "change", "destroy"])
def test_by_time_too(azure: LiveAzure, kind: str) -> None:
    scene = Scene(azure, kind)
    azure.backoff = SHORT
    try:
        scene.start()
        azure.arm.fall_behind(Lag(seconds=0.3))
        with azure.invariant(scene.name, scene.desired):
            scene.go()
    finally:
        del azure.backoff
    catch_up(azure)
    assert azure.picture() == scene.end


@pytest.mark.parametrize("kind", SCENES)
def test_refused_anywhere_and_run_again_while_reads_lag_the_invariant_holds_and_the_end_is_reached(
    azure: LiveAzure, kind: str
) -> None:
    """As after a kill: the first run's writes are not shown to the second one, or now and then."""
    scene = Scene(azure, kind)
    writes = [number for number, method in enumerate(scene.methods) if method != "GET"]
    faults = ("forbidden-403", "operation-fails", "operation-canceled")
    cases = list(itertools.product(writes, LAGS, faults, (True, False)))
    for number, lag, fault, heeds in some(cases, 1, kind):
        scene.start()
        azure.arm.heed_if_none_match(heeds)
        azure.arm.fall_behind(lag)
        azure.arm.spoil({number: fault})
        with azure.invariant(scene.name, scene.desired):
            for _ in range(2):  # the second in the lag of the first
                with suppress(OutsideError, InputError):
                    scene.go()
            catch_up(azure)
            scene.go()
        assert azure.picture() == scene.end, (number, lag, fault, heeds)


@pytest.mark.parametrize("lag", [Lag(reads=reads) for reads in (3, 8, 40)], ids=lambda lag: str(lag.reads))
def test_a_plan_from_an_older_state_writes_over_nothing_newer(azure: LiveAzure, lag: Lag) -> None:
    name = new_name()
    azure.apply(text(name, ["10.0.0.2"], interfaces=attach(NIC)))
    newer = changed(azure, name, ["10.0.0.3"])
    azure.arm.fall_behind(lag)
    azure.send("PUT", azure.group(name), newer)  # somebody else's run, that nobody sees yet
    desired = azure.permitted(name)
    target = text(name, ["10.0.0.4"], interfaces=attach(NIC, SUBNET2))
    with pytest.raises(
        ChangeFailedError, match=r"Azure showed an older state|does not show|not its own|not the present one"
    ) as failed:
        azure.apply(target)
    assert failed.value.exit_code == 3
    assert azure.permitted(name) == desired
    catch_up(azure)
    applied = azure.apply(target)
    assert azure.permitted(name) == applied.plan.planned.packets()


def changed(azure: LiveAzure, name: str, dns: list[str]) -> dict[str, Any]:
    """The body of the group as another run would write it, found on a deployment of the same form."""
    other = new_name()
    azure.apply(text(other, dns))
    document = azure.document(azure.group(other))
    assert document is not None
    azure.destroy(text(other))
    tags = {**document["tags"], "esacloud:deployment": name}
    return {"location": document["location"], "tags": tags, "properties": document["properties"]}


@pytest.mark.parametrize("heeded", [True, False])
def test_a_group_of_ours_that_no_read_shows_yet_is_not_replaced_or_that_is_reported(azure: LiveAzure, heeded: bool) -> None:
    azure.arm.heed_if_none_match(heeded)
    name = new_name()
    newer = changed(azure, name, ["10.0.0.3"])
    azure.arm.fall_behind(Lag(reads=1000))
    azure.send("PUT", azure.group(name), newer)
    with pytest.raises(ChangeFailedError) as failed:
        azure.apply(text(name, ["10.0.0.4"]))
    assert failed.value.exit_code == 3
    catch_up(azure)
    applied = azure.apply(text(name, ["10.0.0.4"]))
    assert azure.permitted(name) == applied.plan.planned.packets()
    assert azure.plan(text(name, ["10.0.0.4"]))[1].clean


@pytest.mark.parametrize("times", [1, 100])
def test_a_network_interface_with_our_group_that_no_list_shows_is_waited_for_or_reported(
    azure: LiveAzure, times: int
) -> None:
    name = new_name()
    file = text(name, interfaces=attach(NIC))
    azure.apply(file)
    document = azure.document(azure.group(name))
    assert document is not None
    azure.send("PUT", NIC, bodies.interface(SUBNET2))
    azure.send("DELETE", azure.group(name))
    azure.send("PUT", azure.group(name), {key: document[key] for key in ("location", "tags", "properties")})
    azure.arm.fail_next("GET", "networkSecurityGroups$", "stale", times=times)  # from before the group was made anew
    put_back = azure.arm.keep_the_past()
    azure.send("PUT", NIC, bodies.interface(SUBNET2, group=azure.group(name)))
    put_back()
    if times == 1:
        assert azure.plan(file)[1].clean
    else:
        with pytest.raises(OutsideError, match=r"is attached to .*nic-one, but is not listed: reads lag behind"):
            azure.plan(file)


def test_the_list_of_a_group_is_not_believed_against_what_carries_it(azure: LiveAzure) -> None:
    """Where a network interface was detached by hand, and the list of groups does not show that yet."""
    name = new_name()
    file = text(name, interfaces=attach(NIC, NIC2))
    azure.apply(file)
    azure.send("PUT", NIC2, bodies.interface(SUBNET2))
    azure.arm.fail_next("GET", "networkSecurityGroups$", "stale")
    _, plan = azure.plan(file)
    assert [(step.action, step.attach) for step in plan.steps] == [("attach", (NIC2,))]


# A group that is ready and not attached


@pytest.mark.parametrize("fault", ["forbidden-403", "operation-canceled"])
def test_a_group_that_was_made_and_not_attached_is_attached_by_the_next_run(azure: LiveAzure, fault: Any) -> None:
    name = new_name()
    file = text(name, interfaces=attach(NIC, SUBNET2))
    azure.arm.fail_next("PUT", "networkInterfaces", fault)
    with pytest.raises(ChangeFailedError):
        azure.apply(file)
    _, plan = azure.plan(file)
    assert plan.steps, "a plan says that it is not where it should be"
    assert "attach" in plan_text(plan)
    assert not plan.clean
    applied = azure.apply(file)
    document = azure.document(azure.group(name))
    assert document is not None
    assert [one["id"] for one in document["properties"]["networkInterfaces"]] == [NIC]
    assert [one["id"] for one in document["properties"]["subnets"]] == [SUBNET2]
    assert azure.permitted(name) == applied.plan.planned.packets()
    assert azure.plan(file)[1].clean


def test_somebody_elses_association_that_no_read_shows_is_not_overwritten(azure: LiveAzure) -> None:
    name, other = new_name(), bodies.path("networkSecurityGroups", "other")
    azure.send("PUT", other, bodies.nsg())
    azure.arm.fall_behind(Lag(reads=12))
    azure.send("PUT", NIC, bodies.interface(SUBNET2, group=other))
    with pytest.raises(ChangeFailedError):
        azure.apply(text(name, interfaces=attach(NIC)))
    document = azure.document(NIC)
    assert document is not None
    assert document["properties"]["networkSecurityGroup"]["id"] == other


def test_a_stray_group_that_comes_while_a_change_is_made_ends_it_with_where_things_stand(azure: LiveAzure) -> None:
    name = new_name()
    live, plan = azure.plan(text(name))
    tags = {"esacloud:deployment": name, "esacloud:interface": "data1"}
    azure.send("PUT", bodies.path("networkSecurityGroups", "a-copy"), bodies.nsg(tags=tags))
    with pytest.raises(ChangeFailedError, match="a-copy has the tags") as failed:
        run.apply(live, plan, azure.directory, backoff=azure.backoff)
    assert failed.value.snapshot is not None


def test_a_detach_is_not_skipped_for_a_read_from_before_the_group_was_attached(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    azure.send("PUT", NIC, bodies.interface(SUBNET2, group=azure.group(name)))  # by hand, so that the file does not name it
    live = azure.live(azure.deployment(text(name)))
    plan = run.plan_destroy(live)
    azure.arm.fail_next("GET", "networkInterfaces/", "stale", times=2)
    azure.carry_out(live, plan)
    assert azure.document(azure.group(name)) is None
