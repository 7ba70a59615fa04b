"""The Terraform module of a deployment's security groups, as the JSON documents of its four files.

What differs from module to module stands in `locals`, as tables: `groups`, `ingress_rules`, `egress_rules`, one row a
group or rule. Everything else is the same in every module, so that a reader has to understand it once. Rules are resources
of their own, keyed by the rule's content; a group has no inline rules, so that the provider takes away the egress rule
that EC2 gives to every new group. docs/terraform-module.md says why each argument is as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.aws import firewall
from esacloud.aws.model import SecurityGroupRule, SecurityGroups
from esacloud.deployment.model import Deployment
from esacloud.packets.sets import Direction
from esacloud.policy.lowered import Document, Lowered
from esacloud.terraform.syntax import literal

MAIN, VARIABLES, OUTPUTS, VERSIONS = "main.tf.json", "variables.tf.json", "outputs.tf.json", "versions.tf.json"
TABLES = ("groups", "ingress_rules", "egress_rules")
SELF = "referenced_group"  # the row's key for a rule whose remote is a group of the module itself

# A group's name may have 255 characters; the provider appends 26 of its own to a name_prefix
# (hashicorp/aws 5.100.0, aws_security_group.name_prefix: at most 229). Prefix, group and a hyphen share them.
LONGEST_PREFIX, LONGEST_GROUP = 128, 100

COMMENT = [
    "Security groups made by esacloud from a port catalogue and a deployment file. Change that file, not this one.",
    "Every rule is a row of the tables in locals; its rows and entries say which rows of the vendor's table ask for it.",
    "A new or removed rule touches no other rule. Terraform creates and deletes rules at the same time, in no fixed order:"
    " a rule that takes the place of another may come a moment after the other has gone.",
    "A group that has to be replaced is made anew, with its rules, before the old one goes: create_before_destroy.",
]


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
    """The prefix of group names where nobody gives one."""
    return f"{deployment[: LONGEST_PREFIX - 1]}-"


def tables(groups: SecurityGroups) -> dict[str, dict[str, Any]]:
    """The three tables of `locals`. Raises ValueError where two groups or two rules of one direction share a key."""
    first_of: dict[str, str] = {}
    for group in groups.groups:
        first_of.setdefault(group.interface, group.name)
    rules = [(group.name, first_of[group.interface], rule) for group in groups.groups for rule in group.rules]
    made = {
        "groups": _unique(
            (group.name, {"interface": group.interface, "description": literal(group.description)})
            for group in groups.groups
        ),
        "ingress_rules": _rows(rules, "ingress"),
        "egress_rules": _rows(rules, "egress"),
    }
    for name in made["groups"]:
        if len(name) > LONGEST_GROUP:
            raise ValueError(f"the group name {name!r} is longer than {LONGEST_GROUP} characters")
    return made


def _rows(rules: list[tuple[str, str, SecurityGroupRule]], direction: Direction) -> dict[str, Any]:
    return _unique((rule.key, _row(group, first, rule)) for group, first, rule in rules if rule.direction == direction)


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
            raise ValueError(f"two things share the key {key!r}")
        out[literal(key)] = value
    return out


def main_document(deployment: str, tags: Mapping[str, str], rows: Mapping[str, Any]) -> Document:
    """`main.tf.json`, from the deployment's name, its tags, and the three tables."""
    return {
        "//": COMMENT,
        "locals": {
            "deployment": literal(deployment),
            "tags": {literal(key): literal(value) for key, value in tags.items()},
            **rows,
        },
        "resource": RESOURCES,
    }


def _rule_resource(table: str) -> Document:
    return {
        "this": {
            "for_each": f"${{local.{table}}}",
            "security_group_id": "${aws_security_group.this[each.value.group].id}",
            "description": "${each.value.description}",
            "ip_protocol": "${each.value.ip_protocol}",
            "from_port": "${try(each.value.from_port, null)}",
            "to_port": "${try(each.value.to_port, null)}",
            "cidr_ipv4": "${try(each.value.cidr_ipv4, null)}",
            "cidr_ipv6": "${try(each.value.cidr_ipv6, null)}",
            "prefix_list_id": "${try(each.value.prefix_list_id, null)}",
            "referenced_security_group_id": "${try(aws_security_group.this[each.value.referenced_group].id,"
            " each.value.referenced_security_group_id, null)}",
            "lifecycle": {"create_before_destroy": True},
        }
    }


