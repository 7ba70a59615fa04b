"""Network security groups: their rules, the six default rules, and what they are attached to.

Read: conflicts (https://github.com/hashicorp/terraform-provider-azurerm/issues/11137), the limit of rules
(https://github.com/Azure/azure-rest-api-specs/issues/3003), groups from two virtual networks
(https://github.com/Azure/azure-sdk-for-java/issues/34158), and that deleting a group in use is refused with 400, not 409
(https://github.com/hashicorp/terraform-provider-azurerm and https://github.com/coreos/tectonic-installer/issues/1012).
Ours are the codes for two rules of one name, for the limit of addresses, and of application security groups in a group.
"""

from __future__ import annotations

from typing import Any

from esacloud.lab.arm import bodies
from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.default_rules import default_rules
from esacloud.lab.arm.errors import bad_request, unreadable
from esacloud.lab.arm.kinds import Accepted, Draft, Kind, show_child
from esacloud.lab.arm.limits import Limits
from esacloud.lab.arm.paths import check_name
from esacloud.lab.arm.references import find_referenced
from esacloud.lab.arm.rules import SIDES, accept_rule
from esacloud.lab.arm.store import Resource, Store
from esacloud.lab.arm.users import networks_of_members, users_of

RULES, DEFAULT_RULES = "securityRules", "defaultSecurityRules"
_READ_ONLY = (DEFAULT_RULES, "networkInterfaces", "subnets", "flowLogs", "resourceGuid", "provisioningState")


def _accept(store: Store, draft: Draft, body: Body) -> Accepted:
    given = bodies.properties(body, "")
    bodies.known_members(given, (RULES, "flushConnection", *_READ_ONLY), "properties.")
    rules: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(bodies.objects(given, RULES, "properties.")):
        where = f"properties.{RULES}[{index}]."
        bodies.known_members(item, ("name", "id", "type", "etag", "properties"), where)
        name = bodies.text(item, "name", where)
        if not name:
            raise unreadable(f"The name of a security rule is missing. Path '{where}name'.")
        check_name(name)
        if name.lower() in rules:
            raise bad_request(
                "InvalidRequestFormat",
                "Cannot parse the request.",
                ("DuplicateResourceName", f"Resource {draft.id} has two child resources with the same name ({name})."),
            )
        properties = accept_rule(f"{draft.id}/{RULES}/{name}", item, store.limits, where)
        rules[name.lower()] = {"name": name, "properties": properties}
    children = list(rules.values())
    _check_conflicts(children)
    _check_limits(children, store.limits)
    for rule in children:
        _check_groups(store, draft, rule)
    flush = given.get("flushConnection")
    return Accepted({} if flush is None else {"flushConnection": bool(flush)}, children)


def _check_conflicts(rules: list[dict[str, Any]]) -> None:
    """One priority serves once in each direction."""
    taken: dict[tuple[str, int], str] = {}
    for rule in rules:
        place = rule["properties"]["direction"].lower(), rule["properties"]["priority"]
        other = taken.setdefault(place, rule["name"])
        if other != rule["name"]:
            raise bad_request(
                "SecurityRuleConflict",
                f"Security rule {other} conflicts with rule {rule['name']}. Rules cannot have the same Priority and "
                "Direction. To learn more, see aka.ms/nsgrules.",
            )


def _check_limits(rules: list[dict[str, Any]], limits: Limits) -> None:
    if len(rules) > limits.rules_per_group:
        raise bad_request(
            "SecurityRuleCountLimitReached",
            f"A security group cannot have more than {limits.rules_per_group} security rules.",
        )
    for side in SIDES:
        addresses = sum(len(rule["properties"][f"{side}AddressPrefixes"]) or 1 for rule in rules)
        if addresses > limits.addresses_per_group:
            raise bad_request(
                "SecurityRuleAddressPrefixLimitReached",
                f"A security group cannot have more than {limits.addresses_per_group} {side} address prefixes.",
            )
    groups = {group.lower() for rule in rules for group in _groups_in(rule)}
    if len(groups) > limits.application_security_groups_per_group:
        raise bad_request(
            "NumberOfApplicationSecurityGroupsReferencedInNetworkSecurityGroupLimitReached",
            f"A security group cannot refer to more than {limits.application_security_groups_per_group} application "
            "security groups.",
        )


def _groups_in(rule: dict[str, Any]) -> list[str]:
    members = (rule["properties"].get(f"{side}ApplicationSecurityGroups") or () for side in SIDES)
    return [reference["id"] for references in members for reference in references]


def _check_groups(store: Store, draft: Draft, rule: dict[str, Any]) -> None:
    """The application security groups of a rule: there, in the region, their members in one virtual network."""
    rule_id = f"{draft.id}/{RULES}/{rule['name']}"
    networks: set[str] = set()
    for group in _groups_in(rule):
        found = find_referenced(store, group, "applicationSecurityGroups", by=rule_id, location=draft.location)
        networks |= networks_of_members(store, found)
    if len(networks) > 1:
        raise bad_request(
            "AllApplicationSecurityGroupsInSecurityRuleMustBeFromSameVnet",
            f"Security Rule {rule_id} has Application Security Groups (ASGs) from multiple virtual networks "
            f"({', '.join(sorted(networks))}). All ASGs on the Security Rule must be from the same virtual network.",
        )


def _show(store: Store, resource: Resource) -> dict[str, Any]:
    subnets, interfaces = users_of(store, resource)
    shown: dict[str, Any] = {
        **resource.properties,
        RULES: [show_child(resource, RULES, rule) for rule in resource.children],
        DEFAULT_RULES: [show_child(resource, DEFAULT_RULES, rule) for rule in default_rules()],
    }
    if interfaces:
        shown["networkInterfaces"] = [{"id": user} for user in interfaces]
    if subnets:
        shown["subnets"] = [{"id": user} for user in subnets]
    return shown


def _refuse_delete(store: Store, resource: Resource) -> None:
    subnets, interfaces = users_of(store, resource)
    if subnets or interfaces:
        raise bad_request(
            "InUseNetworkSecurityGroupCannotBeDeleted",
            f"Network security group {resource.id} cannot be deleted because it is in use by the following resources: "
            f"{', '.join([*subnets, *interfaces])}. In order to delete the Network security group, remove the association "
            "with the resource(s). To learn how to do this, see aka.ms/deletensg.",
        )


KIND = Kind("networkSecurityGroups", _accept, _show, _refuse_delete, RULES, limit=lambda store: store.limits.groups)
