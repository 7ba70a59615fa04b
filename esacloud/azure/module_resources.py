"""The resources of the Azure module, those of `terraform.py` with preconditions on each group, and its outputs."""

from __future__ import annotations

import json
from typing import Any

from esacloud.azure.terraform.write import RESOURCES


def _resources() -> dict[str, Any]:
    text = json.dumps(RESOURCES).replace("var.name_prefix", "local.name_prefix").replace("merge(local.tags, ", "merge(")
    resources: dict[str, Any] = json.loads(text)
    refused = '[for key, texts in local.refused : join("\\n", distinct(texts)) if split("/", key)[0] == each.key]'
    resources["azurerm_network_security_group"]["this"]["lifecycle"]["precondition"] = [
        {
            "condition": "${length(local.problems[each.key]) == 0}",
            "error_message": '${each.key}: ${join("\\n", local.problems[each.key])}',
        },
        {
            "condition": f"${{length({refused}) == 0}}",
            "error_message": f'${{join("\\n", {refused})}} Only a waiver ({{code, peer, reason, until}} in waivers) accepts'
            " this.",
        },
        {
            "condition": "${alltrue([for quota in local.quotas[each.key] : quota.used <= quota.limit])}",
            "error_message": '${join("\\n", [for quota in local.quotas[each.key] : "${quota.what}: ${quota.used} are'
            ' needed, ${quota.limit} fit: ${quota.used - quota.limit} too many." if quota.used > quota.limit])} Shorten the'
            " lists of peers, or use `esacloud generate`, which merges rules exactly.",
        },
        {
            "condition": '${length([for key in local.unplaced : key if split("/", key)[0] == each.key]) == 0}',
            "error_message": '${each.key}: no priority is left for ${join(", ", local.unplaced)}. Widen first_priority and'
            " last_priority, or use `esacloud generate`, which finds one as long as there is one.",
        },
        {
            "condition": "${length(setsubtract(concat(keys(var.subnet_ids), keys(var.network_interface_ids)),"
            " keys(var.features))) == 0}",
            "error_message": "subnet_ids and network_interface_ids may name the interfaces of features alone.",
        },
        {
            "condition": '${var.subscription_id != null || alltrue([for id in values(local.ids) : startswith(id, "/")])}',
            "error_message": "Application security groups are given by name: set subscription_id, or give their ARM ids.",
        },
        {
            "condition": '${alltrue([for ids in values({for ref, id in local.ids : reverse(split("/", ref))[0] => id...}) :'
            " length(distinct(ids)) == 1])}",
            "error_message": "peers give one name to two application security groups. Give each a name of its own.",
        },
    ]
    return resources


MODULE_RESOURCES: dict[str, Any] = _resources()

OUTPUTS: dict[str, Any] = {
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
