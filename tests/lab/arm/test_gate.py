"""What is asked of every request before a resource is looked at; through plain HTTP, as any client sends it."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from support.arm import LOCATION, nsg, path

from esacloud.lab.arm import ArmEmulator

VERSION = {"api-version": "2025-05-01"}
NSG = path("networkSecurityGroups", "nsg")


def ask(emulator: ArmEmulator, method: str, address: str, **more: Any) -> requests.Response:
    options = {"params": VERSION, "headers": {"Authorization": f"Bearer {emulator.token()}"}} | more
    return requests.request(method, emulator.url + address, verify=emulator.ca_file, timeout=10, **options)


def code(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_a_request_without_a_token_or_with_a_strange_one_is_refused(arm_emulator: ArmEmulator) -> None:
    missing = ask(arm_emulator, "GET", NSG, headers={})
    assert code(missing) == (401, "AuthenticationFailed")
    assert missing.headers["WWW-Authenticate"].startswith("Bearer ")
    strange = ask(arm_emulator, "GET", NSG, headers={"Authorization": "Bearer strange"})
    assert code(strange) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, "MissingApiVersionParameter"),
        ({"api-version": ""}, "MissingApiVersionParameter"),
        ({"api-version": "latest"}, "InvalidApiVersionParameter"),
    ],
)
def test_a_request_without_an_api_version_is_refused(
    arm_emulator: ArmEmulator, params: dict[str, str], expected: str
) -> None:
    assert code(ask(arm_emulator, "GET", NSG, params=params)) == (400, expected)


def test_parameters_are_named_in_any_case(arm_emulator: ArmEmulator) -> None:
    answered = ask(arm_emulator, "GET", path("networksecuritygroups"), params={"API-Version": "2025-05-01"})
    assert answered.json() == {"value": []}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (path("networkSecurityGroups", "nsg", subscription="other"), "SubscriptionNotFound"),
        (path("networkSecurityGroups", "nsg", group="absent"), "ResourceGroupNotFound"),
        (NSG, "ResourceNotFound"),
        (f"{NSG}/securityRules/rule", "ResourceNotFound"),
        (f"{NSG}/flowLogs/log", "InvalidResourceType"),
        (path("publicIPAddresses", "ip"), "InvalidResourceType"),
        (NSG.replace("Microsoft.Network", "Microsoft.Sql"), "InvalidResourceNamespace"),
        ("/nothing", "InvalidResourceType"),
        (
            NSG.partition("resourceGroups")[0] + "providers/Microsoft.Network/networkSecurityGroups/nsg",
            "InvalidResourceType",
        ),
        (NSG.partition("resourceGroups")[0] + "providers/Microsoft.Network/locations/x/operations/1", "OperationNotFound"),
    ],
)
def test_what_is_not_there_is_reported_by_name(arm_emulator: ArmEmulator, address: str, expected: str) -> None:
    assert code(ask(arm_emulator, "GET", address)) == (404, expected)


def test_a_rule_cannot_be_put_into_a_group_that_is_not_there(arm_emulator: ArmEmulator) -> None:
    answered = ask(arm_emulator, "PUT", f"{NSG}/securityRules/rule", json={"properties": {}})
    assert code(answered) == (404, "ParentResourceNotFound")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(arm_emulator: ArmEmulator, content: bytes) -> None:
    assert code(ask(arm_emulator, "PUT", NSG, data=content)) == (400, "InvalidRequestContent")


@pytest.mark.parametrize(
    ("method", "address"),
    [("POST", NSG), ("PUT", path("networkSecurityGroups")), ("PUT", f"{NSG}/defaultSecurityRules/DenyAllInBound")],
)
def test_a_method_that_an_address_does_not_have_is_refused(arm_emulator: ArmEmulator, method: str, address: str) -> None:
    arm_emulator.send("PUT", NSG, nsg())
    assert code(ask(arm_emulator, method, address, json={})) == (405, "HttpMethodNotAllowed")


def test_a_client_that_does_not_trust_the_certificate_gets_nowhere(arm_emulator: ArmEmulator) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(arm_emulator.url, timeout=10)
    assert arm_emulator.calls == ()
    assert ask(arm_emulator, "GET", path("networkSecurityGroups")).status_code == 200


@pytest.mark.parametrize(
    ("client", "secret", "reason"), [(None, "wrong", "AADSTS7000215"), ("other", None, "AADSTS700016")]
)
def test_a_wrong_secret_or_application_gets_no_token(
    arm_emulator: ArmEmulator, client: str | None, secret: str | None, reason: str
) -> None:
    credential = ClientSecretCredential(
        arm_emulator.tenant,
        client or arm_emulator.client_id,
        secret or arm_emulator.client_secret,
        authority=arm_emulator.authority,
        disable_instance_discovery=True,
        connection_verify=arm_emulator.ca_file,
    )
    with pytest.raises(ClientAuthenticationError, match=reason):
        credential.get_token("https://management.azure.com/.default")


def test_resource_groups_are_made_listed_and_deleted_by_the_sdk_for_them(arm_emulator: ArmEmulator) -> None:
    client = ResourceManagementClient(arm_emulator.credential(), arm_emulator.subscription, **arm_emulator.client_options())
    groups = client.resource_groups
    made = groups.create_or_update("rg-new", {"location": "West Europe", "tags": {"a": "b"}})
    assert made.properties is not None
    assert (made.name, made.location, made.tags, made.properties.provisioning_state) == (
        "rg-new",
        LOCATION,
        {"a": "b"},
        "Succeeded",
    )
    assert groups.get("RG-NEW").id == made.id
    assert [one.name for one in groups.list()] == ["rg-mail", "rg-new"]
    groups.begin_delete("rg-new").result()
    assert not groups.check_existence("rg-new")
    assert groups.check_existence("rg-mail")
    for name, body, expected in (
        ("bad.", {"location": LOCATION}, (400, "InvalidResourceGroup")),
        ("rg-mail", {"location": "northeurope"}, (409, "InvalidResourceGroupLocation")),
        ("rg-x", {}, (400, "LocationRequired")),
    ):
        address = path("", group=name).partition("/providers")[0]
        assert code(ask(arm_emulator, "PUT", address, json=body)) == expected
