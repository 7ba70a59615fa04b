"""Security groups and their rules, as immutable values between lowering, Terraform and the live cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from esacloud.packets.addresses import Version
from esacloud.packets.sets import Direction

DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
SourceKind = Literal["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id", "self"]


@dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """One rule of a security group, with the arguments of the provider's `aws_vpc_security_group_*_rule` resources.

    - `ip_protocol`: `tcp`, `udp`, `icmp`, `icmpv6` or `-1`; ports are None exactly where EC2 takes none (`-1`).
    - `source_kind` `self`: the first group of the interface itself; its `source` is "".
    - `rows` and `entries`: the reasons for the rule.
    - `size`: what it counts against the quota of each address family in `families`.
    - `key`: interface and content of the rule, so that it does not change with other rules.
    """

    direction: Direction
    ip_protocol: str
    from_port: int | None
    to_port: int | None
    source_kind: SourceKind
    source: str
    description: str
    rows: tuple[int, ...]
    entries: tuple[str, ...]
    size: int
    key: str
    families: tuple[Version, ...] = (4, 6)


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group of one interface. `name` is the interface's, for a second group `data1-2`."""

    name: str
    interface: str
    description: str
    rules: tuple[SecurityGroupRule, ...]


@dataclass(frozen=True, slots=True)
class SecurityGroups:
    """All groups of one deployment, by interface and number."""

    groups: tuple[SecurityGroup, ...]
    tags: Mapping[str, str]
