"""The Terraform module of a deployment's network security groups, as the JSON documents of its four files.

What differs from module to module stands in `locals`, as the tables `groups` and `security_rules`, one row a group or
rule. Everything else is the same in every module, so that a reader has to understand it once. Rules are inline: the
provider then sees rules that others added, and swaps priorities in one request, which rules as resources of their own
cannot. Terraform wants each of the 16 attributes of an inline rule spelled out in JSON. See docs/azure.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from esacloud.azure.dialect import NAME_PREFIX
from esacloud.azure.firewall import FIREWALL
from esacloud.azure.firewall import document as firewall_document
from esacloud.azure.model import NetworkSecurityGroup, NetworkSecurityGroups, SecurityRule
from esacloud.deployment.model import Deployment
from esacloud.policy.lowered import Document, Lowered
from esacloud.terraform.syntax import literal

MAIN, VARIABLES, OUTPUTS, VERSIONS = "main.tf.json", "variables.tf.json", "outputs.tf.json", "versions.tf.json"
TABLES = ("groups", "security_rules")
LONGEST_PREFIX = 60  # of the 80 characters of a group's name; the interface follows
_not_in_a_prefix = re.compile(r"[^A-Za-z0-9_.-]+")

COMMENT = [
    "Network security groups made by esacloud from a port catalogue and a deployment file. Change that file, not this one.",
    "Every rule is a row of security_rules; its rows and entries say which rows of the vendor's table ask for it.",
    "The rules of a group change together, in one request. A rule keeps its name and its priority when others come and go.",
    "Azure knows rules as a set, so a plan shows a changed rule as one removed and one added; nothing happens in between.",
    "depends_on: of two associations of a network interface written at the same time, version 5 of the provider loses one.",
    'Version 4 of the provider wants `provider "azurerm" { features {} }` in the configuration that calls this module.',
]


def documents(lowered: Lowered, deployment: Deployment) -> dict[str, Document]:
    """The module's documents by file name. Variables default to what the deployment file says."""
    native: NetworkSecurityGroups = lowered.native
    values = deployment.clouds["azure"].values
    interfaces = [group.interface for group in native.groups]
    return {
        MAIN: main_document(deployment.name, native.tags, tables(native.groups)),
        VARIABLES: variables_document(values, values.get("name_prefix") or default_prefix(deployment.name), interfaces),
        OUTPUTS: OUTPUTS_DOCUMENT,
        VERSIONS: VERSIONS_DOCUMENT,
        **({FIREWALL: matching} if (matching := firewall_document(lowered.policy, deployment)) else {}),
    }


def default_prefix(deployment: str) -> str:
    """What names start with where nobody says: the deployment's name and a hyphen, in the characters that Azure takes."""
    start = _not_in_a_prefix.sub("-", deployment).lstrip("_.-")
    return f"{start[: LONGEST_PREFIX - 1] or 'esacloud'}-"


def tables(groups: Sequence[NetworkSecurityGroup]) -> dict[str, dict[str, Any]]:
    """The two tables of `locals`."""
    rows = {}
    for group in groups:
        for rule in group.rules:
            rows[f"{group.interface}/{rule.name}"] = row(group.interface, rule)
    return {"groups": groups_table(groups), "security_rules": rows}


def groups_table(groups: Iterable[NetworkSecurityGroup]) -> dict[str, Any]:
    """The first of them."""
    return {group.interface: {"members": group.has_members} for group in groups}


def row(group: str, rule: SecurityRule) -> dict[str, Any]:
    """One rule in the provider's words: one value in the singular, several in the plural, what is absent left out."""
    made: dict[str, Any] = {
        "group": group,
        "name": rule.name,
        "priority": rule.priority,
        "direction": rule.direction,
        "access": rule.access,
        "protocol": rule.protocol,
    }
    _put(made, "source_port_range", rule.source_port_ranges)
    if rule.source_application_security_groups:
        made["source_application_security_groups"] = list(rule.source_application_security_groups)
    else:
        _put(made, "source_address_prefix", rule.source_address_prefixes, "es")
    _put(made, "destination_port_range", rule.destination_port_ranges)
    if rule.destination_application_security_groups:
        made["destination_application_security_groups"] = list(rule.destination_application_security_groups)
    else:
        _put(made, "destination_address_prefix", rule.destination_address_prefixes, "es")
    made["description"] = literal(rule.description)
    made["rows"], made["entries"] = list(rule.rows), list(rule.entries)
    return made


