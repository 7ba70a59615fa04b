"""Network security groups and their rules, as immutable values between lowering, Terraform and ARM.

The words and spellings are those of the ARM API and of the provider's `azurerm_network_security_group`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from esacloud.policy.lowered import QuotaUse

RuleDirection = Literal["Inbound", "Outbound"]
Access = Literal["Allow", "Deny"]
Protocol = Literal["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"]

EVERYTHING = ("*",)
SELF = "self"
PUBLIC_ADDRESS_SPACES = frozenset({"service_tag:Internet", "service_tag:AzureCloud"})
"""Service tags that stand for public addresses."""


class Side(NamedTuple):
    """The source or the destination of a rule, by the name that Azure gives it; see `SecurityRule`."""

    name: Literal["source", "destination"]
    ports: tuple[str, ...]
    prefixes: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One security rule.

    - Ports are texts: `53`, `1024-65535` or `*`; prefixes are networks, or only one service tag, or only `*`.
    - A side has prefixes or application security groups, never both. A group is named as in the deployment file (a name or
      an ARM ID), or `self` for the module's own group of the interface's members.
    - `rows` and `entries` are the reasons for the rule; both are empty for the rules that deny the rest.
    - `name` identifies the rule and is derived from its purpose: it stays the same whatever else changes.
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

    @property
    def sides(self) -> tuple[Side, Side]:
        """The source and the destination."""
        return (
            Side("source", self.source_port_ranges, self.source_address_prefixes, self.source_application_security_groups),
            Side(
                "destination",
                self.destination_port_ranges,
                self.destination_address_prefixes,
                self.destination_application_security_groups,
            ),
        )

    @property
    def application_security_groups(self) -> tuple[str, ...]:
        """The groups of both sides."""
        return (*self.source_application_security_groups, *self.destination_application_security_groups)


@dataclass(frozen=True, slots=True)
class NetworkSecurityGroup:
    """The group of one interface, whose name it has in the module. Rules are in order of direction and priority."""

    interface: str
    rules: tuple[SecurityRule, ...]

    @property
    def has_members(self) -> bool:
        """Whether some rule refers to `self`, so that the interface needs an application security group of its own."""
        return any(SELF in rule.application_security_groups for rule in self.rules)


@dataclass(frozen=True, slots=True)
class NetworkSecurityGroups:
    """All groups of one deployment, in the policy's order of interfaces; the tags of each; their use of the quotas."""

    groups: tuple[NetworkSecurityGroup, ...]
    tags: Mapping[str, str]
    quotas: tuple[QuotaUse, ...]
