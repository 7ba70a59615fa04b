"""What EC2 knows: security groups and their rules, as immutable values between lowering, Terraform and the live cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from esacloud.packets.addresses import Version
from esacloud.packets.sets import Direction
from esacloud.policy.lowered import QuotaUse

SourceKind = Literal["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id", "self"]


@dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """One rule of a security group, in the words of the provider's `aws_vpc_security_group_*_rule` resources.

    `ip_protocol` is `tcp`, `udp`, `icmp`, `icmpv6` or `-1`; ports are None exactly where EC2 takes none (`-1`).
    `source_kind` `self` means the deployment's own first group of the interface; its `source` is "".
    `size` is what the rule counts against the quota of each address family in `families`; `rows` and `entries` are why it
    is there; `key` is made of the interface and the rule's own content and so stays the same whatever else changes.
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
    """A security group for one interface. `name` is the interface's, with a number from 2 where it took several groups."""

    name: str
    interface: str
    description: str
    rules: tuple[SecurityGroupRule, ...]


@dataclass(frozen=True, slots=True)
class SecurityGroups:
    """All groups of one deployment, in order of interface and number; the tags of each; what they use of the quotas.

    `merged` counts the rules that exact merging saved, by interface; it is empty where nothing had to be merged.
    """

    groups: tuple[SecurityGroup, ...]
    tags: Mapping[str, str]
    quotas: tuple[QuotaUse, ...]
    merged: Mapping[str, int]
