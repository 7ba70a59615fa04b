"""esacloud, from a deployment file to a Terraform module for AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.equal_policy import EqualPolicy
from benchmarks.tools.esacloud import DISTRIBUTION, NAME, cold, leeway, loop, read_back, write_input
from esacloud.packets.sets import PacketSet

__all__ = ["DISTRIBUTION", "NAME", "TARGET", "cold", "leeway", "many", "packets", "resources", "rules", "write_input"]

TARGET = "AWS, Terraform JSON"

_TABLES = {
    "groups": "aws_security_group",
    "ingress_rules": "aws_vpc_security_group_ingress_rule",
    "egress_rules": "aws_vpc_security_group_egress_rule",
}


def many(folder: Path, out: Path) -> list[str]:
    """All files of the folder."""
    return loop(folder, out, "aws")


def resources(out: Path) -> Mapping[str, str]:
    """The instances that terraform makes of the tables in `locals`, by address."""
    tables = json.loads((out / "0000" / "main.tf.json").read_text())["locals"]
    return {
        f'{resource}.this["{key}"]': json.dumps(row, sort_keys=True)
        for table, resource in _TABLES.items()
        for key, row in tables[table].items()
    }


def rules(resources: Mapping[str, str]) -> int:
    """The ingress and egress rules, without the groups."""
    return sum(not address.startswith("aws_security_group.") for address in resources)


def packets(out: Path, policy: EqualPolicy) -> Mapping[str, PacketSet]:  # noqa: ARG001 - what all tools are given
    """What the module on disk permits."""
    return read_back(out, "aws")
