"""Pytest fixtures for tests against a local Azure Resource Manager.

Ask for them with `pytest_plugins = ["esacloud.lab.arm.pytest_plugin"]` in the top `conftest.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from azure.mgmt.network import NetworkManagementClient

    from esacloud.lab.arm import ArmEmulator

RESOURCE_GROUP, LOCATION = "rg-mail", "westeurope"


@pytest.fixture
def arm_emulator() -> Iterator[ArmEmulator]:
    """An emulator of the test's own, with the resource group `rg-mail` in westeurope and nothing in it."""
    from esacloud.lab.arm import ArmEmulator

    with ArmEmulator(resource_groups={RESOURCE_GROUP: LOCATION}) as emulator:
        yield emulator


@pytest.fixture
def arm_client(arm_emulator: ArmEmulator) -> Iterator[NetworkManagementClient]:
    """The Azure SDK's own network client, pointed at the test's emulator."""
    with arm_emulator.client() as client:
        yield client
