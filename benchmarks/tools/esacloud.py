"""esacloud itself, from a deployment file to a Terraform module for AWS, proven on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.equal_policy import EqualPolicy
from esacloud import clouds
from esacloud.packets import PacketSet
from esacloud.terraform.reading import read_documents

NAME = "esacloud"
DISTRIBUTION = "esacloud"
TARGET = "AWS, Terraform JSON"

_TABLES = {
    "groups": "aws_security_group",
    "ingress_rules": "aws_vpc_security_group_ingress_rule",
    "egress_rules": "aws_vpc_security_group_egress_rule",
}


def write_input(folder: Path, policies: Sequence[EqualPolicy]) -> None:
    """`folder/NNNN.yaml` for each policy."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, policy in enumerate(policies):
        (folder / f"{number:04}.yaml").write_text(policy.text)


def cold(folder: Path, out: Path) -> list[str]:
    """`esacloud generate`."""
    start = "import sys; from esacloud.cli.main import entry_point; sys.argv[0] = 'esacloud'; sys.exit(entry_point())"
    return ["-c", start, "generate", str(folder / "0000.yaml"), "--out", str(out / "0000")]


def many(folder: Path, out: Path) -> list[str]:
    """Its functions in a loop: the command takes one file."""
    return [str(Path(__file__).parents[1] / "loops" / "many_esacloud.py"), str(folder), str(out)]


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
    """What the module on disk permits, evaluated from its text."""
    documents, _ = read_documents(str(out / "0000"))
    return clouds.load("aws").read_back(documents).packets


def leeway() -> PacketSet:
    """None: it says exactly the policy's packets."""
    return PacketSet.of(())
