"""capirca, with its Terraform target for Google Cloud: the one of its targets nearest to what esacloud writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.equal_policy import EqualPolicy, box
from benchmarks.tools import pol
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import Box, PacketSet

NAME = "capirca"
DISTRIBUTION = "capirca"
TARGET = "gce_vpc_tf"


def write_input(folder: Path, policies: Sequence[EqualPolicy]) -> None:
    """Policy files and definitions."""
    pol.write(folder, policies, TARGET)


def cold(folder: Path, out: Path) -> list[str]:
    """`aclgen --policy_file`."""
    return pol.aclgen_arguments("capirca", folder, out, "0000.pol")


def many(folder: Path, out: Path) -> list[str]:
    """`aclgen` over the folder."""
    return pol.aclgen_arguments("capirca", folder, out, None)


def resources(out: Path) -> Mapping[str, str]:
    """The firewall rules by name."""
    return {
        f"google_compute_firewall.{name}": json.dumps(body, sort_keys=True)
        for name, body in _bodies(out / "0000.tf.json").items()
    }


def _bodies(file: Path) -> dict[str, dict[str, Any]]:
    """The bodies by name. Raises ValueError where two share one."""
    bodies: dict[str, dict[str, Any]] = {}
    for group in json.loads(file.read_text())["resource"]["google_compute_firewall"]:
        for name, body in group.items():
            if name in bodies:
                raise ValueError(f"two resources are called {name}")
            bodies[name] = body
    return bodies


def rules(resources: Mapping[str, str]) -> int:
    """Every resource is a rule; those that deny are not counted."""
    return sum("allow" in json.loads(content) for content in resources.values())


def packets(out: Path, policy: EqualPolicy) -> Mapping[str, PacketSet]:
    """What the `allow` blocks permit, by tag."""
    boxes: dict[str, list[Box]] = {flow.interface: [] for flow in policy.flows}
    for body in _bodies(out / "0000.tf.json").values():
        inbound = body["direction"] == "INGRESS"
        networks = body["source_ranges" if inbound else "destination_ranges"]
        for allowed in body.get("allow", ()):
            for ports in allowed["ports"]:
                first, _, last = ports.partition("-")
                for tag in body["target_tags"]:
                    boxes[tag] += [
                        box(
                            "ingress" if inbound else "egress",
                            allowed["protocol"],
                            (int(first), int(last or first)),
                            parse_network(network),
                        )
                        for network in networks
                    ]
    return {interface: PacketSet.of(found) for interface, found in boxes.items()}


def leeway() -> PacketSet:
    """None: it says exactly the policy's packets."""
    return PacketSet.of(())
