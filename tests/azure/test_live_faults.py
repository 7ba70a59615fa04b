"""Every request of a change is spoilt in every way, and the law is checked against the emulator's own state each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from support.live_azure import NIC, SUBNET2, LiveAzure, attach, new_name, rule, text

from esacloud.change.execute import ChangeFailedError
from esacloud.errors import OutsideError
from esacloud.lab.arm.faults import FaultKind
from esacloud.packets import PacketSet

CLUSTER, TWO = "mail, dns, cluster", attach(NIC, SUBNET2)
ONE = attach(NIC)
# name -> (old file or None, new file or None for destroy), of the deployment's name
SCENARIOS = {
    "fresh": (None, lambda name: text(name, features=CLUSTER, interfaces=TWO)),
    "change": (
        lambda name: text(name, ["10.0.0.2"], CLUSTER, ONE),
        lambda name: text(name, ["10.0.0.3"], "mail, dns", ONE),
    ),
    "destroy": (lambda name: text(name, features=CLUSTER, interfaces=ONE), None),
}
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
ANYWHERE = tuple(kind for kind in KINDS if kind not in ("precondition-412", "operation-fails"))  # those are for writes
PATH = "/subscriptions/"


class Change:
    """One run of a scenario under a name of its own."""

    def __init__(self, azure: LiveAzure, scenario: str) -> None:
        self.azure, self.name = azure, new_name()
        old, new = SCENARIOS[scenario]
        self.old, self.new = old(self.name) if old else None, new(self.name) if new else None
        azure.clean()
        if self.old:
            azure.apply(self.old)
        self.before = azure.permitted(self.name)
        self.wanted: Mapping[str, PacketSet] = azure.plan(self.new)[1].after.packets() if self.new else {}
        self.start = len(azure.arm.calls)

    def go(self) -> Any:
        return self.azure.apply(self.new) if self.new else self.azure.destroy(self.old or "")

    def requests(self) -> list[str]:
        """The methods of the requests so far, those for tokens apart."""
        return [call.method for call in self.azure.arm.calls[self.start :] if PATH in call.path]


def methods(azure: LiveAzure, scenario: str) -> list[str]:
    change = Change(azure, scenario)
    change.go()
    return change.requests()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_fault_that_passes_at_any_request_leaves_the_law_and_the_result_as_they_are(
    azure: LiveAzure, scenario: str
) -> None:
    for number, method in enumerate(methods(azure, scenario)):
        kinds = [*ANYWHERE, *(("precondition-412",) if method == "PUT" else ())]
        for kind in kinds if scenario == "change" and method != "GET" else (kinds[number % len(kinds)],):
            change = Change(azure, scenario)
            azure.arm.fail_next(None, PATH, kind, skip=number)
            with azure.law(change.name, change.wanted):
                change.go()
            assert any(call.fault == kind for call in azure.arm.calls[change.start :]), (number, kind)
            assert azure.permitted(change.name) == change.wanted, (number, kind)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_operation_that_fails_ends_the_run_within_the_law_and_both_ways_on_work(azure: LiveAzure, scenario: str) -> None:
    writes = [number for number, method in enumerate(methods(azure, scenario)) if method != "GET"]
    assert writes
    for number in writes:
        for way in ("on", "back"):
            change = Change(azure, scenario)
            azure.arm.fail_next(None, PATH, "operation-fails", skip=number)
            with azure.law(change.name, change.wanted), pytest.raises(ChangeFailedError, match="ended as failed") as failed:
                change.go()
            assert "nothing that neither permits" in str(failed.value)
            if way == "on":
                change.go()
                assert azure.permitted(change.name) == change.wanted, number
                assert not change.new or azure.plan(change.new)[1].empty
            else:
                azure.restore(failed.value.snapshot)
                assert azure.permitted(change.name) == change.before, number


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_cloud_that_stays_unwell_ends_the_run_within_the_law_and_running_again_converges(
    azure: LiveAzure, scenario: str
) -> None:
    count = len(methods(azure, scenario))
    for number in range(0, count, 2):
        kind: FaultKind = ("throttled", "unavailable-503", "cut-before", "cut-after")[number // 2 % 4]
        change = Change(azure, scenario)
        azure.arm.fail_next(None, PATH, kind, skip=number, times=1000)
        with azure.law(change.name, change.wanted), pytest.raises(OutsideError):
            change.go()
        azure.arm.forget_faults()
        change.go()
        assert azure.permitted(change.name) == change.wanted, (number, kind)


class Intruder:
    """Adds a rule to a group after so many changes of the emulator's state, as soon as the group is there."""

    def __init__(self, azure: LiveAzure, group: str, after: int) -> None:
        self.azure, self.group, self.waits, self.done = azure, group, after, False

    def __call__(self, snapshot: Mapping[str, Any]) -> None:
        self.waits -= 1
        if self.waits < 0 and not self.done and self.group in snapshot:
            self.done = True
            self.azure.theirs(self.group, rule())


@pytest.mark.parametrize("scenario", ["fresh", "change"])
def test_somebody_else_between_any_two_changes_is_never_written_over(azure: LiveAzure, scenario: str) -> None:
    changes: list[int] = []
    probe = Change(azure, scenario)
    azure.watchers.append(lambda _: changes.append(1))
    probe.go()
    ends = []
    for number in range(len(changes)):
        change = Change(azure, scenario)
        intruder = Intruder(azure, azure.group(change.name), number)
        azure.watchers.append(intruder)
        try:
            change.go()
            ends.append("done")
        except ChangeFailedError as error:
            ends.append(str(error))
        assert intruder.done
        assert not azure.arm.failures
        names = [one["name"] for one in azure.groups(change.name)[0]["properties"]["securityRules"]]
        assert "theirs" in names, number
        azure.watchers.clear()
    assert all("somebody else" in end for end in ends if end != "done"), ends
    assert any("somebody else" in end for end in ends)
