"""Azure's limits: the numbers of `limits.json`, with source and date; a deployment file overrides them under `quotas`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from esacloud.json_files import read_beside

LOWEST_PRIORITY, DENY_PRIORITY = 100, 4096  # the lowest and the highest number that Azure accepts
NAME_LENGTH, DESCRIPTION_LENGTH = 80, 140
# https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
TAGS = 50  # https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources

QUOTAS: Mapping[str, tuple[int, int, int]] = {
    name: (limit["default"], limit["lowest"], limit["highest"])
    for name, limit in read_beside(__file__, "limits.json")["limits"].items()
}
"""Limit by name: (default, lowest, highest) that a file may contain."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one deployment."""

    rules_per_group: int
    addresses_per_group: int
    application_security_groups_per_rule: int
    application_security_groups_per_group: int
    first_priority: int
    last_priority: int


def limits(overrides: Mapping[str, int]) -> Limits:
    """Azure's limits, with those of the file over them."""
    return Limits(**{name: overrides.get(name, default) for name, (default, _, _) in QUOTAS.items()})
