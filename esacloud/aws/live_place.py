"""Where a deployment's security groups are: region, VPC, names, tags, and what the file says of each interface.

Our groups are found by two tags, which the Terraform module writes too, so that a plan also shows what differs from a
group that terraform made. That `esacloud apply` made a group is told by what EC2 never changes: its description, and its
name without the 26 characters that terraform puts behind a prefix.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from esacloud.aws.limits import limits
from esacloud.aws.live_rules import quota
from esacloud.aws.terraform import default_prefix
from esacloud.deployment.model import Deployment
from esacloud.errors import Place
from esacloud.live.model import State

NAME_TAG = "Name"
AT_INTERFACE = "groups at an interface"
_TERRAFORM_SUFFIX = re.compile(r"[0-9]{18}[0-9a-f]{8}$")  # terraform-plugin-sdk, helper/id: PrefixedUniqueId


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Region, VPC and deployment; `adopted`: interface -> group id; `attached`: interface -> network interface ids."""

    region: str
    vpc: str
    deployment: str
    prefix: str
    limits: Mapping[str, int]
    adopted: Mapping[str, str] = field(default_factory=dict)
    attached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    place: Place = field(default_factory=lambda: Place("aws"))

    def scope(self) -> dict[str, str]:
        """What a snapshot has to hold to find this place again."""
        return {"region": self.region, "vpc": self.vpc, "prefix": self.prefix}

    def made_here(self, group: Mapping[str, Any], interface: str) -> bool:
        """Whether `esacloud apply` made the group."""
        said = str(group.get("Description", ""))
        ours = said.startswith(f"Interface {interface} of {self.deployment}") and said.endswith(", made by esacloud")
        return ours and not _TERRAFORM_SUFFIX.search(str(group.get("GroupName", "")))

    def state(self, groups: Iterable[Any], **more: Any) -> State:
        """A state in this place."""
        return State("aws", self.deployment, self.scope(), tuple(groups), self.limits, **more)


def of_deployment(deployment: Deployment, region: str | None) -> Whereabouts:
    """The place that a deployment file names; `region` stands in for the file's."""
    settings = deployment.clouds["aws"]
    quotas = limits(deployment)
    return Whereabouts(
        region=region or settings.values["region"],
        vpc=settings.values["vpc"],
        deployment=deployment.name,
        prefix=settings.values.get("name_prefix") or default_prefix(deployment.name),
        limits={
            quota(4): quotas.rules_per_group,
            quota(6): quotas.rules_per_group,
            AT_INTERFACE: quotas.groups_per_interface,
        },
        adopted={name: keys["group"][0] for name, keys in settings.interfaces.items() if keys.get("group")},
        attached={name: keys.get("network_interfaces", ()) for name, keys in settings.interfaces.items()},
        place=settings.place,
    )


def of_snapshot(found: Mapping[str, Any], region: str | None) -> Whereabouts:
    """The place that a snapshot was taken of."""
    scope = found["scope"]
    at_interface = Counter(group["interface"] for group in found["groups"])  # what was there once fits again
    room = {**found["limits"], AT_INTERFACE: max(found["limits"][AT_INTERFACE], *at_interface.values(), 0)}
    return Whereabouts(
        region=region or scope["region"],
        vpc=scope["vpc"],
        deployment=found["deployment"],
        prefix=scope["prefix"],
        limits=room,
        adopted={group["interface"]: group["id"] for group in found["groups"] if group["adopted"] and group["id"]},
    )
