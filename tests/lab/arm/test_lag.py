"""Reads that lag behind, by time, by number, by chance, and once; writes and ETags never do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient
from support.arm import GROUP, LOCATION, nsg, path, rule

from esacloud.lab.arm import ArmEmulator
from esacloud.lab.arm.lag import Lag, Replica
from esacloud.lab.arm.store import Resource, Store

NSG = path("networkSecurityGroups", "nsg")


@pytest.fixture
def impatient(arm_emulator: ArmEmulator) -> Iterator[NetworkManagementClient]:
    with arm_emulator.client(retry_total=0) as client:
        yield client


def listed(client: NetworkManagementClient) -> list[str]:
    return [str(one.name) for one in client.network_security_groups.list(GROUP)]


def names(store: Store) -> list[str]:
    return [one.name for one in store.resources.values()]


def a_store() -> Store:
    from esacloud.lab.arm.limits import Limits

    return Store("subscription", Limits())


def keep(store: Store, name: str) -> None:
    store.keep(Resource(f"/{name}", "networkSecurityGroups", GROUP, name, LOCATION, None, {}, []), "Succeeded")


def test_by_time_a_read_sees_what_was_there_so_many_seconds_ago() -> None:
    now = 100.0
    store = a_store()
    replica = Replica(store, Lag(seconds=2), clock=lambda: now)
    keep(store, "one")
    assert names(replica.read()) == []
    now = 101.5
    keep(store, "two")
    now = 102.0
    assert names(replica.read()) == ["one"]
    now = 103.5
    assert names(replica.read()) == ["one", "two"]
    assert names(replica.read()) == ["one", "two"]


def test_by_number_so_many_reads_miss_a_change() -> None:
    store = a_store()
    replica = Replica(store, Lag(reads=2))
    keep(store, "one")
    assert [names(replica.read()) for _ in range(3)] == [[], [], ["one"]]
    keep(store, "two")
    assert [names(replica.read()) for _ in range(3)] == [["one"], ["one"], ["one", "two"]]


def test_a_flapping_read_is_answered_from_before_or_after_by_chance_and_the_same_for_a_seed() -> None:
    def answers(seed: int) -> list[int]:
        store = a_store()
        replica = Replica(store, Lag(reads=1000, flapping=True, seed=seed))
        keep(store, "one")
        return [len(names(replica.read())) for _ in range(40)]

    assert set(answers(1)) == {0, 1}
    assert answers(1) == answers(1) != answers(2)


def test_lists_and_single_reads_lag_and_a_write_with_the_stale_etag_is_refused(
    arm_emulator: ArmEmulator, impatient: NetworkManagementClient
) -> None:
    arm_emulator.send("PUT", NSG, nsg(rule("old")))
    arm_emulator.fall_behind(Lag(reads=3))
    arm_emulator.send("PUT", NSG, nsg(rule("new")))
    arm_emulator.send("PUT", path("networkSecurityGroups", "second"), nsg())
    groups = impatient.network_security_groups
    stale = groups.get(GROUP, "nsg")
    assert [one.name for one in stale.security_rules] == ["old"]
    assert listed(impatient) == ["nsg"]
    with pytest.raises(ResourceNotFoundError):
        groups.get(GROUP, "second")
    with pytest.raises(HttpResponseError, match="PreconditionFailed"):
        groups.begin_create_or_update(GROUP, "nsg", nsg(), headers={"If-Match": str(stale.etag)})
    assert listed(impatient) == ["nsg", "second"]
    arm_emulator.fall_behind(Lag())
    assert [one.name for one in groups.get(GROUP, "nsg").security_rules] == ["new"]


def test_one_read_can_be_stale(arm_emulator: ArmEmulator, impatient: NetworkManagementClient) -> None:
    arm_emulator.send("PUT", NSG, nsg())
    arm_emulator.fail_next("GET", "networkSecurityGroups", "stale")
    assert listed(impatient) == []
    assert listed(impatient) == ["nsg"]


def test_an_emulator_starts_with_the_lag_in_seconds_that_it_is_given() -> None:
    with ArmEmulator(resource_groups={GROUP: LOCATION}, lag=3600) as emulator, emulator.client() as client:
        emulator.send("PUT", NSG, nsg())
        assert listed(client) == []
        assert emulator.send("GET", NSG).status == 200  # somebody who looks at the present
