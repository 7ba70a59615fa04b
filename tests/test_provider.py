"""Every cloud package fulfils the protocols of `esacloud.provider`; mypy checks it here and in each `provider` module."""

from __future__ import annotations

from esacloud.aws.provider import PROVIDER as aws
from esacloud.azure.provider import PROVIDER as azure
from esacloud.lab.arm import lab as arm
from esacloud.lab.ec2 import lab as ec2
from esacloud.provider import CLOUDS, Lab, Provider, load, load_lab

PROVIDERS: dict[str, Provider] = {"aws": aws, "azure": azure}
LABS: dict[str, Lab] = {"aws": ec2, "azure": arm}


def test_the_registry_names_each_cloud_and_its_lab() -> None:
    assert {name: load(name) for name in CLOUDS} == PROVIDERS
    assert {name: load_lab(name) for name in CLOUDS} == LABS
