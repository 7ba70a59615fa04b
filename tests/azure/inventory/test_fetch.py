"""`esacloud audit azure:`: the real azure-mgmt-network reads the Resource Manager emulator over TLS."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support import arm as bodies
from support.command import Ran, esacloud
from support.live_azure import (
    NETWORK,
    NIC,
    NIC2,
    NO_WAIT,
    SUBNET,
    SUBNET2,
    SUBSCRIPTION,
    LiveAzure,
    attach,
    new_name,
    rule,
    text,
)

from esacloud.audit.assignment import attachments
from esacloud.audit.model import Audit
from esacloud.audit.run import against_catalogue
from esacloud.azure.inventory.fetch import fetch_with
from esacloud.azure.live.permissions import COMMANDS
from esacloud.catalogue.load import load
from esacloud.lab.arm import ArmEmulator
from esacloud.packets.text import parse_packets
from esacloud.policy.actual import ActualGroups

ELSEWHERE = "rg-network"
NIC_GROUP, SUBNET_GROUP = (bodies.path("networkSecurityGroups", name) for name in ("on-nic", "on-subnet"))
CLOSE = bodies.rule("close", access="Deny", protocol="*", priority=4096, destinationPortRange="*", sourceAddressPrefix="*")
CLOSE_OUT = bodies.rule(
    "close-out", access="Deny", protocol="*", priority=4096, direction="Outbound", destinationPortRange="*"
)
CLOSE_OUT["properties"]["sourceAddressPrefix"] = "*"
CLOSED = (CLOSE, CLOSE_OUT)


def fetched(azure: LiveAzure, resource_group: str | None = None) -> ActualGroups:
    return fetch_with(azure.client, resource_group, NO_WAIT)


def audited(actual: ActualGroups) -> Audit:
    return against_catalogue(actual, load(), date(2026, 6, 1), ["dns"])


def put(azure: LiveAzure, group: str, *rules: dict[str, Any]) -> None:
    azure.send("PUT", group, bodies.nsg(*rules))


def two_on_the_way(azure: LiveAzure) -> None:
    """A network interface with a group, in a subnet with another."""
    put(azure, NIC_GROUP, bodies.rule(destinationPortRange="20-30", sourceAddressPrefix="10.0.0.0/16"), *CLOSED)
    put(azure, SUBNET_GROUP, bodies.rule(destinationPortRange="22", sourceAddressPrefix="10.0.1.0/24"), *CLOSED)
    azure.send("PUT", NETWORK, bodies.network(front=SUBNET_GROUP, back=None))
    azure.send("PUT", NIC, bodies.interface(SUBNET, group=NIC_GROUP))


def test_the_groups_of_an_interface_and_of_its_subnet_both_have_to_permit(azure: LiveAzure) -> None:
    two_on_the_way(azure)
    audit = audited(fetched(azure))
    assert [(one.interface, one.groups) for one in audit.interfaces] == [(NIC, (NIC_GROUP, SUBNET_GROUP))]
    assert [one.packets for one in audit.unexpected] == [parse_packets("tcp/22 in from 10.0.1.0/24")] * 2
    assert not audit.unknown


def test_an_interface_whose_subnet_alone_has_a_group_is_named(azure: LiveAzure) -> None:
    put(azure, SUBNET_GROUP, bodies.rule(destinationPortRange="22"), *CLOSED)
    azure.send("PUT", NETWORK, bodies.network(front=SUBNET_GROUP, back=None))
    assert attachments(fetched(azure)).groups == {NIC: (SUBNET_GROUP,)}


def test_an_interface_that_nothing_filters_is_noted(azure: LiveAzure) -> None:
    put(azure, NIC_GROUP, *CLOSED)
    azure.send("PUT", NIC, bodies.interface(SUBNET, group=NIC_GROUP))
    assert attachments(fetched(azure)).notes == (
        f"{NIC2}: the network interface and its subnet have no group; nothing filters its packets",
    )


def test_a_group_on_a_subnet_without_interfaces_and_one_on_nothing_count_alone(azure: LiveAzure) -> None:
    put(azure, SUBNET_GROUP, *CLOSED)
    put(azure, NIC_GROUP, *CLOSED)
    azure.send("PUT", NETWORK, bodies.network(front=None, back=None, spare=SUBNET_GROUP))
    assert {one.interface for one in audited(fetched(azure)).interfaces} == {SUBNET_GROUP, NIC_GROUP}


@pytest.fixture
def small_pages(azure: LiveAzure) -> Iterator[ArmEmulator]:
    """Another local Resource Manager, which shows two resources a page; `azure` says that one can be."""
    with ArmEmulator(resource_groups={bodies.GROUP: bodies.LOCATION, ELSEWHERE: bodies.LOCATION}, page_size=2) as arm:
        yield arm


def test_every_page_of_a_subscription_and_of_a_resource_group_is_read(small_pages: ArmEmulator) -> None:
    arm = small_pages
    for number in range(5):
        for group in (bodies.GROUP, ELSEWHERE):
            path = bodies.path("networkSecurityGroups", f"{group}-{number}", group=group)
            assert arm.send("PUT", path, bodies.nsg()).status == 201
    with arm.client() as client:
        assert len(fetch_with(client).groups) == 10
        assert {group.name for group in fetch_with(client, ELSEWHERE).groups} == {f"{ELSEWHERE}-{n}" for n in range(5)}
    assert sum(call.path.endswith("/networkSecurityGroups") for call in arm.calls) == 5 + 3


@pytest.fixture
def spread(azure: LiveAzure) -> LiveAzure:
    """A network and its group in a resource group of their own, under another spelling, and a network interface in it."""
    azure.arm.add_resource_group(ELSEWHERE, bodies.LOCATION)
    remote = bodies.path("networkSecurityGroups", "far", group=ELSEWHERE)
    network = bodies.path("virtualNetworks", "far", group=ELSEWHERE)
    put(azure, remote, bodies.rule(destinationPortRange="22", sourceAddressPrefix="10.0.1.0/24"), *CLOSED)
    azure.send("PUT", network, bodies.network(front=remote.upper().replace("/SUBSCRIPTIONS", "/subscriptions")))
    put(azure, NIC_GROUP, bodies.rule(destinationPortRange="20-30"), *CLOSED)
    azure.send("PUT", NIC2, bodies.interface(f"{network}/subnets/FRONT", group=NIC_GROUP))
    return azure


def clear(azure: LiveAzure) -> None:
    """Take away what `spread` made, which the fixture `azure` does not know."""
    azure.send("PUT", NIC2, bodies.interface(SUBNET2))
    azure.send("DELETE", bodies.path("virtualNetworks", "far", group=ELSEWHERE))


@pytest.mark.parametrize("resource_group", [None, bodies.GROUP])
def test_what_is_on_the_way_in_another_resource_group_counts(spread: LiveAzure, resource_group: str | None) -> None:
    try:
        audit = audited(fetched(spread, resource_group))
    finally:
        clear(spread)
    assert [len(one.groups) for one in audit.interfaces if one.interface == NIC2] == [2]
    assert not audit.unknown


@pytest.mark.parametrize(
    ("path", "message"),
    [("/subnets/", "the group of its subnet"), ("/networkSecurityGroups/far$", "not read")],
)
def test_what_may_not_be_read_elsewhere_is_listed(spread: LiveAzure, path: str, message: str) -> None:
    spread.arm.fail_next("GET", path, "forbidden-403")
    try:
        (unknown,) = audited(fetched(spread, bodies.GROUP)).unknown
    finally:
        clear(spread)
    assert message in unknown
    assert unknown.startswith(NIC2)


def test_an_interface_elsewhere_with_a_group_of_the_resource_group_is_read_too(azure: LiveAzure) -> None:
    azure.arm.add_resource_group(ELSEWHERE, bodies.LOCATION)
    nic = bodies.path("networkInterfaces", "nic-far", group=ELSEWHERE)
    two_on_the_way(azure)
    azure.send("PUT", nic, bodies.interface(SUBNET, group=NIC_GROUP))
    try:
        assert attachments(fetched(azure, bodies.GROUP)).groups[nic] == (NIC_GROUP, SUBNET_GROUP)
    finally:
        azure.send("DELETE", nic)


def test_the_permissions_are_those_of_the_requests(spread: LiveAzure) -> None:
    from esacloud.azure.live.calls import operation

    start = len(spread.arm.calls)
    fetched(spread)
    fetched(spread, bodies.GROUP)
    clear(spread)
    sent = {operation(call.method, call.path) for call in spread.arm.calls[start:] if "/providers/" in call.path}
    assert sent == set(COMMANDS["audit"])


# The command


@pytest.fixture
def audit(azure: LiveAzure, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `esacloud audit azure:` on the local Resource Manager, with the environment from which the SDK takes all else."""
    for name, value in azure.arm.environment().items():
        monkeypatch.setenv(name, value)

    def run(*words: object) -> Ran:
        return esacloud("audit", "azure:", "--endpoint-url", azure.arm.url, *words)

    return run


