"""What Azure knows: network security groups and their rules, as immutable values between lowering, Terraform and ARM.

The words and spellings are those of the ARM API and of the provider's `azurerm_network_security_group`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from esacloud.policy.lowered import QuotaUse

RuleDirection = Literal["Inbound", "Outbound"]
Access = Literal["Allow", "Deny"]
Protocol = Literal["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"]

EVERYTHING = ("*",)
PUBLIC_ADDRESS_SPACES = frozenset(
    {"service_tag:Internet", "service_tag:AzureCloud"}
)  # tags that stand for public addresses
SELF = "self"


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One security rule.

    - Ports are texts: `53`, `1024-65535` or `*`; prefixes are networks, or one service tag alone, or `*` alone.
    - A side has prefixes or application security groups, never both. A group is named as the deployment file names it (a
      name, or an ARM id), or `self` for the module's own group of the interface's members.
    - `rows` and `entries` are why the rule is there; both are empty for the rules that deny the rest.
    - `name` is made of what the rule is for, and identifies it: whatever else changes, it stays.
    """

    name: str
    priority: int
    direction: RuleDirection
    access: Access
    protocol: Protocol
    source_port_ranges: tuple[str, ...] = EVERYTHING
    destination_port_ranges: tuple[str, ...] = EVERYTHING
    source_address_prefixes: tuple[str, ...] = EVERYTHING
    destination_address_prefixes: tuple[str, ...] = EVERYTHING
    source_application_security_groups: tuple[str, ...] = ()
    destination_application_security_groups: tuple[str, ...] = ()
    description: str = ""
    rows: tuple[int, ...] = ()
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkSecurityGroup:
    """The group of one interface, which is also its name in the module. Rules are in order of direction and priority."""

    interface: str
    rules: tuple[SecurityRule, ...]

    @property
    def has_members(self) -> bool:
        """Whether some rule speaks of `self`, so that the interface needs an application security group of its own."""
        return any(
            SELF in rule.source_application_security_groups or SELF in rule.destination_application_security_groups
            for rule in self.rules
        )


@dataclass(frozen=True, slots=True)
class NetworkSecurityGroups:
    """All groups of one deployment, in the policy's order of interfaces; the tags of each; what they use of the quotas."""

    groups: tuple[NetworkSecurityGroup, ...]
    tags: Mapping[str, str]
    quotas: tuple[QuotaUse, ...]
