"""What network and application security groups are attached to, and what holds them when they are to go."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from support.arm import GROUP, LOCATION, error_of, interface, network, nsg, path, rule

from esacloud.lab.arm import ArmEmulator
from esacloud.lab.arm.limits import Limits

NSG, OTHER_NSG = path("networkSecurityGroups", "nsg"), path("networkSecurityGroups", "other")
NETWORK = path("virtualNetworks", "vnet")
SUBNET = f"{NETWORK}/subnets/mail"
ASG = path("applicationSecurityGroups", "asg-mail")


@pytest.fixture
def client(arm_client: NetworkManagementClient) -> NetworkManagementClient:
    """A subscription with two network security groups, an application security group and a network of two subnets."""
    for name in ("nsg", "other"):
        arm_client.network_security_groups.begin_create_or_update(GROUP, name, nsg()).result()
    arm_client.application_security_groups.begin_create_or_update(GROUP, "asg-mail", {"location": LOCATION}).result()
    arm_client.virtual_networks.begin_create_or_update(GROUP, "vnet", network(mail=None, empty=None)).result()
    return arm_client


def attach(client: NetworkManagementClient, group: str | None) -> None:
    """Read the subnet, and write it back with that group, as one does with the SDK."""
    subnet = client.subnets.get(GROUP, "vnet", "mail")
    subnet.network_security_group = {"id": group} if group else None
    client.subnets.begin_create_or_update(GROUP, "vnet", "mail", subnet).result()


def test_a_group_shows_the_subnets_and_interfaces_that_it_is_attached_to(client: NetworkManagementClient) -> None:
    attach(client, NSG.upper())
    body = interface(SUBNET, group=NSG)
    client.network_interfaces.begin_create_or_update(GROUP, "nic", body).result()
    group = client.network_security_groups.get(GROUP, "nsg")
    assert [one.id for one in group.subnets] == [SUBNET]
    assert [one.id for one in group.network_interfaces] == [path("networkInterfaces", "nic")]
    assert client.subnets.get(GROUP, "vnet", "mail").network_security_group.id == NSG
    assert client.network_interfaces.get(GROUP, "nic").network_security_group.id == NSG
    attach(client, OTHER_NSG)
    assert client.network_security_groups.get(GROUP, "nsg").subnets is None
    assert [one.id for one in client.network_security_groups.get(GROUP, "other").subnets] == [SUBNET]


def test_attaching_keeps_what_else_a_subnet_and_its_neighbours_have(client: NetworkManagementClient) -> None:
    body = client.subnets.get(GROUP, "vnet", "mail")
    body.service_endpoints = [{"service": "Microsoft.Storage"}]
    client.subnets.begin_create_or_update(GROUP, "vnet", "mail", body).result()
    attach(client, NSG)
    found = client.virtual_networks.get(GROUP, "vnet")
    assert [(one.name, one.address_prefix) for one in found.subnets] == [("mail", "10.0.0.0/24"), ("empty", "10.0.1.0/24")]
    assert [one.service for one in found.subnets[0].service_endpoints] == ["Microsoft.Storage"]


def test_a_group_in_use_is_not_deleted_until_it_is_detached(client: NetworkManagementClient) -> None:
    attach(client, NSG)
    with pytest.raises(HttpResponseError) as refused:
        client.network_security_groups.begin_delete(GROUP, "nsg")
    assert (refused.value.status_code, error_of(refused).code) == (400, "InUseNetworkSecurityGroupCannotBeDeleted")
    assert error_of(refused).message == (
        f"Network security group {NSG} cannot be deleted because it is in use by the following resources: {SUBNET}. "
        "In order to delete the Network security group, remove the association with the resource(s). "
        "To learn how to do this, see aka.ms/deletensg."
    )
    attach(client, None)
    client.network_security_groups.begin_delete(GROUP, "nsg").result()


def test_a_reference_to_what_is_not_there_or_elsewhere_is_refused(
    client: NetworkManagementClient, arm_emulator: ArmEmulator
) -> None:
    remote = path("networkSecurityGroups", "far")
    arm_emulator.send("PUT", remote, nsg(location="northeurope"))
    for wrong in (
        path("networkSecurityGroups", "absent"),
        remote,
        ASG,
        path("networkSecurityGroups", "nsg", group="rg-none"),
    ):
        with pytest.raises(HttpResponseError) as refused:
            attach(client, wrong)
        assert error_of(refused).code == "InvalidResourceReference"
        assert error_of(refused).message == (
            f"Resource {wrong} referenced by resource {SUBNET} was not found. Please make sure that the referenced "
            "resource exists, and that both resources are in the same region."
        )
    with pytest.raises(HttpResponseError, match="LinkedInvalidPropertyId"):
        attach(client, "nsg")
    body = interface(f"{NETWORK}/subnets/absent")
    with pytest.raises(HttpResponseError, match="InvalidResourceReference"):
        client.network_interfaces.begin_create_or_update(GROUP, "nic", body)


def test_rules_name_application_security_groups_that_are_there(client: NetworkManagementClient) -> None:
    named = rule(sourceAddressPrefix=None, sourceApplicationSecurityGroups=[{"id": ASG}])
    made = client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(named)).result()
    (found,) = made.security_rules
    assert [one.id for one in found.source_application_security_groups] == [ASG]
    assert found.source_address_prefixes == []
    absent = rule(sourceAddressPrefix=None, sourceApplicationSecurityGroups=[{"id": f"{ASG}-absent"}])
    both = rule(sourceApplicationSecurityGroups=[{"id": ASG}])
    with pytest.raises(
        HttpResponseError, match=f"Resource {ASG}-absent referenced by resource {NSG}/securityRules/mail-in"
    ):
        client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(absent))
    with pytest.raises(HttpResponseError, match="SecurityRuleParametersMutuallyExclusive"):
        client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(both))


def test_an_application_security_group_is_held_by_its_members_and_by_rules(client: NetworkManagementClient) -> None:
    body = interface(SUBNET, application_groups=(ASG,))
    client.network_interfaces.begin_create_or_update(GROUP, "nic", body).result()
    named = rule(destinationAddressPrefix=None, destinationApplicationSecurityGroups=[{"id": ASG}])
    client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(named)).result()
    groups = client.application_security_groups
    with pytest.raises(HttpResponseError, match=r"referenced by IpConfiguration\(s\) primary"):
        groups.begin_delete(GROUP, "asg-mail")
    client.network_interfaces.begin_delete(GROUP, "nic").result()
    with pytest.raises(HttpResponseError, match=r"referenced by SecurityRule\(s\) mail-in"):
        groups.begin_delete(GROUP, "asg-mail")
    client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg()).result()
    groups.begin_delete(GROUP, "asg-mail").result()
    assert list(groups.list_all()) == []


def test_a_rule_cannot_name_groups_with_members_in_two_networks(client: NetworkManagementClient) -> None:
    other = path("applicationSecurityGroups", "asg-other")
    client.application_security_groups.begin_create_or_update(GROUP, "asg-other", {"location": LOCATION}).result()
    client.virtual_networks.begin_create_or_update(GROUP, "second", network(mail=None)).result()
    for name, subnet, group in (
        ("nic-1", SUBNET, ASG),
        ("nic-2", path("virtualNetworks", "second/subnets/mail"), other),
    ):
        body = interface(subnet, application_groups=(group,))
        client.network_interfaces.begin_create_or_update(GROUP, name, body).result()
    both = rule(sourceAddressPrefix=None, sourceApplicationSecurityGroups=[{"id": ASG}, {"id": other}])
    with pytest.raises(HttpResponseError, match="AllApplicationSecurityGroupsInSecurityRuleMustBeFromSameVnet"):
        client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(both))


def test_application_security_groups_are_counted_by_side_and_by_group() -> None:
    limits = Limits(application_security_groups_per_side=2, application_security_groups_per_group=3)
    with ArmEmulator(resource_groups={GROUP: LOCATION}, limits=limits) as emulator:
        groups = [path("applicationSecurityGroups", f"asg-{number}") for number in range(4)]
        for group in groups:
            assert emulator.send("PUT", group, {"location": LOCATION}).status == 201

        def named(name: str, priority: int, *ids: str) -> dict[str, object]:
            members = [{"id": one} for one in ids]
            return rule(name, priority=priority, sourceAddressPrefix=None, sourceApplicationSecurityGroups=members)

        refused = emulator.send("PUT", NSG, nsg(named("one", 100, *groups[:3]))).body["error"]
        assert refused["code"] == "NumberOfApplicationSecurityGroupsReferencedInSecurityRuleLimitReached"
        assert "The requested configuration has 3 in the SourceApplicationSecurityGroups field." in refused["message"]
        refused = emulator.send("PUT", NSG, nsg(named("one", 100, *groups[:2]), named("two", 101, *groups[2:])))
        assert "LimitReached" in refused.body["error"]["code"]
        assert emulator.send("PUT", NSG, nsg(named("one", 100, *groups[:2]), named("two", 101, groups[2]))).status == 201


def test_a_subnet_with_interfaces_in_it_is_not_deleted(client: NetworkManagementClient) -> None:
    client.network_interfaces.begin_create_or_update(GROUP, "nic", interface(SUBNET)).result()
    assert len(client.subnets.get(GROUP, "vnet", "mail").ip_configurations) == 1
    for call in (
        lambda: client.subnets.begin_delete(GROUP, "vnet", "mail"),
        lambda: client.virtual_networks.begin_delete(GROUP, "vnet"),
        lambda: client.virtual_networks.begin_create_or_update(GROUP, "vnet", network(empty=None)),
    ):
        with pytest.raises(HttpResponseError, match="InUseSubnetCannotBeDeleted"):
            call()
    client.subnets.begin_delete(GROUP, "vnet", "empty").result()
    client.network_interfaces.begin_delete(GROUP, "nic").result()
    client.virtual_networks.begin_delete(GROUP, "vnet").result()


def test_a_network_written_without_subnets_keeps_them(client: NetworkManagementClient) -> None:
    body = network()
    del body["properties"]["subnets"]
    made = client.virtual_networks.begin_create_or_update(GROUP, "vnet", body).result()
    assert [one.name for one in made.subnets] == ["mail", "empty"]


def test_a_resource_group_goes_with_all_that_is_in_it_unless_others_need_that(
    client: NetworkManagementClient, arm_emulator: ArmEmulator
) -> None:
    arm_emulator.add_resource_group("rg-far", LOCATION)
    remote = path("virtualNetworks", "vnet", group="rg-far")
    arm_emulator.send("PUT", remote, network(mail=NSG))
    group = path("", group=GROUP).partition("/providers")[0]
    assert arm_emulator.send("DELETE", group).body["error"]["code"] == "ResourceGroupDeletionBlocked"
    assert arm_emulator.send("DELETE", remote).status == 202
    assert arm_emulator.send("DELETE", group).status == 200
    assert arm_emulator.snapshot() == {}
    with pytest.raises(HttpResponseError, match="ResourceGroupNotFound"):
        client.network_security_groups.get(GROUP, "nsg")
