"""Where a deployment's security groups are: region, VPC, names, tags, and the file's settings of each interface.

Groups are found by two tags, which the Terraform module writes too, so that a plan also shows drift of a group that
terraform made. A tag proves nothing, because anybody can write it. A group is this deployment's by its name and
description, which EC2 never changes, by its id in the deployment file, or by a tag that repeats its own id, which `apply`
writes to a group that it adopts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from esacloud.aws.descriptions import group_description
from esacloud.aws.limits import limits
from esacloud.aws.live.rules import quota
from esacloud.aws.terraform.write import default_prefix
from esacloud.change.model import State
from esacloud.deployment.model import Deployment
from esacloud.errors import Place

NAME_TAG, ADOPTED_TAG = "Name", "esacloud:adopted"
AT_INTERFACE = "groups at an interface"
_TERRAFORM_SUFFIX = re.compile(r"-[0-9]{18}[0-9a-f]{8}$")  # terraform-plugin-sdk, helper/id: PrefixedUniqueId
_MADE = re.compile(r"Interface (?P<interface>.+) of (?P<deployment>.+?)(?:, part (?P<number>[0-9]+))?, made by esacloud$")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which group of the deployment a security group is: `data1-2`. `by_terraform`: terraform made it from our module."""

    name: str
    interface: str
    by_terraform: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
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
        """Its part in a snapshot."""
        return {"region": self.region, "vpc": self.vpc, "prefix": self.prefix}

    def title(self, name: str) -> str:
        """The name in EC2 of a group of this deployment."""
        return f"{self.prefix}{name}"

    def identity(self, group: Mapping[str, Any]) -> Identity | None:
        """Which group of this deployment it is, by its name and description; None for any other."""
        found, title = self._described(group), str(group.get("GroupName", ""))
        if found is None:
            return None
        plain = _TERRAFORM_SUFFIX.sub("", title)
        if plain != title:  # its prefix is the module's own variable
            return replace(found, by_terraform=True) if plain.endswith(found.name) else None
        return found if title == self.title(found.name) else None

    def other_prefix(self, group: Mapping[str, Any]) -> str | None:
        """The `name_prefix` with which the group would be this deployment's."""
        found, title = self._described(group), str(group.get("GroupName", ""))
        return title.removesuffix(found.name) if found and title.endswith(found.name) else None

    def _described(self, group: Mapping[str, Any]) -> Identity | None:
        """Which group of this deployment it is by its description alone."""
        text = str(group.get("Description", ""))
        if (found := _MADE.match(text)) is None:
            return None
        interface, number = found["interface"], int(found["number"] or 1)
        name = interface if number == 1 else f"{interface}-{number}"
        return Identity(name, interface) if text == group_description(self.deployment, interface, number) else None

    def state(self, groups: Iterable[Any], **more: Any) -> State:
        """A state of these groups."""
        return State("aws", self.deployment, self.scope(), tuple(groups), self.limits, **more)


def of_deployment(deployment: Deployment, region: str | None) -> Scope:
    """The scope of a deployment file; `region` overrides that of the file."""
    settings = deployment.clouds["aws"]
    quotas = limits(deployment)
    return Scope(
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


def of_snapshot(found: Mapping[str, Any], region: str | None) -> Scope:
    """The scope of a snapshot."""
    scope = found["scope"]
    at_interface = Counter(group["interface"] for group in found["groups"])
    quotas = {**found["limits"], AT_INTERFACE: max(found["limits"][AT_INTERFACE], *at_interface.values(), 0)}
    return Scope(
        region=region or scope["region"],
        vpc=scope["vpc"],
        deployment=found["deployment"],
        prefix=scope["prefix"],
        limits=quotas,  # what existed once fits again
        adopted={
            group["interface"]: group["id"]
            for group in found["groups"]
            if group["adopted"] and group["id"] and group["name"] == group["interface"]
        },
    )
