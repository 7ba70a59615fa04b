"""What the tests that ship with the AWS module say beside what both modules have in common."""

from __future__ import annotations

from typing import Any

PLACE = {"vpc_id": "vpc-0a1b2c3d4e5f60718"}
TESTED = (
    "aws_security_group.this",
    "aws_vpc_security_group_ingress_rule.this",
    "merge(%s.rules.ingress, {})",
)
IDS = "security_group_ids"
SMALL_KEYS = '["management/tcp-22-from-10.20.0.0/24", "data1/tcp-25-from-0.0.0.0/0", "data1/tcp-25-from-::/0"]'
STABLE: tuple[dict[str, str], ...] = (
    {
        "condition": "${length(output.rules.ingress) == length(run.makes_a_group_for_each_interface.rules.ingress) + 1}",
        "error_message": "Not so: one network more is one rule more.",
    },
)
RUNS: dict[str, Any] = {
    "refuses_more_rules_than_the_quota": {
        "command": "plan",
        "variables": {"rules_per_group": 1},
        "expect_failures": ["aws_security_group.this"],
    },
    "refuses_what_is_no_security_group": {
        "command": "plan",
        "variables": {"peers": {"administrators": {"security_groups": {"jump": "jump-hosts"}}}},
        "expect_failures": ["var.peers"],
    },
    "refuses_a_source_port_that_it_cannot_match": {
        "command": "plan",
        "variables": {
            "features": {"data2": {"ftp": {"role": "client", "mode": "active"}}},
            "peers": {"ftp-servers": {"networks": ["10.20.2.11"]}},
        },
        "expect_failures": ["aws_security_group.this"],
    },
}
