"""Faults on demand: what the client sees, and whether the write was done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.core.exceptions import AzureError, HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from support.arm import GROUP, nsg, rule

from esacloud.lab.arm import ArmEmulator
from esacloud.lab.arm.faults import FaultKind


@pytest.fixture
def impatient(arm_emulator: ArmEmulator) -> Iterator[NetworkManagementClient]:
    """A client that neither retries nor waits."""
    with arm_emulator.client(retry_total=0, read_timeout=0.3) as client:
        yield client


def holds(emulator: ArmEmulator) -> list[str]:
    return [one["name"] for one in emulator.snapshot().values()]


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        ("throttled", 429, False),
        ("error-500", 500, False),
        ("unavailable-503", 503, False),
        ("forbidden-403", 403, False),
        ("precondition-412", 412, False),
        ("cut-before", None, False),
        ("cut-after", None, True),
        ("timeout-after", None, True),
    ],
)
def test_a_fault_meets_one_request_and_only_those_called_after_took_effect(
    arm_emulator: ArmEmulator, impatient: NetworkManagementClient, kind: FaultKind, status: int | None, done: bool
) -> None:
    arm_emulator.fail_next("PUT", "/networkSecurityGroups/nsg$", kind)
    groups = impatient.network_security_groups
    with pytest.raises(AzureError) as failed:
        groups.begin_create_or_update(GROUP, "nsg", nsg())
    assert getattr(failed.value, "status_code", None) == status
    assert holds(arm_emulator) == (["nsg"] if done else [])
    (call,) = (call for call in arm_emulator.calls if call.fault)
    assert (call.method, call.status, call.fault) == ("PUT", status, kind)
    groups.begin_create_or_update(GROUP, "nsg", nsg()).result()


def test_a_throttled_client_that_retries_is_served(arm_emulator: ArmEmulator) -> None:
    arm_emulator.fail_next("PUT", "networkSecurityGroups", "throttled", times=2, retry_after=0)
    groups = arm_emulator.client(retry_backoff_factor=0).network_security_groups
    groups.begin_create_or_update(GROUP, "nsg", nsg()).result()
    assert [call.status for call in arm_emulator.calls if call.method == "PUT"] == [429, 429, 201]


def test_faults_skip_repeat_and_match_by_method_and_path(
    arm_emulator: ArmEmulator, impatient: NetworkManagementClient
) -> None:
    groups = impatient.network_security_groups
    arm_emulator.fail_next(None, "/networkSecurityGroups/", "error-500", skip=1, times=2)
    arm_emulator.fail_next("DELETE", "/networkSecurityGroups/", "error-500")
    groups.begin_create_or_update(GROUP, "one", nsg(), polling=False)
    for _ in range(2):
        with pytest.raises(HttpResponseError):
            groups.get(GROUP, "one")
    assert groups.get(GROUP, "one").name == "one"
    arm_emulator.forget_faults()
    groups.begin_delete(GROUP, "one").result()
    assert holds(arm_emulator) == []


def test_a_poll_can_be_cut_too(arm_emulator: ArmEmulator, impatient: NetworkManagementClient) -> None:
    arm_emulator.fail_next("GET", "/operations/", "cut-before")
    poller = impatient.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(rule()))
    with pytest.raises(AzureError):
        poller.result()
    assert holds(arm_emulator) == ["nsg"]


def test_an_unknown_kind_of_fault_is_refused_at_once(arm_emulator: ArmEmulator) -> None:
    with pytest.raises(ValueError, match="is no kind of fault"):
        arm_emulator.fail_next("GET", "", "slow")  # type: ignore[arg-type]
