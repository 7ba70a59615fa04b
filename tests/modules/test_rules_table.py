"""The expressions of the modules against the compiler: drawn deployments, evaluated by the real terraform.

Only locals and variables are evaluated, which needs no provider; whole modules are in test_aws_terraform.py and its sister.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from support.fault_matrix import EXHAUSTIVE
from support.module_inputs import generated, inputs_of
from support.module_locals import evaluated

from esacloud.aws.terraform.write import MAIN
from esacloud.catalogue.load import load
from esacloud.catalogue.model import release_text
from esacloud.workflow import read_deployment

HOW_MANY = 16 if EXHAUSTIVE else 3
TABLES = {"aws": ("ingress_rules", "egress_rules"), "azure": ("security_rules",)}
CLOUDS = {
    "aws": {
        "region": "eu-central-1",
        "vpc": "vpc-0a1b2c3d4e5f60718",
        "quotas": {"rules_per_group": 1000, "groups_per_interface": 1},
    },
    "azure": {
        "resource_group": "rg-mail",
        "location": "westeurope",
        "subscription": "00000000-0000-0000-0000-000000000000",
    },
}
NETWORKS = [f"10.{high}.{low}.0/24" for high in range(1, 5) for low in range(3)] + ["10.9.9.9", "fd00:1::/64", "fd00:2::7"]
REFERENCES: dict[str, list[Any]] = {
    "aws": ["self", "sg-0123456789abcdef0", {"prefix_list": "pl-0123456789abcdef0", "max_entries": 4}],
    "azure": [
        "self",
        {"application_security_group": "asg-one"},
        {"service_tag": "AzureMonitor"},
        {"service_tag": "Storage"},
    ],
}


def drawn(chance: random.Random, cloud: str) -> dict[str, Any]:
    """A deployment file's content: half of the features, any settings, peers of every kind, some of them per use."""
    catalogue = load()

    def peer() -> list[Any]:
        return chance.sample(NETWORKS, chance.randint(1, 3)) + chance.sample(REFERENCES[cloud], chance.randint(0, 2))

    interfaces: dict[str, list[Any]] = {}
    for name in catalogue.interfaces:
        uses: list[Any] = []
        for feature in catalogue.features.values():
            if chance.random() < 0.4:
                settings: dict[str, Any] = {
                    setting.name: chance.choice(setting.choices)
                    for setting in feature.settings.values()
                    if setting.default is None or chance.random() < 0.5
                }
                role = chance.choice(sorted({entry.role for entry in catalogue.of_feature[feature.name]}))
                own = {"peers": {role: peer()}} if chance.random() < 0.2 else {}
                uses.append({feature.name: settings | own} if settings | own else feature.name)
        if uses:
            interfaces[name] = uses
    named = {role for role in catalogue.roles if chance.random() < 0.5}
    needed = {
        entry.role
        for entry in catalogue.entries
        if not entry.networks and not entry.hostnames and catalogue.roles[entry.role].default is None
    }
    return {
        "name": "drawn",
        "asyncos": release_text(chance.choice(catalogue.releases)),
        "cloud": {cloud: CLOUDS[cloud]},
        "interfaces": interfaces,
        "hostnames": "open",
        "peers": {role: peer() for role in sorted(named | needed)},
        "as_printed": [],
        "wider": [entry.id for entry in catalogue.entries if entry.source_ports != (0, 65535)] if cloud == "aws" else [],
    }


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_the_module_has_the_rules_of_generate_for_drawn_deployments(tmp_path: Path, cloud: str) -> None:
    chance = random.Random(6)
    deployments = {
        f"m{number}": read_deployment("drawn.yaml", json.dumps(drawn(chance, cloud))) for number in range(HOW_MANY)
    }
    inputs = {name: inputs_of(deployment, cloud) for name, deployment in deployments.items()}
    outputs = evaluated(tmp_path, cloud, inputs, (*TABLES[cloud], "problems"))
    compared = 0
    for name, deployment in deployments.items():
        found = outputs[name]
        assert not any(found["problems"].values())
        tables = json.loads(generated(deployment, cloud)[MAIN])["locals"]
        for table in TABLES[cloud]:
            desired = {key: plain(row) for key, row in tables[table].items()}
            assert {key: plain(row) for key, row in found[table].items()} == desired
            compared += len(desired)
    assert compared > 100


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row of either module in the same words: what is absent left out, lists of addresses as sets."""
    row = {key: value for key, value in row.items() if value is not None and not (key == "self" and value is False)}
    if "referenced_group" in row:
        row["self"] = bool(row.pop("referenced_group"))
    for key in list(row):
        if key.endswith(("_prefixes", "_groups")):
            row[key] = sorted(row[key])
            if not row[key]:
                del row[key]
    return row
