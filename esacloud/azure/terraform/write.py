"""The Terraform module of a deployment's network security groups, as the JSON documents of its four files.

What differs between modules is in `locals`, as the tables `groups` and `security_rules`, with one row for each group or
rule. Everything else is the same in every module, and is in the folder `module` beside this file. Rules are inline: the
provider then sees rules that others added, and swaps priorities in one request, which rules as resources of their own
cannot. Terraform requires each of the 16 attributes of an inline rule in JSON. See docs/azure.md.

The resources that write the same object, and what keeps them apart. The provider's locks are in its process only, and no
request has an If-Match. Read in azurerm 4.0.0, 4.81.0, 5.0.0 and 5.2.0, services/network and services/firewall of
https://github.com/hashicorp/terraform-provider-azurerm/tree/v5.2.0/internal/services

- A network interface: both kinds of association read it whole, change it and write it back. Up to 4.81 both lock its name.
  Since 5.0 (pull 32847) that of the network security group locks its ID, and all others still its name, so that they run
  side by side and one write is lost; pull 32939, open in August 2026, reverts that. Hence `depends_on`. Terraform destroys
  in the reverse order, and creates an association of `this` only after it deletes those of `members`.
- A subnet: its association reads and writes it under a lock on the virtual network, as subnets themselves and the
  associations of route tables and NAT gateways do; all of them by name up to 4.81, by ID since 5.0.
- A network security group: rules are inline, so that only one resource writes it; associations only lock it.
- An application security group: only one resource writes it.
- A firewall policy (firewall.py): a rule collection group is an object of its own and locks the policy by name, as the
  policy's own resource does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from esacloud.azure.arm_rules import one_or_many
from esacloud.azure.firewall import FIREWALL
from esacloud.azure.firewall import document as firewall_document
from esacloud.azure.model import NetworkSecurityGroup, NetworkSecurityGroups, SecurityRule
from esacloud.deployment.model import Deployment
from esacloud.json_files import read_beside
from esacloud.policy.lowered import Document, Lowered
from esacloud.terraform.syntax import literal

MAIN, VARIABLES, OUTPUTS, VERSIONS = "main.tf.json", "variables.tf.json", "outputs.tf.json", "versions.tf.json"
TABLES = ("groups", "security_rules")
LONGEST_PREFIX = 60  # of the 80 characters of a group's name; the interface follows
_not_in_a_prefix = re.compile(r"[^A-Za-z0-9_.-]+")

_MAIN, _VARIABLES, OUTPUTS_DOCUMENT, VERSIONS_DOCUMENT = (
    read_beside(__file__, f"module/{name}") for name in (MAIN, VARIABLES, OUTPUTS, VERSIONS)
)
SETTINGS = {  # variable -> the setting of `cloud.azure` that is its default
    "resource_group_name": "resource_group",
    "location": "location",
    "subscription_id": "subscription",
    "name_prefix": "name_prefix",
}


def documents(lowered: Lowered, deployment: Deployment) -> dict[str, Document]:
    """The module's documents by file name. Variables default to what the deployment file says."""
    native: NetworkSecurityGroups = lowered.native
    matching = firewall_document(lowered.policy, deployment)
    return {
        MAIN: main_document(deployment.name, native.tags, tables(native.groups)),
        VARIABLES: variables_document(
            deployment.clouds["azure"].values, deployment.name, [group.interface for group in native.groups]
        ),
        OUTPUTS: OUTPUTS_DOCUMENT,
        VERSIONS: VERSIONS_DOCUMENT,
        **({} if matching is None else {FIREWALL: matching}),
    }


def default_prefix(deployment: str) -> str:
    """The prefix of names where the file has none: the deployment's name and a hyphen, in characters that Azure accepts."""
    start = _not_in_a_prefix.sub("-", deployment).lstrip("_.-")
    return f"{start[: LONGEST_PREFIX - 1] or 'esacloud'}-"


def tables(groups: Sequence[NetworkSecurityGroup]) -> dict[str, dict[str, Any]]:
    """The two tables of `locals`."""
    rows = {f"{group.interface}/{rule.name}": _row(group.interface, rule) for group in groups for rule in group.rules}
    return {"groups": groups_table(groups), "security_rules": rows}


def groups_table(groups: Iterable[NetworkSecurityGroup]) -> dict[str, Any]:
    """The first of them."""
    return {group.interface: {"members": group.has_members} for group in groups}


def _row(group: str, rule: SecurityRule) -> dict[str, Any]:
    """One rule in the provider's words: one value in the singular, several in the plural, absent ones omitted."""
    row: dict[str, Any] = {
        "group": group,
        "name": rule.name,
        "priority": rule.priority,
        "direction": rule.direction,
        "access": rule.access,
        "protocol": rule.protocol,
    }
    for side in rule.sides:
        row |= one_or_many(f"{side.name}_port_range", "s", side.ports)
        if side.groups:
            row[f"{side.name}_application_security_groups"] = list(side.groups)
        else:
            row |= one_or_many(f"{side.name}_address_prefix", "es", side.prefixes)
    row["description"] = literal(rule.description)
    row["rows"], row["entries"] = list(rule.rows), list(rule.entries)
    return row


def main_document(deployment: str, tags: Mapping[str, str], rows: Mapping[str, Any]) -> Document:
    """`main.tf.json`, from the deployment's name, its tags, and the two tables."""
    tags = {literal(key): literal(value) for key, value in tags.items()}
    return {**_MAIN, "locals": {"deployment": literal(deployment), "tags": tags, **rows, **_MAIN["locals"]}}


def variables_document(values: Mapping[str, str], deployment: str, interfaces: Sequence[str]) -> Document:
    """`variables.tf.json`; `values` are the settings of `cloud.azure`."""
    variables = {name: dict(variable) for name, variable in _VARIABLES["variable"].items()}
    for name, setting in SETTINGS.items():
        variables[name]["default"] = values.get(setting)
    variables["name_prefix"]["default"] = values.get("name_prefix") or default_prefix(deployment)
    for name in ("subnet_ids", "network_interface_ids"):
        variables[name]["validation"] = _validation(name, tuple(interfaces))
    return {"variable": variables}


@lru_cache(maxsize=256)
def _validation(variable: str, interfaces: tuple[str, ...]) -> Document:
    """The check of a variable's keys, which are interfaces of the gateway."""
    validation = _VARIABLES["variable"][variable]["validation"]
    return {
        "condition": validation["condition"].replace("INTERFACES", json.dumps(interfaces)),
        "error_message": validation["error_message"].replace("INTERFACES", ", ".join(interfaces)),
    }
