"""Where a deployment's network security groups are: subscription, resource group, names, tags, and the file's settings.

Groups are found by two tags, which the Terraform module writes too, so that a plan also shows drift of a group that
terraform made. A third tag, which terraform does not write, shows that `esacloud apply` made a group. Tags can be copied
and removed, and a name never changes: `ownership.py` has what they prove together. Azure ignores the case of names; an ID
is kept in the spelling in which it was first seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from esacloud.azure.arm_rules import SIDES
from esacloud.azure.dialect import is_resource_id
from esacloud.azure.limits import limits
from esacloud.azure.model import SELF
from esacloud.azure.terraform.write import default_prefix
from esacloud.change.model import State
from esacloud.deployment.model import Deployment
from esacloud.errors import Place

MADE_TAG = "esacloud:made-by"
MADE_BY = "esacloud apply"
ADOPTED_TAG = "esacloud:adopted"
"""On a group that the file names with `group`: its own name, so that a copy of its tags fits no other group."""
SUBSCRIPTION_VARIABLE = "AZURE_SUBSCRIPTION_ID"
GROUPS, MEMBERS = "networkSecurityGroups", "applicationSecurityGroups"
INTERFACES, SUBNETS, NETWORKS = "networkInterfaces", "virtualNetworks/subnets", "virtualNetworks"
_SUFFIX = "-members"  # as in the Terraform module
_read_id = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Network/"
    r"(?P<kind>[^/]+)/(?P<name>[^/]+)(?:/(?P<part>[^/]+)/(?P<child>[^/]+))?",
    re.IGNORECASE,
).fullmatch


class ResourceId(NamedTuple):
    """The parts of an ARM ID of Microsoft.Network; `names` has the resource's own and, before a subnet's, its network's."""

    subscription: str
    group: str
    kind: str
    names: tuple[str, ...]


def parse_id(text: str) -> ResourceId:
    """The parts of an ID of one of the kinds that this package uses. Raises ValueError."""
    found = _read_id(text)
    if found:
        kind = f"{found['kind']}/{found['part']}" if found["part"] else found["kind"]
        for known in (GROUPS, MEMBERS, INTERFACES, SUBNETS):
            if kind.lower() == known.lower():
                names = (found["name"], found["child"]) if found["child"] else (found["name"],)
                return ResourceId(found["subscription"], found["group"], known, names)
    raise ValueError(f"{text!r} is not the ID of a supported resource")


def is_members(name: str) -> bool:
    """Whether a group of a state is the application security group of an interface, not its network security group."""
    return name.endswith(_SUFFIX)


def members_name(interface: str) -> str:
    """The name of an interface's application security group in a state."""
    return f"{interface}{_SUFFIX}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Subscription, resource group and deployment; `adopted`: interface -> name of a group; `attached`: interface -> IDs.

    `interfaces` are those of the file, or of the snapshot. `spellings` and `named` collect, by ID in lower case, how an ID
    is written, and how an application security group is written in a rule.
    """

    subscription: str
    resource_group: str
    location: str
    deployment: str
    prefix: str
    limits: Mapping[str, int]
    adopted: Mapping[str, str] = field(default_factory=dict)
    attached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()
    place: Place = field(default_factory=lambda: Place("azure"))
    spellings: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def scope(self) -> dict[str, str]:
        """Its part in a snapshot."""
        return {
            "subscription": self.subscription,
            "resource_group": self.resource_group,
            "location": self.location,
            "prefix": self.prefix,
        }

    def state(self, groups: Iterable[Any], **more: Any) -> State:
        """A state of these groups."""
        return State("azure", self.deployment, self.scope(), tuple(groups), self.limits, **more)

    def resource(self, kind: str, name: str) -> str:
        """The ID of a resource in the deployment's resource group."""
        return self.spelled(self._id(kind, name))

    def _id(self, kind: str, name: str) -> str:
        scope = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        return f"{scope}/providers/Microsoft.Network/{kind}/{name}"

    def spelled(self, resource_id: str) -> str:
        """The ID as it was first seen."""
        return self.spellings.setdefault(resource_id.lower(), resource_id)

    def title(self, kind: str, interface: str) -> str:
        """The name of the group that `apply` and the Terraform module create for an interface."""
        return f"{self.prefix}{members_name(interface) if kind == MEMBERS else interface}"

    def is_adopted(self, name: str, interface: str, tags: Mapping[str, str]) -> bool:
        """Whether a network security group of this deployment is one that the file adopts, or adopted before."""
        if self.adopted.get(interface, "").lower() == name.lower():
            return True
        return tags.get(ADOPTED_TAG, "").lower() == name.lower() and tags.get(MADE_TAG) != MADE_BY

    def learn_group(self, text: str) -> None:
        """Remember how the file writes an application security group: its name, or its whole ID."""
        if text != SELF:
            self.named[self.group_id(text).lower()] = text

    def group_name(self, resource_id: str) -> str:
        """How an application security group is written in a rule: as in the file, or by name in the same resource group."""
        key, here = resource_id.lower(), self.group_id("").lower()
        return self.named.setdefault(key, resource_id[len(here) :] if key.startswith(here) else resource_id)

    def group_id(self, text: str) -> str:
        """The whole ID of an application security group."""
        return text if is_resource_id(text) else self._id(MEMBERS, text)


def of_deployment(deployment: Deployment, subscription: str, location: str | None) -> Scope:
    """The scope of a deployment file; `location` overrides that of the file."""
    settings = deployment.clouds["azure"]
    values = settings.values
    attachments = {
        name: (*keys.get("network_interfaces", ()), *keys.get("subnets", ())) for name, keys in settings.interfaces.items()
    }
    where = Scope(
        subscription=subscription,
        resource_group=values["resource_group"],
        location=location or values["location"],
        deployment=deployment.name,
        prefix=values.get("name_prefix") or default_prefix(deployment.name),
        limits=asdict(limits(settings.quotas)),
        adopted={name: keys["group"][0] for name, keys in settings.interfaces.items() if keys.get("group")},
        attached=attachments,
        interfaces=tuple(one.name for one in deployment.interfaces),
        place=settings.place,
    )
    for ids in attachments.values():
        for one in ids:
            where.spelled(one)
    return where


def of_snapshot(found: Mapping[str, Any], location: str | None) -> Scope:
    """The scope of a snapshot."""
    scope, groups = found["scope"], found["groups"]
    where = Scope(
        subscription=scope["subscription"],
        resource_group=scope["resource_group"],
        location=location or scope["location"],
        deployment=found["deployment"],
        prefix=scope["prefix"],
        limits=found["limits"],
        adopted={group["interface"]: group["title"] for group in groups if group["adopted"]},
        interfaces=tuple(dict.fromkeys(group["interface"] for group in groups)),
    )
    for group in groups:
        for one in group["attached"]:
            where.spelled(one)
        for rule in group["rules"]:
            for side in SIDES:
                for name in rule["native"].get(f"{side}ApplicationSecurityGroups", ()):
                    where.learn_group(name)
    return where
