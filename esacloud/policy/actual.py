"""Groups of rules as they already are, in a cloud, a plan or a state. Each cloud reads its documents into these values.

What a rule permits is said in boxes, with every rule's share made effective: the union over a group's rules is what the
group permits, whatever deny rules and priorities its cloud has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from esacloud.errors import Place
from esacloud.packets.sets import Box

INTERFACE_TAG, DEPLOYMENT_TAG = "esacloud:interface", "esacloud:deployment"
"""The tags by which esacloud's groups are known again, on every cloud."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that somebody said and that permits packets: a flow of a policy, or a rule of a group.

    `label` names it to a person (`sgr-0123456789abcdef0`, `mail-in`); `roles` are the peers' roles behind it, where known;
    `place` is where a person would mend it, where known.
    """

    label: str
    boxes: tuple[Box, ...]
    roles: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class ActualGroup:
    """A security group or network security group. `id` is unique in its source.

    `interface` and `deployment` are what its tags say, if so. `unknown` are sentences about what in it cannot be judged, as
    values that are known only after apply.
    """

    id: str
    name: str
    rules: tuple[Statement, ...]
    unknown: tuple[str, ...] = ()
    interface: str | None = None
    deployment: str | None = None


@dataclass(frozen=True, slots=True)
class ActualGroups:
    """Everything that one document says.

    - `attached`: network interface -> ids of the groups on it, where the document says so.
    - `inside`: network interface -> the subnets that it is in, where their groups count too; `around`: subnet, in lower
      case -> ids of the groups on it.
    - `together`: whether a packet passes when `any` group on an interface permits it, or only when `all` do.
    - `notes`: what comes before or after these groups and is not in them.
    - `public_address_spaces`: realms of references that stand for the public Internet or for a large part of it.
    - `apart`: realms of references, no two of which have an address in common.
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
