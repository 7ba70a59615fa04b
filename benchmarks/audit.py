"""The audit of 1,000 groups with 60 rules each, beside checkov on the same plan, in the same run: wall time and memory.

Run it with `python -m benchmarks.audit [CHECKOV]`, where CHECKOV is checkov's program in an environment of its own. Each
is started cold. checkov looks at inline rules in a Terraform plan; esacloud reads that plan, and the same groups as
`describe-security-groups` prints them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GROUPS, RULES = 1000, 60


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan, described = folder / "plan.json", folder / "groups.json"
        plan.write_text(json.dumps(_plan()))
        described.write_text(json.dumps({"SecurityGroups": [_described(number) for number in range(GROUPS)]}))
        esacloud = [sys.executable, "-m", "esacloud", "audit"]
        print(f"{GROUPS:,} groups x {RULES} rules")
        _measure("esacloud, describe output", [*esacloud, str(described), "--json"])
        _measure("esacloud, plan", [*esacloud, str(plan), "--json"])
        if len(sys.argv) > 1:
            words = [sys.argv[1], "-f", str(plan), "--framework", "terraform_plan", "--compact", "--quiet", "-o", "json"]
            _measure("checkov, plan", words)


def _measure(what: str, words: list[str]) -> None:
    start = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    cpu = used.ru_utime + used.ru_stime
    print(
        f"{what:28} {seconds:8.2f} s {cpu:8.2f} s of processor {used.ru_maxrss / 1024:8.0f} MB   exit {process.returncode}"
    )


def _rule(group: int, number: int) -> tuple[int, str]:
    """A port and a network: no two rules of a group are equal, and some are open to the Internet."""
    if number % 20 == 0:
        return 1000 + number, "0.0.0.0/0"
    return 20 + number, f"10.{group % 256}.{number}.0/24"


def _described(group: int) -> dict[str, Any]:
    permissions = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": network}]}
        for port, network in (_rule(group, number) for number in range(RULES))
    ]
    return {
        "GroupId": f"sg-{group:017x}",
        "GroupName": f"group-{group}",
        "Description": "",
        "IpPermissions": permissions,
        "IpPermissionsEgress": [],
    }


def _plan() -> dict[str, Any]:
    blocks = [
        [
            {
                "description": "",
                "protocol": "tcp",
                "from_port": port,
                "to_port": port,
                "cidr_blocks": [network],
                "ipv6_cidr_blocks": [],
                "prefix_list_ids": [],
                "security_groups": [],
                "self": False,
            }
            for port, network in (_rule(group, number) for number in range(RULES))
        ]
        for group in range(GROUPS)
    ]
    found = [
        {
            "address": f"aws_security_group.g{group}",
            "mode": "managed",
            "type": "aws_security_group",
            "name": f"g{group}",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "schema_version": 1,
            "values": {"id": f"sg-{group:017x}", "name": f"group-{group}", "ingress": blocks[group], "egress": []},
        }
        for group in range(GROUPS)
    ]
    changes = [
        {
            **{key: item[key] for key in ("address", "mode", "type", "name", "provider_name")},
            "change": {"actions": ["create"], "before": None, "after": item["values"], "after_unknown": {}},
        }
        for item in found
    ]
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": found}},
        "resource_changes": changes,
        "configuration": {"root_module": {}},
    }


if __name__ == "__main__":
    main()
