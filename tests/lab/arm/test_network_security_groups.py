"""Network security groups and their rules, through the SDK that its users have."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network.models import NetworkSecurityGroup, SecurityRule
from support.arm import GROUP, LOCATION, nsg, rule, rules

from esacloud.lab.arm import ArmEmulator


def test_a_group_made_by_the_sdk_reads_back_with_its_rules(arm_client: NetworkManagementClient) -> None:
    desired = SecurityRule(
        name="mail-in",
        protocol="Tcp",
        access="Allow",
        direction="Inbound",
        priority=100,
        source_port_range="*",
        destination_port_ranges=["25", "465-587"],
        source_address_prefixes=["192.0.2.0/24", "198.51.100.7"],
        destination_address_prefix="*",
        description="rows 1 and 2",
    )
    body = NetworkSecurityGroup(location="West Europe", tags={"made-by": "a test"}, security_rules=[desired])
    made = arm_client.network_security_groups.begin_create_or_update(GROUP, "nsg-data1", body).result()
    read = arm_client.network_security_groups.get(GROUP, "nsg-data1")
    assert read.as_dict() == made.as_dict()
    assert (read.location, read.tags, read.provisioning_state) == (LOCATION, {"made-by": "a test"}, "Succeeded")
    (found,) = read.security_rules
    assert found.destination_port_ranges == ["25", "465-587"]
    assert found.destination_port_range is None
    assert found.source_address_prefixes == ["192.0.2.0/24", "198.51.100.7"]
    assert (found.name, found.description, found.priority) == ("mail-in", "rows 1 and 2", 100)
    assert found.id == f"{read.id}/securityRules/mail-in"


def test_a_new_group_has_the_six_default_rules_and_no_others(arm_client: NetworkManagementClient) -> None:
    made = arm_client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg()).result()
    assert made.security_rules == []
    assert [
        (rule.direction, rule.priority, rule.access, rule.source_address_prefix, rule.destination_address_prefix)
        for rule in made.default_security_rules
    ] == [
        ("Inbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("Inbound", 65001, "Allow", "AzureLoadBalancer", "*"),
        ("Inbound", 65500, "Deny", "*", "*"),
        ("Outbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("Outbound", 65001, "Allow", "*", "Internet"),
        ("Outbound", 65500, "Deny", "*", "*"),
    ]
    listed = list(arm_client.default_security_rules.list(GROUP, "nsg"))
    assert [one.as_dict() for one in listed] == [one.as_dict() for one in made.default_security_rules]
    assert arm_client.default_security_rules.get(GROUP, "nsg", "denyallinbound").priority == 65500


def test_writing_a_group_again_replaces_all_of_its_rules_and_tags(arm_client: NetworkManagementClient) -> None:
    groups = arm_client.network_security_groups
    first = groups.begin_create_or_update(GROUP, "nsg", nsg(*rules(3), tags={"a": "b"})).result()
    second = groups.begin_create_or_update(GROUP, "NSG", nsg(rule("other"))).result()
    assert [one.name for one in second.security_rules] == ["other"]
    assert second.tags is None
    assert (second.id, second.resource_guid) == (first.id, first.resource_guid)
    assert second.etag != first.etag


def test_two_rules_swap_their_priorities_in_one_write(arm_client: NetworkManagementClient) -> None:
    groups = arm_client.network_security_groups
    groups.begin_create_or_update(GROUP, "nsg", nsg(rule("one", priority=100), rule("two", priority=101))).result()
    swapped = nsg(rule("one", priority=101), rule("two", priority=100))
    made = groups.begin_create_or_update(GROUP, "nsg", swapped).result()
    assert {one.name: one.priority for one in made.security_rules} == {"one": 101, "two": 100}


def test_a_rule_can_be_written_read_listed_and_deleted_by_itself(arm_client: NetworkManagementClient) -> None:
    group = arm_client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(rule("one"))).result()
    body = {"properties": rule(priority=200)["properties"]}
    made = arm_client.security_rules.begin_create_or_update(GROUP, "nsg", "two", body).result()
    assert (made.name, made.priority, made.provisioning_state) == ("two", 200, "Succeeded")
    after = arm_client.network_security_groups.get(GROUP, "nsg")
    assert after.etag == made.etag != group.etag
    assert [one.name for one in arm_client.security_rules.list(GROUP, "nsg")] == ["one", "two"]
    arm_client.security_rules.begin_delete(GROUP, "nsg", "one").result()
    assert [one.name for one in arm_client.network_security_groups.get(GROUP, "nsg").security_rules] == ["two"]
    with pytest.raises(ResourceNotFoundError, match="NotFound"):
        arm_client.security_rules.get(GROUP, "nsg", "one")


def test_a_rule_that_is_written_again_keeps_its_place_and_name(arm_client: NetworkManagementClient) -> None:
    arm_client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(*rules(3))).result()
    body = {"properties": rule(priority=101, access="Deny")["properties"]}
    arm_client.security_rules.begin_create_or_update(GROUP, "nsg", "RULE-1", body).result()
    found = list(arm_client.security_rules.list(GROUP, "nsg"))
    assert [(one.name, one.access) for one in found] == [("rule-0", "Allow"), ("rule-1", "Deny"), ("rule-2", "Allow")]


def test_writes_answer_201_then_200_and_deletes_202_then_204(
    arm_client: NetworkManagementClient, arm_emulator: ArmEmulator
) -> None:
    groups = arm_client.network_security_groups
    for _ in range(2):
        groups.begin_create_or_update(GROUP, "nsg", nsg()).result()
    for _ in range(2):
        groups.begin_delete(GROUP, "nsg").result()
    writes = [(call.method, call.status) for call in arm_emulator.calls if call.is_about_state and call.method != "GET"]
    assert writes == [("PUT", 201), ("PUT", 200), ("DELETE", 202), ("DELETE", 204)]
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        groups.get(GROUP, "nsg")


def test_tags_are_replaced_without_touching_rules(arm_client: NetworkManagementClient) -> None:
    groups = arm_client.network_security_groups
    groups.begin_create_or_update(GROUP, "nsg", nsg(rule(), tags={"old": "1"})).result()
    patched = groups.update_tags(GROUP, "nsg", {"tags": {"new": "2"}})
    assert patched.tags == {"new": "2"}
    assert [one.name for one in groups.get(GROUP, "nsg").security_rules] == ["mail-in"]


def test_lists_come_in_pages_and_by_resource_group() -> None:
    with ArmEmulator(resource_groups={GROUP: LOCATION, "rg-other": LOCATION}, page_size=2) as emulator:
        client = emulator.client()
        for number in range(5):
            group = GROUP if number else "rg-other"
            client.network_security_groups.begin_create_or_update(group, f"nsg-{number}", nsg()).result()
        assert [one.name for one in client.network_security_groups.list(GROUP)] == ["nsg-1", "nsg-2", "nsg-3", "nsg-4"]
        assert len(list(client.network_security_groups.list_all())) == 5
        pages = [call for call in emulator.calls if call.path.endswith("networkSecurityGroups")]
        assert len(pages) == 2 + 3


def test_a_group_of_a_thousand_rules_is_accepted(arm_client: NetworkManagementClient) -> None:
    made = arm_client.network_security_groups.begin_create_or_update(GROUP, "nsg", nsg(*rules(1000))).result()
    assert len(made.security_rules) == 1000
