"""The modules refuse what the guardrails refuse: every feature with public and private peers, judged by both."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.module_inputs import inputs_of
from support.module_locals import evaluated
from support.samples import size

from esacloud.catalogue.load import load
from esacloud.guardrails.judge import judge
from esacloud.workflow import compile_for, read_deployment

PUBLIC, PRIVATE = ("8.8.8.0/24", "2a00:1450::/32", "172.0.0.0/8"), ("10.1.0.0/16", "fd00:1::/64", "224.0.0.0/4")
TOGETHER = {"ESA013", "ESA014"}  # what looks at all rules of a gateway together is left to `esacloud audit`
HOW_MANY = size(3, 8)
pytestmark = pytest.mark.real


def drawn(chance: random.Random) -> dict[str, Any]:
    catalogue = load()
    features = [
        {feature.name: {setting.name: chance.choice(setting.choices) for setting in feature.settings.values()}}
        if feature.settings
        else feature.name
        for feature in catalogue.features.values()
    ]
    return {
        "name": "drawn",
        "asyncos": "15.5",
        "cloud": {"aws": {"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718"}},
        "interfaces": {"management": features},
        "hostnames": "open",
        "peers": {role: [chance.choice(PUBLIC + PRIVATE)] for role in catalogue.roles},
        "as_printed": [entry.id for entry in catalogue.entries if entry.prints_inbound and chance.random() < 0.3],
        "wider": [entry.id for entry in catalogue.entries if entry.source_ports != (0, 65535)],
    }


def test_a_module_refuses_what_the_guardrails_refuse_and_nothing_else(tmp_path: Path) -> None:
    chance = random.Random(6)
    deployments = {f"m{number}": read_deployment("drawn.yaml", json.dumps(drawn(chance))) for number in range(HOW_MANY)}
    inputs = {name: inputs_of(deployment, "aws") for name, deployment in deployments.items()}
    outputs = evaluated(tmp_path, "aws", inputs, ("refused",))
    seen = set()
    for name, deployment in deployments.items():
        found = judge(compile_for(deployment, "aws"), deployment, date(2026, 1, 1))
        desired = {finding.code for finding in found.findings if finding.severity == "error"} - TOGETHER
        refused = {violation["code"] for found in outputs[name]["refused"].values() for violation in found}
        assert refused == desired
        seen |= refused
    assert {"ESA001", "ESA002", "ESA004", "ESA005", "ESA006", "ESA009", "ESA011"} <= seen