def _put(made: dict[str, Any], key: str, values: Sequence[str], plural: str = "s") -> None:
    if len(values) == 1:
        made[key] = values[0]
    else:
        made[key + plural] = list(values)


def main_document(deployment: str, tags: Mapping[str, str], rows: Mapping[str, Any]) -> Document:
    """`main.tf.json`, from the deployment's name, its tags, and the two tables."""
    return {
        "//": COMMENT,
        "locals": {
            "deployment": literal(deployment),
            "tags": {literal(key): literal(value) for key, value in tags.items()},
            **rows,
            "subnets": _flattened("subnet_ids"),
            "network_interfaces": _flattened("network_interface_ids"),
        },
        "resource": RESOURCES,
    }


def _flattened(variable: str) -> str:
    return (
        f"${{merge([for interface, ids in var.{variable} :"
        ' {for name, id in ids : "${interface}/${name}" => {interface = interface, id = id}}]...)}'
    )


def _application_security_groups(side: str) -> str:
    return (
        f"[for group in try(rule.value.{side}_application_security_groups, []) :"
        ' group == "self" ? azurerm_application_security_group.members[each.key].id :'
        ' startswith(group, "/") ? group :'
        ' "/subscriptions/${var.subscription_id}/resourceGroups/${var.resource_group_name}'
        '/providers/Microsoft.Network/applicationSecurityGroups/${group}"]'
    )


_SIXTEEN = {
    **{name: f"rule.value.{name}" for name in ("name", "priority", "direction", "access", "protocol", "description")},
    **{
        f"{side}_{message}": f"try(rule.value.{side}_{message}, null)"
        for side in ("source", "destination")
        for message in ("port_range", "port_ranges", "address_prefix", "address_prefixes")
    },
    **{f"{side}_application_security_group_ids": _application_security_groups(side) for side in ("source", "destination")},
}
_PLACE = {"resource_group_name": "${var.resource_group_name}", "location": "${var.location}"}
_SECURITY_GROUP_ASSOCIATION = "azurerm_network_interface_security_group_association"
_TAGS = '${merge(local.tags, var.tags, {"esacloud:deployment" = local.deployment, "esacloud:interface" = each.key})}'

# Which of these resources write the same object, and what keeps them apart. The provider's locks live in its process alone,
# and no request has an If-Match. Read in azurerm 4.0.0, 4.81.0, 5.0.0 and 5.2.0, services/network and services/firewall of
# https://github.com/hashicorp/terraform-provider-azurerm/tree/v5.2.0/internal/services
# - A network interface: both kinds of association read it whole, change it and write it back. Up to 4.81 both lock its
#   name. Since 5.0 (pull 32847) that of the network security group locks its id, and all others still its name, so that
#   they run side by side and one write is lost; pull 32939, open in August 2026, takes that back. Hence `depends_on`.
#   Terraform destroys in the reverse order, and makes an association of `this` only after those of `members` that go.
# - A subnet: its association reads and writes it under a lock on the virtual network, as subnets themselves and the
#   associations of route tables and NAT gateways do; all of them by name up to 4.81, by id since 5.0.
# - A network security group: rules are inline, so that one resource alone writes it; associations only lock it.
# - An application security group: one resource alone writes it.
# - A firewall policy (firewall.py): a rule collection group is an object of its own and locks the policy by name, as the
#   policy's own resource does.
RESOURCES: Document = {
    "azurerm_network_security_group": {
        "this": {
            "for_each": "${local.groups}",
            "name": "${var.name_prefix}${each.key}",
            **_PLACE,
            "dynamic": {
                "security_rule": {
                    "for_each": "${[for rule in local.security_rules : rule if rule.group == each.key]}",
                    "iterator": "rule",
                    "content": {name: f"${{{value}}}" for name, value in _SIXTEEN.items()},
                }
            },
            "tags": _TAGS,
            "lifecycle": {"create_before_destroy": True},
        }
    },
    "azurerm_application_security_group": {
        "members": {
            "for_each": "${{for name, group in local.groups : name => group if group.members}}",
            "name": "${var.name_prefix}${each.key}-members",
            **_PLACE,
            "tags": _TAGS,
            "lifecycle": {"create_before_destroy": True},
        }
    },
    "azurerm_subnet_network_security_group_association": {
        "this": {
            "for_each": "${local.subnets}",
            "subnet_id": "${each.value.id}",
            "network_security_group_id": "${azurerm_network_security_group.this[each.value.interface].id}",
        }
    },
    _SECURITY_GROUP_ASSOCIATION: {
        "this": {
            "for_each": "${local.network_interfaces}",
            "network_interface_id": "${each.value.id}",
            "network_security_group_id": "${azurerm_network_security_group.this[each.value.interface].id}",
        }
    },
    "azurerm_network_interface_application_security_group_association": {
        "members": {
            "for_each": "${{for key, nic in local.network_interfaces : key => nic if local.groups[nic.interface].members}}",
            "network_interface_id": "${each.value.id}",
            "application_security_group_id": "${azurerm_application_security_group.members[each.value.interface].id}",
            "depends_on": [f"{_SECURITY_GROUP_ASSOCIATION}.this"],
        }
    },
}


