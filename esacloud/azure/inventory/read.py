"""The documents in which existing or planned network security groups may come, with their reader."""

from __future__ import annotations

from typing import Any

from esacloud.azure.inventory import describe as show
from esacloud.policy.actual import ActualGroups

SOURCES: tuple[str, ...] = (
    "az network nsg show",
    "az network nsg list",
    "az network nic list",
    "az network vnet list",
    "az network vnet subnet list",
    "terraform show -json",
)


def read_groups(document: Any) -> ActualGroups | None:
    """The groups that the document describes, or None where it is none of SOURCES."""
    return show.read(document)
