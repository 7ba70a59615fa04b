"""The Terraform module of a deployment's security groups, as the JSON documents of its four files.

What differs between modules is in `locals`, as tables with one row for each group or rule: `groups`, `ingress_rules`,
`egress_rules`. Everything else is the same in every module, and is in the folder `module` beside this file. Rules are
resources of their own, keyed by the rule's content; a group has no inline rules, so that the provider removes the egress
rule that EC2 gives to every new group. docs/terraform-module.md gives the reason for each argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.aws import firewall
from esacloud.aws.model import SecurityGroupRule, SecurityGroups
from esacloud.deployment.model import Deployment
from esacloud.json_files import read_beside
from esacloud.packets.sets import Direction
from esacloud.policy.lowered import Document, Lowered
from esacloud.terraform.syntax import literal

MAIN, VARIABLES, OUTPUTS, VERSIONS = "main.tf.json", "variables.tf.json", "outputs.tf.json", "versions.tf.json"
TABLES = ("groups", "ingress_rules", "egress_rules")
SELF = "referenced_group"  # the row's key for a rule whose remote is a group of the module itself

# A group's name may have 255 characters; the provider appends 26 of its own to a name_prefix
# (hashicorp/aws 5.100.0, aws_security_group.name_prefix: at most 229). Prefix, group and a hyphen share them.
# The condition of var.name_prefix has the same number.
LONGEST_PREFIX, LONGEST_GROUP = 128, 100

_MAIN, _VARIABLES = (read_beside(__file__, f"module/{name}") for name in (MAIN, VARIABLES))
COMMENT, RESOURCES = _MAIN["//"], _MAIN["resource"]
OUTPUTS_DOCUMENT: Document = read_beside(__file__, f"module/{OUTPUTS}")


def documents(lowered: Lowered, deployment: Deployment) -> dict[str, Document]:
    """The module's documents by file name. Variables default to what the deployment file says."""
    groups: SecurityGroups = lowered.native
    settings = deployment.clouds["aws"].values
    matching = firewall.document(lowered.policy, deployment)
    return {
        MAIN: main_document(deployment.name, groups.tags, tables(groups)),
        VARIABLES: variables_document(settings.get("vpc"), settings.get("name_prefix") or default_prefix(deployment.name)),
        OUTPUTS: OUTPUTS_DOCUMENT,
        VERSIONS: VERSIONS_DOCUMENT if matching is None else VERSIONS_WITH_FIREWALL,
        **({} if matching is None else {firewall.FIREWALL: matching}),
    }


def default_prefix(deployment: str) -> str:
    """The prefix of group names where the file has none."""
    return f"{deployment[: LONGEST_PREFIX - 1]}-"


def tables(groups: SecurityGroups) -> dict[str, dict[str, Any]]:
    """The three tables of `locals`. Raises ValueError where two groups or two rules of one direction share a key."""
    first_of: dict[str, str] = {}
    rules: dict[Direction, list[tuple[str, dict[str, Any]]]] = {"ingress": [], "egress": []}
    for group in groups.groups:
        if len(group.name) > LONGEST_GROUP:
            raise ValueError(f"the group name {group.name!r} is longer than {LONGEST_GROUP} characters")
        first = first_of.setdefault(group.interface, group.name)
        for rule in group.rules:
            rules[rule.direction].append((rule.key, _row(group.name, first, rule)))
    return {
        "groups": _unique(
            (group.name, {"interface": group.interface, "description": literal(group.description)})
            for group in groups.groups
        ),
        "ingress_rules": _unique(rules["ingress"]),
        "egress_rules": _unique(rules["egress"]),
    }


def _row(group: str, first_group: str, rule: SecurityGroupRule) -> dict[str, Any]:
    row: dict[str, Any] = {"group": group, "ip_protocol": rule.ip_protocol}
    if rule.from_port is not None:
        row["from_port"], row["to_port"] = rule.from_port, rule.to_port
    if rule.source_kind == "self":
        row[SELF] = first_group
    else:
        row[rule.source_kind] = literal(rule.source)
    row["description"] = literal(rule.description)
    row["rows"], row["entries"] = list(rule.rows), list(rule.entries)
    return row


def _unique(pairs: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise ValueError(f"two rows share the key {key!r}")
        out[literal(key)] = value
    return out


def main_document(deployment: str, tags: Mapping[str, str], rows: Mapping[str, Any]) -> Document:
    """`main.tf.json`, from the deployment's name, its tags, and the three tables."""
    tags = {literal(key): literal(value) for key, value in tags.items()}
    return {
        "//": COMMENT,
        "locals": {"deployment": literal(deployment), "tags": tags, **rows},
        "resource": RESOURCES,
    }


def variables_document(vpc_id: str | None, name_prefix: str) -> Document:
    """`variables.tf.json`. Without a VPC in the deployment file the variable has no default."""
    variables = {name: dict(variable) for name, variable in _VARIABLES["variable"].items()}
    variables["name_prefix"]["default"] = literal(name_prefix)
    if vpc_id is None:
        del variables["vpc_id"]["default"]
    else:
        variables["vpc_id"]["default"] = literal(vpc_id)
    return {"variable": variables}


def _versions(oldest: str) -> Document:
    provider = {"source": "hashicorp/aws", "version": f">= {oldest}, < 7.0.0"}
    return {"terraform": {"required_version": ">= 1.1.0", "required_providers": {"aws": provider}}}


VERSIONS_DOCUMENT = _versions("5.0.0")
VERSIONS_WITH_FIREWALL = _versions("5.60.0")  # https://github.com/hashicorp/terraform-provider-aws/issues/37197
