"""Long-running operations, as the SDK follows them."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from support.arm import GROUP, LOCATION, nsg, path, rule

from esacloud.lab.arm import ArmEmulator
from esacloud.lab.arm.store import State

NSG = path("networkSecurityGroups", "nsg")


def polls(emulator: ArmEmulator) -> int:
    return sum("/operations/" in call.path for call in emulator.calls)


@pytest.mark.parametrize("in_progress", [0, 1, 3])
def test_an_operation_is_in_progress_for_as_many_polls_as_asked_for(in_progress: int) -> None:
    with ArmEmulator(resource_groups={GROUP: LOCATION}, polls=in_progress) as emulator:
        groups = emulator.client().network_security_groups
        groups.begin_create_or_update(GROUP, "nsg", nsg()).result()
        assert polls(emulator) == in_progress + 1
        groups.begin_delete(GROUP, "nsg").result()
        assert polls(emulator) == 2 * (in_progress + 1)


def test_an_operation_says_how_long_to_wait() -> None:
    with ArmEmulator(resource_groups={GROUP: LOCATION}, retry_after=7) as emulator:
        assert emulator.send("PUT", NSG, nsg()).headers["Retry-After"] == "7"


def test_a_delete_can_be_followed_by_its_location_as_well(arm_emulator: ArmEmulator) -> None:
    arm_emulator.send("PUT", NSG, nsg())
    headers = arm_emulator.send("DELETE", NSG).headers
    result = headers["Location"].removeprefix(arm_emulator.url).partition("?")[0]
    assert "/operationResults/" in result
    assert [arm_emulator.send("GET", result).status for _ in range(2)] == [202, 204]


def test_a_write_has_taken_effect_before_its_operation_ends(arm_emulator: ArmEmulator) -> None:
    made = arm_emulator.send("PUT", NSG, nsg(rule()))
    operation = made.headers["Azure-AsyncOperation"].removeprefix(arm_emulator.url).partition("?")[0]
    (held,) = arm_emulator.snapshot().values()
    assert [one["name"] for one in held["properties"]["securityRules"]] == ["mail-in"]
    assert held["properties"]["provisioningState"] == "Updating"
    assert [arm_emulator.send("GET", operation).body["status"] for _ in range(2)] == ["InProgress", "Succeeded"]
    (held,) = arm_emulator.snapshot().values()
    assert held["properties"]["provisioningState"] == "Succeeded"


def test_an_operation_whose_client_is_gone_ends_by_reading_or_by_the_next_write(arm_emulator: ArmEmulator) -> None:
    arm_emulator.send("PUT", NSG, nsg())
    states = [arm_emulator.send("GET", NSG).body["properties"]["provisioningState"] for _ in range(3)]
    assert states[-1] == "Succeeded"
    first = arm_emulator.send("PUT", NSG, nsg())
    arm_emulator.send("PUT", NSG, nsg(rule()))
    operation = first.headers["Azure-AsyncOperation"].removeprefix(arm_emulator.url).partition("?")[0]
    assert arm_emulator.send("GET", operation).body["status"] == "Succeeded"
    (held,) = arm_emulator.snapshot().values()
    assert held["properties"]["provisioningState"] == "Updating"


def test_an_operation_that_fails_raises_in_the_sdk_and_leaves_the_state_failed(arm_emulator: ArmEmulator) -> None:
    arm_emulator.fail_next("PUT", "/networkSecurityGroups/nsg$", "operation-fails")
    groups = arm_emulator.client().network_security_groups
    with pytest.raises(HttpResponseError, match="InternalServerError"):
        groups.begin_create_or_update(GROUP, "nsg", nsg(rule())).result()
    assert groups.get(GROUP, "nsg").provisioning_state == "Failed"
    groups.begin_create_or_update(GROUP, "nsg", nsg(rule())).result()
    assert groups.get(GROUP, "nsg").provisioning_state == "Succeeded"


def test_an_operation_that_is_canceled_raises_in_the_sdk_and_leaves_the_state_canceled(arm_emulator: ArmEmulator) -> None:
    arm_emulator.fail_next("PUT", "/networkSecurityGroups/nsg$", "operation-canceled")
    groups = arm_emulator.client().network_security_groups
    with pytest.raises(HttpResponseError):
        groups.begin_create_or_update(GROUP, "nsg", nsg(rule())).result()
    assert groups.get(GROUP, "nsg").provisioning_state == "Canceled"


def test_an_operation_that_nobody_knows_any_more_was_done_all_the_same(arm_emulator: ArmEmulator) -> None:
    groups = arm_emulator.client(retry_total=0).network_security_groups
    for method in ("PUT", "DELETE"):
        arm_emulator.fail_next(method, "/networkSecurityGroups/nsg$", "operation-not-found")
    with pytest.raises(HttpResponseError, match="OperationNotFound"):
        groups.begin_create_or_update(GROUP, "nsg", nsg(rule())).result()
    assert [one["name"] for one in arm_emulator.snapshot().values()] == ["nsg"]
    with pytest.raises(HttpResponseError, match="OperationNotFound"):
        groups.begin_delete(GROUP, "nsg").result()
    assert not arm_emulator.snapshot()


@pytest.mark.parametrize("state", ["Creating", "Updating", "Deleting", "Failed", "Canceled"])
def test_a_resource_stands_in_a_state_until_it_was_read_so_often_or_is_written(
    arm_emulator: ArmEmulator, state: State
) -> None:
    arm_emulator.send("PUT", NSG, nsg(rule()))

    def seen() -> str:
        answer = arm_emulator.send("GET", NSG)
        return answer.body["properties"]["provisioningState"] if answer.status == 200 else "gone"

    arm_emulator.stand(NSG, state, reads=2)
    assert [seen() for _ in range(3)] == [state, state, "gone" if state == "Deleting" else "Succeeded"]
    arm_emulator.send("PUT", NSG, nsg(rule()))
    arm_emulator.stand(NSG, state)
    assert {seen() for _ in range(5)} == {state}
    arm_emulator.send("PUT", NSG, nsg(rule()))
    assert [seen() for _ in range(2)][-1] == "Succeeded"
