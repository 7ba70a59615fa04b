"""aerleon, with its target for Google Cloud's firewall rules: it has none for AWS, Azure or Terraform."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.equal_policy import EqualPolicy, box
from benchmarks.tools import pol
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import Box, PacketSet

NAME = "aerleon"
DISTRIBUTION = "aerleon"
TARGET = "gce"


def write_input(folder: Path, policies: Sequence[EqualPolicy]) -> None:
    """Policy files and definitions, in the older of the two languages that it reads: it reads that one faster."""
    pol.write(folder, policies, TARGET)


def cold(folder: Path, out: Path) -> list[str]:
    """`aclgen --policy_file`."""
    return pol.aclgen_arguments("aerleon", folder, out, "0000.pol")


def many(folder: Path, out: Path) -> list[str]:
    """`aclgen` over the folder."""
    return pol.aclgen_arguments("aerleon", folder, out, None)


def resources(out: Path) -> Mapping[str, str]:
    """The firewall rules by name."""
    return {body["name"]: json.dumps(body, sort_keys=True) for body in _bodies(out / "0000.gce")}


def _bodies(file: Path) -> list[dict[str, Any]]:
    bodies: list[dict[str, Any]] = json.loads(file.read_text())
    if len({body["name"] for body in bodies}) != len(bodies):
        raise ValueError("two rules share a name")
    return bodies


def rules(resources: Mapping[str, str]) -> int:
    """Every resource is a rule; those that deny are not counted."""
    return sum("allowed" in json.loads(content) for content in resources.values())


def packets(out: Path, policy: EqualPolicy) -> Mapping[str, PacketSet]:
    """What the rules that allow permit, by tag."""
    boxes: dict[str, list[Box]] = {flow.interface: [] for flow in policy.flows}
    for body in _bodies(out / "0000.gce"):
        inbound = body["direction"] == "INGRESS"
        networks = body["sourceRanges" if inbound else "destinationRanges"]
        for allowed in body.get("allowed", ()):
            for ports in allowed["ports"]:
                first, _, last = ports.partition("-")
                for tag in body["targetTags"]:
                    boxes[tag] += [
                        box(
                            "ingress" if inbound else "egress",
                            allowed["IPProtocol"],
                            (int(first), int(last or first)),
                            parse_network(network),
                        )
                        for network in networks
                    ]
    return {interface: PacketSet.of(found) for interface, found in boxes.items()}


def leeway() -> PacketSet:
    """None: it says exactly the policy's packets."""
    return PacketSet.of(())