def variables_document(values: Mapping[str, str], name_prefix: str, interfaces: Sequence[str]) -> Document:
    """`variables.tf.json`; `values` are the settings of `cloud.azure`."""
    return {
        "variable": {
            "resource_group_name": {
                "description": "The resource group in which everything is made.",
                "type": "string",
                "default": values["resource_group"],
                "nullable": False,
            },
            "location": {
                "description": "The region in which everything is made.",
                "type": "string",
                "default": values["location"],
                "nullable": False,
            },
            "subscription_id": {
                "description": "The subscription of application security groups that rules name without their id.",
                "type": "string",
                "default": values.get("subscription"),
            },
            "name_prefix": {
                "description": "How the names of all resources start; the interface follows.",
                "type": "string",
                "default": name_prefix,
                "nullable": False,
                "validation": {
                    "condition": f'${{can(regex("^{NAME_PREFIX}$", var.name_prefix))}}',
                    "error_message": f"name_prefix must have at most {LONGEST_PREFIX} letters, digits, hyphens,"
                    " underscores and full stops, a letter or digit first.",
                },
            },
            "tags": {
                "description": "Tags of all resources, beside those of the deployment file.",
                "type": "map(string)",
                "default": {},
                "nullable": False,
            },
            "subnet_ids": _ids("subnet_ids", "Subnets", tuple(interfaces)),
            "network_interface_ids": _ids("network_interface_ids", "Network interfaces", tuple(interfaces)),
        }
    }


@lru_cache(maxsize=256)
def _ids(variable: str, message: str, interfaces: tuple[str, ...]) -> Document:
    """A variable for what gets the group of an interface: interface -> a name of the user's own -> id."""
    known = json.dumps(interfaces)
    return {
        "description": f"{message} that get the network security group of an interface, by interface of the gateway and a"
        " name of your own: {data1 = {first = id}}.",
        "type": "map(map(string))",
        "default": {},
        "nullable": False,
        "validation": {
            "condition": f"${{alltrue([for interface in keys(var.{variable}) : contains({known}, interface)])}}",
            "error_message": f"{variable} has a key that is no interface of this gateway: {', '.join(interfaces)}.",
        },
    }


OUTPUTS_DOCUMENT: Document = {
    "output": {
        "network_security_group_ids": {
            "description": "The ids of the network security groups by interface of the gateway.",
            "value": "${{for name, group in azurerm_network_security_group.this : name => group.id}}",
        },
        "application_security_group_ids": {
            "description": "The groups that stand for `self`, by interface: its members' network interfaces have to join.",
            "value": "${{for name, group in azurerm_application_security_group.members : name => group.id}}",
        },
        "rules": {
            "description": "Every rule, with the rows of the vendor's table behind it.",
            "value": "${local.security_rules}",
        },
    }
}

VERSIONS_DOCUMENT: Document = {
    "terraform": {
        "required_version": ">= 1.3.0",
        "required_providers": {"azurerm": {"source": "hashicorp/azurerm", "version": ">= 4.0.0, < 6.0.0"}},
    }
}