RESOURCES: Document = {
    "aws_security_group": {
        "this": {
            "for_each": "${local.groups}",
            "name_prefix": "${var.name_prefix}${each.key}-",
            "description": "${each.value.description}",
            "vpc_id": "${var.vpc_id}",
            "tags": '${merge(local.tags, var.tags, {Name = "${var.name_prefix}${each.key}",'
            ' "esacloud:deployment" = local.deployment, "esacloud:interface" = each.value.interface})}',
            "lifecycle": {"create_before_destroy": True},
        }
    },
    "aws_vpc_security_group_ingress_rule": _rule_resource("ingress_rules"),
    "aws_vpc_security_group_egress_rule": _rule_resource("egress_rules"),
}


def variables_document(vpc_id: str | None, name_prefix: str) -> Document:
    """`variables.tf.json`. Without a VPC in the deployment file its variable has no default and must be given."""
    default = {} if vpc_id is None else {"default": literal(vpc_id)}
    return {
        "variable": {
            "vpc_id": {
                "description": "The VPC in which the security groups are made.",
                "type": "string",
                **default,
                "nullable": False,
                "validation": {
                    "condition": '${can(regex("^vpc-[0-9a-f]+$", var.vpc_id))}',
                    "error_message": "vpc_id must be the id of a VPC, like vpc-0a1b2c3d4e5f60718.",
                },
            },
            "name_prefix": {
                "description": "How the names of the security groups start; the interface follows.",
                "type": "string",
                "default": literal(name_prefix),
                "nullable": False,
                "validation": {
                    "condition": f"${{length(var.name_prefix) <= {LONGEST_PREFIX}"
                    ' && can(regex("^[]a-zA-Z0-9 ._:/()#,@[+=&;{}!$*-]*$", var.name_prefix))'
                    ' && !can(regex("^sg-", lower(var.name_prefix)))}',
                    "error_message": f"name_prefix must have at most {LONGEST_PREFIX} characters, only those that"
                    " EC2 allows in the name of a security group, and must not start with sg-.",
                },
            },
            "tags": {
                "description": "Tags of the security groups, beside Name, esacloud:deployment and esacloud:interface.",
                "type": "map(string)",
                "default": {},
                "nullable": False,
                "validation": {
                    "condition": '${alltrue([for key in keys(var.tags) : !can(regex("^aws:", lower(key)))])}',
                    "error_message": "The key of a tag must not start with aws:, which AWS keeps for itself.",
                },
            },
        }
    }


def _output_of(table: str, resource: str) -> str:
    return (
        f"${{{{for key, row in local.{table} :"
        f" key => merge(row, {{security_group_rule_id = {resource}.this[key].security_group_rule_id}})}}}}"
    )


OUTPUTS_DOCUMENT: Document = {
    "output": {
        "security_group_ids": {
            "description": "The ids of the security groups by interface of the gateway, known once all rules exist.",
            "value": "${{for name, group in local.groups : group.interface => aws_security_group.this[name].id...}}",
            "depends_on": ["aws_vpc_security_group_ingress_rule.this", "aws_vpc_security_group_egress_rule.this"],
        },
        "rules": {
            "description": "Every rule with its id in EC2 and the rows of the vendor's table behind it.",
            "value": {
                "ingress": _output_of("ingress_rules", "aws_vpc_security_group_ingress_rule"),
                "egress": _output_of("egress_rules", "aws_vpc_security_group_egress_rule"),
            },
        },
    }
}


def _versions(oldest: str) -> Document:
    return {
        "terraform": {
            "required_version": ">= 1.1.0",
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": f">= {oldest}, < 7.0.0"}},
        }
    }


VERSIONS_DOCUMENT = _versions("5.0.0")
VERSIONS_WITH_FIREWALL = _versions("5.60.0")  # https://github.com/hashicorp/terraform-provider-aws/issues/37197
