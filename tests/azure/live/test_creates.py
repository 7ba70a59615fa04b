"""What is to be new and is not: somebody else makes a group of our name, before the look for it and right after.

Every test runs with an Azure that heeds `If-None-Match`, and with one that ignores it, as its specification has no such
header for these resources.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support import arm as bodies
from support.live_azure import NIC, NIC2, SUBNET2, LiveAzure, attach, new_name, rule, text
from support.samples import size

from esacloud.azure.live.client import ReplacedError
from esacloud.change import run
from esacloud.change.execute import Applied, ChangeFailedError
from esacloud.errors import InputError, OutsideError
from esacloud.lab.arm.lag import Lag

CLUSTER = "mail, dns, cluster"
STEP = size(5, 1)  # every so many requests the other one comes in between


@pytest.fixture(params=[True, False], ids=["heeded", "ignored"])
def heeded(azure: LiveAzure, request: pytest.FixtureRequest) -> bool:
    azure.arm.heed_if_none_match(request.param)
    return bool(request.param)


def before_the_first(azure: LiveAzure, method: str, kind: str, go: Callable[[], Any]) -> None:
    """Let something happen right before the first request of a method about a kind is served."""
    done: list[int] = []

    def meanwhile(_: int) -> None:
        asked = azure.arm.paths[-1]
        if azure.arm.methods[-1] == method and f"/{kind}/" in asked and not done:
            done.append(1)
            azure.arm.before = None
            go()

    azure.arm.before = meanwhile


def replaced_in(failure: BaseException | None) -> ReplacedError | None:
    """The replacement that a failure is about."""
    while failure is not None and not isinstance(failure, ReplacedError):
        failure = failure.__cause__
    return failure


def test_of_two_creates_at_once_never_both_are_proven_and_the_other_one_is_reported(
    azure: LiveAzure, heeded: bool, tmp_path: Path
) -> None:
    name = new_name()
    late = azure.plan(text(name, ["10.0.0.3"]))
    other: list[Applied] = []

    def meanwhile() -> None:  # on another machine, so that no local lock is in its way
        live, plan = azure.plan(text(name, ["10.0.0.4"]))
        other.append(run.apply(live, plan, tmp_path, backoff=azure.backoff))

    before_the_first(azure, "PUT", "networkSecurityGroups", meanwhile)
    with pytest.raises(ChangeFailedError) as failed:
        azure.carry_out(*late)
    assert failed.value.exit_code == 3
    assert other, "the other one was done"
    kept, lost = (other[0].plan, late[1]) if heeded else (late[1], other[0].plan)
    assert azure.permitted(name) == kept.planned.packets() != lost.planned.packets()
    assert (replaced_in(failed.value) is None) == heeded
    again = azure.apply(text(name, ["10.0.0.3"]))
    assert azure.permitted(name) == again.plan.planned.packets()


def test_of_many_creates_at_once_at_most_one_says_that_it_is_done(azure: LiveAzure, heeded: bool, tmp_path: Path) -> None:
    name = new_name()
    plans = [azure.plan(text(name, [f"10.0.1.{number}"])) for number in range(1, 5)]
    done: list[int] = []

    def go(number: int) -> None:
        live, plan = plans[number]
        try:
            run.apply(live, plan, tmp_path / str(number), backoff=azure.backoff)
        except OutsideError:
            return
        done.append(number)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(done) <= 1
    assert azure.permitted(name) in [plan.planned.packets() for _, plan in plans]
    if heeded:
        assert [azure.permitted(name)] == [plans[number][1].planned.packets() for number in done]


@pytest.mark.parametrize("first", [False, True], ids=["create", "change"])
def test_another_run_between_any_two_requests_is_never_mixed_with_this_one(
    azure: LiveAzure, heeded: bool, first: bool, tmp_path: Path
) -> None:
    """Whoever says that it is done has its state; whoever is refused gets there by running again."""
    places = attach(NIC, SUBNET2)
    for moment in range(0, 31, STEP):
        name = new_name()
        if first:
            azure.apply(text(name, ["10.0.0.2"], CLUSTER, places))
        ours, others = (text(name, [server], CLUSTER, places) for server in ("10.0.0.3", "10.0.0.4"))
        desired = [azure.plan(file)[1].planned.packets() for file in (ours, others)]
        done: list[Applied] = []

        def meanwhile(
            number: int, name: str = name, others: str = others, done: list[Applied] = done, moment: int = moment
        ) -> None:
            if number == moment and not done:
                azure.arm.before = None
                live, plan = azure.plan(others)
                with suppress(OutsideError):
                    done.append(run.apply(live, plan, tmp_path, backoff=azure.backoff))

        azure.arm.spoil({})
        azure.arm.before = meanwhile
        failure = None
        try:
            azure.apply(ours)
        except OutsideError as error:
            failure = error
        ended = azure.arm.before is not None  # it came to its end before that
        azure.arm.before = None
        assert azure.permitted(name) in desired, moment
        if failure is None and not done:
            assert azure.permitted(name) == desired[0], moment
        assert failure is None or failure.exit_code == 3
        azure.apply(ours)
        assert azure.permitted(name) == desired[0], moment
        assert attachments(azure, name) == {NIC, SUBNET2}, moment
        azure.destroy(ours)
        if ended:
            return
    raise AssertionError("it takes more requests than were tried")


@pytest.mark.parametrize("outer", ["apply", "destroy"])
def test_apply_and_destroy_at_once_never_say_done_over_each_other(azure: LiveAzure, outer: str, tmp_path: Path) -> None:
    for moment in range(0, 40, STEP):
        name = new_name()
        old, new = (text(name, [server], CLUSTER, attach(NIC, SUBNET2)) for server in ("10.0.0.2", "10.0.0.3"))
        azure.apply(old)
        desired = azure.plan(new)[1].planned.packets()

        def plan(message: str, name: str = name, new: str = new) -> Any:
            if message == "apply":
                return azure.plan(new)
            live = azure.live(azure.deployment(new))
            return live, run.plan_destroy(live)

        done: list[str] = []

        def meanwhile(number: int, moment: int = moment, plan: Any = plan, done: list[str] = done) -> None:
            if number == moment:
                azure.arm.before = None
                inner = "destroy" if outer == "apply" else "apply"
                with suppress(OutsideError, InputError):
                    run.apply(*plan(inner), tmp_path, backoff=azure.backoff)
                    done.append(inner)

        azure.arm.spoil({})
        azure.arm.before = meanwhile
        with suppress(OutsideError, InputError):
            azure.carry_out(*plan(outer))
            done.append(outer)
        ended, azure.arm.before = azure.arm.before is not None, None
        if done:
            assert azure.permitted(name) in [desired if one == "apply" else {} for one in done], (moment, done)
        azure.apply(new)
        assert azure.permitted(name) == desired, moment
        azure.destroy(new)
        assert not azure.groups(name), moment
        if ended:
            return
    raise AssertionError("it takes more requests than were tried")


def attachments(azure: LiveAzure, name: str) -> set[str]:
    document = azure.document(azure.group(name))
    assert document is not None
    return {one["id"] for message in ("networkInterfaces", "subnets") for one in document["properties"].get(message) or ()}


def test_a_create_whose_answer_is_lost_where_reads_lag_ends_right_or_says_that_it_may_be_its_own(
    azure: LiveAzure, heeded: bool
) -> None:
    for reads in (2, 3, 5, 8):
        name = new_name()
        azure.arm.fail_next("PUT", "networkSecurityGroups", "cut-after")
        live, plan = azure.plan(text(name))
        azure.arm.fall_behind(Lag(reads=reads))
        message = ""
        try:
            azure.carry_out(live, plan)
        except ChangeFailedError as error:
            message = str(error)
        assert not message or "This run may also have created it" in message or heeded, message
        azure.arm.fall_behind(Lag())
        applied = azure.apply(text(name))
        assert azure.permitted(name) == applied.plan.planned.packets()
        assert azure.plan(text(name))[1].clean


def test_a_group_of_others_with_our_name_that_the_look_sees_is_not_written(azure: LiveAzure, heeded: bool) -> None:
    name = new_name()
    others = bodies.nsg(rule("others"), tags={"owner": "somebody"})
    before_the_first(azure, "GET", "networkSecurityGroups", lambda: azure.send("PUT", azure.group(name), others))
    with pytest.raises(ChangeFailedError, match="It was not overwritten"):
        azure.apply(text(name))
    there = azure.document(azure.group(name))
    assert there is not None
    assert [one["name"] for one in there["properties"]["securityRules"]] == ["others"]
    assert there["tags"] == {"owner": "somebody"}
    with pytest.raises(InputError, match="does not belong to this deployment"):
        azure.plan(text(name))


def test_a_group_of_others_that_comes_after_the_look_stays_or_its_replacement_is_reported(
    azure: LiveAzure, heeded: bool
) -> None:
    name = new_name()

    def come() -> None:
        azure.send("PUT", azure.group(name), bodies.nsg(rule("others"), tags={"owner": "somebody"}))
        azure.send("PUT", NIC2, bodies.interface(SUBNET2, group=azure.group(name)))

    before_the_first(azure, "PUT", "networkSecurityGroups", come)
    with pytest.raises(ChangeFailedError) as failed:
        azure.apply(text(name))
    assert failed.value.exit_code == 3
    there = azure.document(azure.group(name))
    assert there is not None
    if heeded:
        assert [one["name"] for one in there["properties"]["securityRules"]] == ["others"]
        return
    message = str(failed.value)
    assert azure.group(name) in message
    assert f"It is attached to {NIC2}." in message, "what is known of it"
    assert "Its former state is not known, so no snapshot has it" in message
    assert f"az graph query -q \"resourcechanges | where properties.targetResourceId =~ '{azure.group(name)}'" in message


def test_what_a_read_that_lagged_behind_still_showed_can_be_brought_back(azure: LiveAzure) -> None:
    azure.arm.heed_if_none_match(False)
    name = new_name()
    others = bodies.nsg(rule("others", description="it's others"), tags={"owner": "somebody"})

    def come() -> None:
        azure.arm.fall_behind(Lag())
        azure.send("PUT", azure.group(name), others)
        azure.arm.fall_behind(Lag(reads=1))  # so that the read after the write is from before it

    before_the_first(azure, "PUT", "networkSecurityGroups", come)
    with pytest.raises(ChangeFailedError) as failed:
        azure.apply(text(name))
    replaced = replaced_in(failed.value)
    assert replaced is not None
    assert replaced.before is not None
    assert [one["name"] for one in replaced.before["properties"]["securityRules"]] == ["others"]
    assert f"az rest --method put --url '{azure.group(name)}?api-version=" in str(failed.value)
    assert "it'\"'\"'s others" in str(failed.value), "quoted for a shell"


def test_an_application_security_group_of_others_is_looked_for_too(azure: LiveAzure, heeded: bool) -> None:
    name = new_name()
    members = bodies.path("applicationSecurityGroups", f"{name}-data1-members")
    others = {"location": "westeurope", "tags": {"owner": "somebody"}}
    before_the_first(azure, "PUT", "applicationSecurityGroups", lambda: azure.send("PUT", members, others))
    with pytest.raises(ChangeFailedError) as failed:
        azure.apply(text(name, features=CLUSTER, interfaces=attach(NIC)))
    assert failed.value.exit_code == 3
    assert members in str(failed.value)
    there = azure.document(members)
    assert there is not None
    assert (there["tags"] == {"owner": "somebody"}) == heeded
    assert azure.document(azure.group(name)) is None, "nothing was done after it"


def test_a_create_whose_answer_is_lost_is_not_taken_for_a_replacement(azure: LiveAzure, heeded: bool) -> None:
    for kind in ("cut-after", "cut-before", "error-500", "timeout-after", "operation-not-found"):
        name = new_name()
        azure.arm.fail_next("PUT", "networkSecurityGroups", kind)
        applied = azure.apply(text(name), client=azure.hasty if kind == "timeout-after" else azure.client)
        assert azure.permitted(name) == applied.plan.planned.packets()


def test_two_creates_that_agree_both_end_well(azure: LiveAzure, heeded: bool) -> None:
    name = new_name()
    late = azure.plan(text(name))
    azure.apply(text(name))
    calls = azure.carry_out(*late).calls
    assert "networkSecurityGroups/write" not in calls
    assert azure.plan(text(name))[1].empty
