"""esacloud, from a deployment file to a Terraform module for Azure.

All rules of a group stand inside one resource there, so what counts as a resource here is a group or a rule in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.equal_policy import EqualPolicy
from benchmarks.tools.esacloud import DISTRIBUTION, NAME, cold, leeway, loop, read_back, write_input
from esacloud.packets.sets import PacketSet

__all__ = ["DISTRIBUTION", "NAME", "TARGET", "cold", "leeway", "many", "packets", "resources", "rules", "write_input"]

TARGET = "Azure, Terraform JSON"


def many(folder: Path, out: Path) -> list[str]:
    """All files of the folder."""
    return loop(folder, out, "azure")


def resources(out: Path) -> Mapping[str, str]:
    """The groups, and the rules in them as `group/rule`."""
    tables = json.loads((out / "0000" / "main.tf.json").read_text())["locals"]
    rows = {**tables["groups"], **tables["security_rules"]}
    return {address: json.dumps(row, sort_keys=True) for address, row in rows.items()}


def rules(resources: Mapping[str, str]) -> int:
    """The rules that allow."""
    return sum(json.loads(content).get("access") == "Allow" for content in resources.values())


def packets(out: Path, policy: EqualPolicy) -> Mapping[str, PacketSet]:  # noqa: ARG001 - what all tools are given
    """What the module on disk permits."""
    return read_back(out, "azure")
