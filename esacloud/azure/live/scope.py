"""Where a deployment's network security groups are: subscription, resource group, names, tags, and what the file says.

Our groups are found by two tags, which the Terraform module writes too, so that a plan also shows what differs from a
group that terraform made. That `esacloud apply` made a group is told by a third tag, which terraform does not write. Tags
can be copied and taken off, and a name never changes: `live_identity` says what the two prove together. Azure's names do
not tell upper from lower case; an id is known here in the spelling in which it was first seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from esacloud.azure.limits import limits
from esacloud.azure.model import SELF
from esacloud.azure.terraform.write import default_prefix
from esacloud.change.model import State
from esacloud.deployment.model import Deployment
from esacloud.errors import Place

MADE_TAG = "esacloud:made-by"
MADE_BY = "esacloud apply"
ADOPTED_TAG = "esacloud:adopted"
"""On a group that the file names with `group`: that group's own name, so that a copy of its tags fits no other."""
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
    """What an ARM id of Microsoft.Network says; `names` are the resource's own and, for a subnet, its network's before."""

    subscription: str
    group: str
    kind: str
    names: tuple[str, ...]


def parse_id(text: str) -> ResourceId:
    """The parts of an id of one of the kinds that are known here. Raises ValueError."""
    found = _read_id(text)
    if found:
        kind = f"{found['kind']}/{found['part']}" if found["part"] else found["kind"]
        for known in (GROUPS, MEMBERS, INTERFACES, SUBNETS):
            if kind.lower() == known.lower():
                names = (found["name"], found["child"]) if found["child"] else (found["name"],)
                return ResourceId(found["subscription"], found["group"], known, names)
    raise ValueError(f"{text!r} is no id that is known here")


def is_members(name: str) -> bool:
    """Whether a group of a state is the application security group of an interface, and not its security group."""
    return name.endswith(_SUFFIX)


def members_name(interface: str) -> str:
    """The name of an interface's application security group in a state."""
    return f"{interface}{_SUFFIX}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Subscription, resource group and deployment; `adopted`: interface -> name of a group; `attached`: interface -> ids.

    `interfaces` are those that the file has, or the snapshot.

    `spellings` learns how an id is written, `named` how an application security group in a rule is: by id in lower case.
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
        """What a snapshot has to hold to find this place again."""
        return {
            "subscription": self.subscription,
            "resource_group": self.resource_group,
            "location": self.location,
            "prefix": self.prefix,
        }

    def state(self, groups: Iterable[Any], **more: Any) -> State:
        """A state in this place."""
        return State("azure", self.deployment, self.scope(), tuple(groups), self.limits, **more)

    def resource(self, kind: str, name: str) -> str:
        """The id of a resource in the deployment's resource group."""
        scope = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        return self.spelled(f"{scope}/providers/Microsoft.Network/{kind}/{name}")

    def spelled(self, resource_id: str) -> str:
        """The id as it was first seen."""
        return self.spellings.setdefault(resource_id.lower(), resource_id)

    def title(self, kind: str, interface: str) -> str:
        """The name of the group that is made for an interface, here and by the Terraform module."""
        return f"{self.prefix}{members_name(interface) if kind == MEMBERS else interface}"

    def is_adopted(self, name: str, interface: str, tags: Mapping[str, str]) -> bool:
        """Whether a network security group of this deployment is one that the file names, or named earlier."""
        if self.adopted.get(interface, "").lower() == name.lower():
            return True
        return tags.get(ADOPTED_TAG, "").lower() == name.lower() and tags.get(MADE_TAG) != MADE_BY

    def learn_group(self, text: str) -> None:
        """Remember how the file writes an application security group: its name, or its whole id."""
        if text != SELF:
            self.named[self.group_id(text).lower()] = text

    def group_name(self, resource_id: str) -> str:
        """How an application security group in a rule is written: as in the file, else by its name where it is near."""
        key, here = resource_id.lower(), self.group_id("").lower()
        return self.named.setdefault(key, resource_id[len(here) :] if key.startswith(here) else resource_id)

    def group_id(self, text: str) -> str:
        """The whole id of an application security group that rules speak of."""
        if text.startswith("/"):
            return text
        scope = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        return f"{scope}/providers/Microsoft.Network/{MEMBERS}/{text}"


def of_deployment(deployment: Deployment, subscription: str, location: str | None) -> Scope:
    """The place that a deployment file names; `location` stands in for the file's."""
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
    """The place that a snapshot was taken of."""
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
            for side in ("source", "destination"):
                for name in rule["native"].get(f"{side}ApplicationSecurityGroups", ()):
                    where.learn_group(name)
    return where
