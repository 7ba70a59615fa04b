"""The limits that the emulator holds clients to; a test may lower them to reach them sooner.

Source, where no other stands beside: "Networking limits" in
https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
"""

from __future__ import annotations

from dataclasses import dataclass

# https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
FIRST_PRIORITY, LAST_PRIORITY = 100, 4096
DESCRIPTION_LENGTH = 140


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the subscription may have.

    - `addresses_per_group` counts the prefixes in all rules of a group, sources and destinations apart.
    - `application_security_groups_per_side` is of one rule, `..._per_group` of all rules of a network security group.
    """

    groups: int = 5000
    rules_per_group: int = 1000
    addresses_per_group: int = 4000
    application_security_groups: int = 3000
    application_security_groups_per_side: int = 10
    application_security_groups_per_group: int = 100
