"""The interface of a cloud package, and its values: a policy lowered to a cloud's rules, and a module read back.

A cloud is one package with what `Cloud` lists; `esacloud/provider.py` names the packages. The rest of the code uses these
values only, so that a new cloud changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from esacloud.deployment.model import Deployment, Dialect
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


class Cloud(Protocol):
    """The module `esacloud.<cloud>.cloud`."""

    DIALECT: Dialect
    PUBLIC_ADDRESS_SPACES: frozenset[
        str
    ]  # references that stand for public addresses, as Azure's service tag Internet does

    def lower(self, policy: Policy, deployment: Deployment) -> Lowered:
        """Lower the policy to rules, exactly. Raises InputError when quotas or the cloud's rules do not suffice."""

    def documents(self, lowered: Lowered, deployment: Deployment) -> Mapping[str, Document]:
        """The Terraform JSON documents of the module: file name (`main.tf.json`, ...) -> document."""

    def read_back(self, documents: Mapping[str, Document]) -> ReadBack:
        """Evaluate such documents as terraform would, whoever wrote them."""
