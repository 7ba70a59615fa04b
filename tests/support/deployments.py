"""Deployment files for tests: the least one, and it with parts replaced."""

from __future__ import annotations

import json
from typing import Any

from esacloud.aws.dialect import DIALECT
from esacloud.catalogue.load import load
from esacloud.deployment.model import Deployment, Dialect, ReferenceKind, SettingKey
from esacloud.deployment.read import read
from esacloud.errors import InputError, Problem

LEAST: dict[str, Any] = {
    "name": "mail-edge-1",
    "asyncos": "15.5",
    "cloud": {"aws": {"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718"}},
    "interfaces": {"management": ["dns"]},
    "peers": {"dns-servers": ["10.0.0.2"]},
}

# A second cloud, made up, to see that the reader knows none by name.
OTHER_CLOUD = Dialect(
    cloud="nimbus",
    title="Nimbus",
    settings={
        "zone": SettingKey("the zone", True, "^z[0-9]$", lambda text: None if text[:1] == "z" else ("No.", "Write z1."))
    },
    references=(ReferenceKind("flock", "a flock", "^[A-Z][A-Za-z]+(\\.[A-Z][a-z]+)?$", example="Sheep"),),
    quotas={},
    matches_source_ports=True,
)
BOTH = {"aws": DIALECT, "nimbus": OTHER_CLOUD}
TWO_CLOUDS = {**LEAST["cloud"], "nimbus": {"zone": "z1"}}


def made(**parts: Any) -> Deployment:
    """The least deployment with these parts in place of its own; None takes a part out."""
    content = {key: value for key, value in {**LEAST, **parts}.items() if value is not None}
    return read("f.json", BOTH, text=json.dumps(content), catalogue=load())


def problems(**parts: Any) -> list[Problem]:
    """What is wrong with `made(**parts)`, or worth a warning."""
    try:
        return list(made(**parts).warnings)
    except InputError as error:
        return list(error.problems)
