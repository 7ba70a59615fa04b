"""Existing groups of rules, in a cloud, a plan or a state. Each cloud reads its documents into these values.

The boxes of a rule are what it effectively permits: the union over a group's rules is what the group permits, with deny
rules and priorities taken into account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from esacloud.policy.model import Statement

INTERFACE_TAG, DEPLOYMENT_TAG = "esacloud:interface", "esacloud:deployment"
"""The tags of esacloud's groups, on every cloud."""


@dataclass(frozen=True, slots=True)
class ActualGroup:
    """A security group or network security group. `id` is unique in its source.

    `interface` and `deployment` come from its tags. `unknown` are sentences about parts that cannot be judged, as values
    that are known only after apply.
    """

    id: str
    name: str
    rules: tuple[Statement, ...]
    unknown: tuple[str, ...] = ()
    interface: str | None = None
    deployment: str | None = None


@dataclass(frozen=True, slots=True)
class ActualGroups:
    """The content of one document.

    - `attached`: network interface -> ids of the groups on it, where known.
    - `inside`: network interface -> the subnets that it is in, where their groups count too; `around`: subnet, in lower
      case -> ids of the groups on it.
    - `together`: whether a packet passes when `any` group on an interface permits it, or only when `all` do.
    - `notes`: what filters packets before or after these groups.
    - `public_address_spaces`: references for the public Internet or a large part of it.
    - `apart`: references, no two of which share an address.
    """

    cloud: str
    groups: tuple[ActualGroup, ...]
    together: Literal["any", "all"]
    attached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    public_address_spaces: frozenset[str] = frozenset()
    inside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    around: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