@pytest.fixture
def applied(azure: LiveAzure, tmp_path: Path) -> tuple[Path, str]:
    """A deployment file that was applied, and the id of its group."""
    name = new_name()
    file = tmp_path / "gateway.yaml"
    file.write_text(text(name, features="mail, dns, cluster", interfaces=attach(NIC, SUBNET2)))
    azure.apply(file.read_text())
    return file, azure.group(name)


def test_what_was_applied_is_what_its_deployment_asks_for(audit: Any, applied: tuple[Path, str]) -> None:
    ran = audit("--deployment", applied[0])
    assert (ran.code, ran.err) == (0, "")
    assert "1 group with 8 rules audited: 0 flows missing, 0 rules unexpected" in ran.out
    assert "Virtual Network Manager" in ran.out


def test_a_rule_that_somebody_took_away_is_missing_and_one_that_somebody_added_is_unexpected(
    audit: Any, azure: LiveAzure, applied: tuple[Path, str]
) -> None:
    file, group = applied
    azure.send("DELETE", f"{group}/securityRules/out-udp-53-ipv4-dns")
    azure.others(group, rule("others", sourceAddressPrefix="10.9.0.0/24"))
    ran = audit("--deployment", file, "--json")
    document = json.loads(ran.out)
    assert ran.code == 1
    assert [(one["interface"], one["flow"], one["rows"]) for one in document["missing"]] == [("data1", "dns", [7])]
    assert [(one["interface"], one["rule"]) for one in document["unexpected"]] == [("data1", "others")]


