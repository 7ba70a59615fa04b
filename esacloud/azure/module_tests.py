"""What the tests that ship with the Azure module say beside what both modules have in common."""

from __future__ import annotations

from typing import Any

PLACE = {"resource_group_name": "rg-mail", "location": "westeurope"}
TESTED = ("azurerm_network_security_group.this", "azurerm_network_security_group.this", "merge(%s.rules, {})")
IDS = "network_security_group_ids"
SMALL_KEYS = '["management/in-tcp-22-ipv4-cli-ssh", "data1/in-tcp-25-any-ipv4", "data1/out-deny-all-else"]'
STABLE: tuple[dict[str, str], ...] = (
    {
        "condition": "${alltrue([for key, rule in run.makes_a_group_for_each_interface.rules :"
        " output.rules[key].priority == rule.priority])}",
        "error_message": "Not so: every rule keeps its priority.",
    },
    {
        "condition": "${alltrue([for group in values(azurerm_network_security_group.this) : length([for rule in"
        ' group.security_rule : rule if rule.priority == 4096 && rule.access == "Deny"]) == 2])}',
        "error_message": "Not so: both directions of every group end in a rule that denies the rest.",
    },
)
RUNS: dict[str, Any] = {
    "refuses_more_rules_than_the_limit": {
        "command": "plan",
        "variables": {"rules_per_group": 2},
        "expect_failures": ["azurerm_network_security_group.this"],
    },
    "refuses_priorities_that_do_not_suffice": {
        "command": "plan",
        "variables": {"first_priority": 200, "last_priority": 200},
        "expect_failures": ["azurerm_network_security_group.this"],
    },
    "refuses_the_internet_by_its_service_tag": {
        "command": "plan",
        "variables": {
            "peers": {"administrators": {"service_tags": ["Internet"]}, "dns-servers": {"networks": ["10.0.0.2"]}}
        },
        "expect_failures": ["azurerm_network_security_group.this"],
    },
    "refuses_a_group_by_name_without_a_subscription": {
        "command": "plan",
        "variables": {
            "peers": {
                "administrators": {"application_security_groups": {"jump": "asg-jump-hosts"}},
                "dns-servers": {"networks": ["10.0.0.2"]},
            }
        },
        "expect_failures": ["azurerm_network_security_group.this"],
    },
    "refuses_what_is_no_service_tag": {
        "command": "plan",
        "variables": {"peers": {"administrators": {"service_tags": ["10.0.0.0/8"]}}},
        "expect_failures": ["var.peers"],
    },
}
