"""A policy in a cloud's own rules, and a Terraform module read back: the values in which a cloud package answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from esacloud.packets.sets import PacketSet
from esacloud.policy.filtered import FilteredName
from esacloud.policy.model import Policy

Document = Mapping[str, Any]  # the JSON value of one *.tf.json file


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """How much of a quota is used: its name, the usage, and the limit."""

    quota: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group of rules in a summary: its name, its interface, and its numbers of rules."""

    name: str
    interface: str
    inbound: int
    outbound: int


@dataclass(frozen=True)  # for the cached property
class Lowered:
    """A policy in a cloud's own rules.

    - `policy`: what the rules are proven against: the compiled policy, and flows that the cloud itself needs where the file
      says so (the health probes of a load balancer on Azure).
    - `evaluate`: computes what the rules permit, by interface, from the rules alone; see `packets`.
    - `native`: the cloud's own values (for AWS an `esacloud.aws.model.SecurityGroups`).
    - `notes`: for people: rules merged, groups split, port 25 throttled by the cloud, with sources.
    """

    policy: Policy
    evaluate: Callable[[], Mapping[str, PacketSet]]
    groups: tuple[GroupLine, ...]
    quotas: tuple[QuotaUse, ...]
    notes: tuple[str, ...]
    native: Any

    @cached_property
    def packets(self) -> Mapping[str, PacketSet]:
        """What the rules permit, by interface; computed on first use."""
        return self.evaluate()


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a Terraform module read from disk permits, by interface.

    `deviations`: sentences about what differs from esacloud's form, so that it cannot be evaluated. With any of them
    nothing is proven. `filtered` are the host names that its firewall rules permit.
    """

    packets: Mapping[str, PacketSet]
    deviations: tuple[str, ...]
    filtered: frozenset[FilteredName] = frozenset()
