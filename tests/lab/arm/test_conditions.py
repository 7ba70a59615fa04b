"""ETags: who writes over what they have not read is told so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from support.arm import GROUP, LOCATION, error_of, nsg, path, rule

from esacloud.lab.arm import ArmEmulator


def put(client: NetworkManagementClient, name: str = "nsg", **headers: str | None) -> None:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    client.network_security_groups.begin_create_or_update(GROUP, name, nsg(rule()), headers=named).result()


def test_a_write_with_the_etag_that_was_read_succeeds_and_with_an_older_one_fails(
    arm_client: NetworkManagementClient,
) -> None:
    put(arm_client)
    etag = arm_client.network_security_groups.get(GROUP, "nsg").etag
    put(arm_client, If_Match=etag)
    with pytest.raises(HttpResponseError) as refused:
        put(arm_client, If_Match=etag)
    assert (refused.value.status_code, error_of(refused).code) == (412, "PreconditionFailed")
    (detail,) = error_of(refused).details
    assert detail.code == "PreconditionFailedEtagMismatch"
    assert str(detail.message).startswith(f"Etag provided in if-match header {etag} does not match etag W/")


def test_the_etag_changes_when_the_operation_ends(arm_emulator: ArmEmulator) -> None:
    made = arm_emulator.send("PUT", path("networkSecurityGroups", "nsg"), nsg()).body
    assert made["properties"]["provisioningState"] == "Updating"
    arm_emulator.send("GET", path("networkSecurityGroups", "nsg"))
    read = arm_emulator.send("GET", path("networkSecurityGroups", "nsg"))
    assert read.body["properties"]["provisioningState"] == "Succeeded"
    assert read.body["etag"] == read.headers["ETag"] != made["etag"]


def test_a_rule_has_the_etag_of_its_group_and_is_guarded_by_it(arm_client: NetworkManagementClient) -> None:
    put(arm_client)
    etag = arm_client.network_security_groups.get(GROUP, "nsg").etag
    body = {"properties": rule(access="Deny")["properties"]}
    rules = arm_client.security_rules
    assert rules.get(GROUP, "nsg", "mail-in").etag == etag
    rules.begin_create_or_update(GROUP, "nsg", "mail-in", body, headers={"If-Match": etag}).result()
    for call in (
        lambda: rules.begin_create_or_update(GROUP, "nsg", "mail-in", body, headers={"If-Match": etag}),
        lambda: rules.begin_delete(GROUP, "nsg", "mail-in", headers={"If-Match": etag}),
        lambda: arm_client.network_security_groups.begin_delete(GROUP, "nsg", headers={"If-Match": etag}),
        lambda: arm_client.network_security_groups.update_tags(GROUP, "nsg", {"tags": {}}, headers={"If-Match": etag}),
    ):
        with pytest.raises(HttpResponseError, match="PreconditionFailed"):
            call()


def test_if_none_match_creates_only_what_is_not_there(arm_client: NetworkManagementClient) -> None:
    put(arm_client, If_None_Match="*")
    with pytest.raises(HttpResponseError, match="PreconditionFailed"):
        put(arm_client, If_None_Match="*")


@pytest.mark.parametrize(
    ("if_match", "status"), [("*", 200), ('"{opaque}"', 200), ('"other", {etag}', 200), ('"other"', 412)]
)
def test_if_match_takes_a_star_a_list_and_an_etag_without_its_weakness(
    arm_emulator: ArmEmulator, if_match: str, status: int
) -> None:
    address = path("networkSecurityGroups", "nsg")
    arm_emulator.send("PUT", address, nsg())
    arm_emulator.send("GET", address)
    etag = arm_emulator.send("GET", address).body["etag"]
    asked = if_match.format(etag=etag, opaque=etag.removeprefix("W/").strip('"'))
    assert arm_emulator.send("PUT", address, nsg(), If_Match=asked).status == status


def test_an_emulator_that_ignores_if_none_match_replaces_what_is_there_and_says_200() -> None:
    with ArmEmulator(resource_groups={GROUP: LOCATION}, ignores_if_none_match=True) as emulator:
        for number, status in enumerate((201, 200)):
            address = path("networkSecurityGroups", "nsg")
            answer = emulator.send("PUT", address, nsg(rule(f"rule-{number}")), If_None_Match="*")
            assert answer.status == status
        assert emulator.send("PUT", address, nsg(), If_Match='"other"').status == 412
        (held,) = emulator.snapshot().values()
        assert [one["name"] for one in held["properties"]["securityRules"]] == ["rule-1"]


def test_if_match_never_creates(arm_emulator: ArmEmulator) -> None:
    assert arm_emulator.send("PUT", path("networkSecurityGroups", "nsg"), nsg(), If_Match="*").status == 412


def test_of_twenty_writers_at_once_with_one_etag_exactly_one_wins(arm_emulator: ArmEmulator) -> None:
    client = arm_emulator.client()
    put(client)

    def write(number: int, etag: str) -> int | None:
        body = nsg(rule(f"writer-{number}"))
        try:
            client.network_security_groups.begin_create_or_update(GROUP, "nsg", body, headers={"If-Match": etag}).result()
        except HttpResponseError as error:
            if error.status_code != 412:
                raise
            return None
        return number

    with ThreadPoolExecutor(20) as pool:
        for _ in range(5):
            etag = client.network_security_groups.get(GROUP, "nsg").etag
            winners = [number for number in pool.map(write, range(20), [etag] * 20) if number is not None]
            assert len(winners) == 1
            (left,) = client.network_security_groups.get(GROUP, "nsg").security_rules
            assert left.name == f"writer-{winners[0]}"


def test_rules_written_by_many_at_once_are_all_there(arm_emulator: ArmEmulator) -> None:
    client = arm_emulator.client()
    put(client)

    def write(number: int) -> None:
        body = {"properties": rule(priority=200 + number)["properties"]}
        client.security_rules.begin_create_or_update(GROUP, "nsg", f"writer-{number}", body).result()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(40)))
    names = {one.name for one in client.security_rules.list(GROUP, "nsg")}
    assert names == {"mail-in", *(f"writer-{number}" for number in range(40))}