def test_the_group_of_a_subnet_that_cuts_a_deployment_off_is_seen(
    audit: Any, azure: LiveAzure, applied: tuple[Path, str]
) -> None:
    put(azure, SUBNET_GROUP, CLOSE)
    azure.send("PUT", NETWORK, bodies.network(front=SUBNET_GROUP, back=applied[1]))
    ran = audit("--deployment", applied[0])
    assert ran.code == 1
    assert f"data1 ({NIC}): missing" in ran.out
    assert "smtp-in" in ran.out
    assert "smtp-out" not in ran.out  # the default rules of Azure let everything out


def test_another_deployment_in_the_same_place_is_none_of_it(
    audit: Any, azure: LiveAzure, applied: tuple[Path, str]
) -> None:
    azure.apply(text(new_name(), ["10.0.0.9"]))
    assert audit("--deployment", applied[0]).code == 0


@pytest.mark.parametrize("words", [(), ("--resource-group", bodies.GROUP), ("--subscription", SUBSCRIPTION)])
def test_a_subscription_is_held_against_the_catalogue(audit: Any, azure: LiveAzure, words: tuple[str, ...]) -> None:
    put(azure, NIC_GROUP, bodies.rule("ssh", destinationPortRange="22", sourceAddressPrefix="Internet"))
    ran = audit(*words)
    assert ran.code == 1
    assert "ESA001" in ran.out


def test_findings_of_a_live_cloud_are_shown_at_the_deployment_file(audit: Any, applied: tuple[Path, str]) -> None:
    applied[0].write_text(applied[0].read_text().replace("10.0.0.2", "10.0.0.3"))
    (run,) = json.loads(audit("--deployment", applied[0], "--sarif").out)["runs"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert uris == {applied[0].as_uri()}


def test_a_refusal_ends_in_3_and_says_what_was_refused(audit: Any, azure: LiveAzure) -> None:
    azure.arm.fail_next("GET", "/networkInterfaces$", "forbidden-403")
    put(azure, NIC_GROUP)
    ran = audit()
    assert (ran.code, ran.out) == (3, "")
    assert "does not have authorization" in ran.err


def test_a_resource_group_that_is_not_there_ends_in_3(audit: Any) -> None:
    ran = audit("--resource-group", "rg-nowhere")
    assert ran.code == 3
    assert "rg-nowhere" in ran.err


def test_a_wrong_secret_ends_in_3_and_is_never_shown(audit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "a-wrong-secret")
    ran = audit()
    assert ran.code == 3
    assert "a-wrong-secret" not in ran.err + ran.out
    assert "no valid credentials" in ran.err
    assert ran.err.count("AADSTS7000215") == 1  # asked once, and reported once


def test_a_cloud_that_does_not_answer_ends_in_3(azure: LiveAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in azure.arm.environment().items():
        monkeypatch.setenv(name, value)
    ran = esacloud("audit", "azure:", "--endpoint-url", "https://127.0.0.1:9")
    assert ran.code == 3
    assert "no answer" in ran.err


def test_a_subscription_without_groups_ends_in_2(audit: Any) -> None:
    ran = audit("--resource-group", bodies.GROUP)
    assert ran.code == 2
    assert f"no network security group in the resource group {bodies.GROUP}" in ran.err


def test_without_a_subscription_it_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)
    ran = esacloud("audit", "azure:")
    assert ran.code == 2
    assert "--subscription ID" in ran.err


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    ran = esacloud("audit", "azure:", "--subscription", SUBSCRIPTION)
    assert ran.code == 2
    assert "pip install 'esacloud[azure]'" in ran.err


def test_an_audit_reads_only(audit: Any, azure: LiveAzure, applied: tuple[Path, str]) -> None:
    before, start = azure.arm.snapshot(), len(azure.arm.calls)
    audit("--deployment", applied[0])
    assert {call.method for call in azure.arm.calls[start:] if call.path.startswith("/subscriptions/")} == {"GET"}
    assert azure.arm.snapshot() == before
