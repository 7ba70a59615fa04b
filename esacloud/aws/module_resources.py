"""The resources of the AWS module, those of `terraform.py` with preconditions on groups and rules, and its outputs."""

from __future__ import annotations

from typing import Any

from esacloud.aws.terraform.write import RESOURCES


def _resources() -> dict[str, Any]:
    group = dict(RESOURCES["aws_security_group"]["this"])
    group["name_prefix"] = "${local.name_prefix}${each.key}-"
    group["tags"] = group["tags"].replace("var.name_prefix", "local.name_prefix").replace("merge(local.tags, ", "merge(")
    group["lifecycle"] = {
        "create_before_destroy": True,
        "precondition": [
            {
                "condition": "${length(local.problems[each.key]) == 0}",
                "error_message": '${each.key}: ${join("\\n", local.problems[each.key])}',
            },
            {
                "condition": "${alltrue([for quota in local.quotas[each.key] : quota.used <= quota.limit])}",
                "error_message": '${join("\\n", [for quota in local.quotas[each.key] : "${quota.what}: ${quota.used} are'
                ' needed, ${quota.limit} fit: ${quota.used - quota.limit} too many." if quota.used > quota.limit])} Ask AWS'
                " for a higher quota and set rules_per_group, name a prefix list in place of many networks, or use"
                " `esacloud generate`, which merges rules exactly and splits a group.",
            },
        ],
    }
    rules = {}
    for name in ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
        rule = dict(RESOURCES[name]["this"])
        rule |= {
            argument: f"${{each.value.{argument}}}"
            for argument in ("from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list_id")
        }
        rule["referenced_security_group_id"] = (
            "${each.value.self ? aws_security_group.this[each.value.group].id : each.value.referenced_security_group_id}"
        )
        rule["lifecycle"] = {
            "create_before_destroy": True,
            "precondition": [
                {
                    "condition": "${!contains(keys(local.refused), each.key)}",
                    "error_message": '${join("\\n", distinct(try(local.refused[each.key], [])))} Only a waiver'
                    " ({code, peer, reason, until} in waivers) accepts this.",
                },
                {
                    "condition": "${length(distinct([for ref in local.rules[each.key].refs : local.ids[ref].id])) <= 1}",
                    "error_message": "${each.key}: peers give one name to two ids. Give each id a name of its own.",
                },
            ],
        }
        rules[name] = {"this": rule}
    return {"aws_security_group": {"this": group}, **rules}


MODULE_RESOURCES: dict[str, Any] = _resources()

OUTPUTS: dict[str, Any] = {
    "security_group_ids": {
        "description": "The ids of the security groups by interface of the gateway, known once all rules exist.",
        "value": "${{for interface, group in local.groups : interface => [aws_security_group.this[interface].id]}}",
        "depends_on": ["aws_vpc_security_group_ingress_rule.this", "aws_vpc_security_group_egress_rule.this"],
    },
    "rules": {
        "description": "Every rule with its id in EC2 and the rows of the vendor's table behind it.",
        "value": {
            direction: f"${{{{for key, row in local.{direction}_rules : key => merge(row, {{security_group_rule_id ="
            f" aws_vpc_security_group_{direction}_rule.this[key].security_group_rule_id}})}}}}"
            for direction in ("ingress", "egress")
        },
    },
}
