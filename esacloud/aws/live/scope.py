"""Where a deployment's security groups are, which groups are its own, and the refusal of those that only look like it.

Groups are found by two tags, which the Terraform module writes too, so that a plan also shows drift of a group that
terraform made. A tag proves nothing, because anybody can write it. A group is this deployment's by its name and
description, which EC2 never changes, by its id in the deployment file, or by a tag that repeats its own id, which `apply`
writes to a group that it adopts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from esacloud.aws.descriptions import group_description
from esacloud.aws.limits import limits
from esacloud.aws.live.rules import quota
from esacloud.aws.terraform.write import default_prefix
from esacloud.change.model import LiveGroup, State
from esacloud.deployment.model import Deployment
from esacloud.errors import Place, Problem, refuse
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG

NAME_TAG, ADOPTED_TAG = "Name", "esacloud:adopted"
AT_INTERFACE = "groups at an interface"
_Described = Mapping[str, Any]
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

    def identity(self, group: _Described) -> Identity | None:
        """Which group of this deployment it is, by its name and description; None for any other."""
        found, title = self._described(group), str(group.get("GroupName", ""))
        if found is None:
            return None
        plain = _TERRAFORM_SUFFIX.sub("", title)
        if plain != title:  # its prefix is the module's own variable
            return replace(found, by_terraform=True) if plain.endswith(found.name) else None
        return found if title == self.title(found.name) else None

    def other_prefix(self, group: _Described) -> str | None:
        """The `name_prefix` with which the group would be this deployment's."""
        found, title = self._described(group), str(group.get("GroupName", ""))
        return title.removesuffix(found.name) if found and title.endswith(found.name) else None

    def _described(self, group: _Described) -> Identity | None:
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
    quotas = limits(settings.quotas)
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


def tags_of(group: _Described) -> dict[str, str]:
    """The tags of a described group."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in group.get("Tags", ())}


def adopted_problems(where: Scope, existing: Mapping[str, _Described]) -> Iterator[Problem]:
    """Ids of the file that do not exist, or that belong to another deployment."""
    for interface, name in where.adopted.items():
        place = where.place.at(f"cloud.aws.interfaces.{interface}.group")
        if name not in existing:
            message = f"There is no security group {name} in {where.vpc}."
            yield Problem(place, message, "Write the ID of a group in that VPC, or remove the key.")
        elif (owner := tags_of(existing[name]).get(DEPLOYMENT_TAG, where.deployment)) != where.deployment:
            message = f"The security group {name} belongs to the deployment {owner}."
            yield Problem(place, message, "Name another group for this deployment.")


def check_names(where: Scope, named: Iterable[_Described], desired: State | None) -> None:
    """Refuse names that groups of others have. Raises InputError."""
    interfaces = {group.title: group.interface for group in desired.groups} if desired else {}
    refuse(
        Problem(
            where.place.at("cloud.aws.name_prefix"),
            f"The security group {group['GroupId']} in {where.vpc} has the name {group['GroupName']}, which this "
            "deployment needs for its own group, and esacloud did not make it.",
            f"Write another `name_prefix`, or adopt it: `group: {group['GroupId']}` under "
            f"`cloud.aws.interfaces.{interfaces.get(str(group['GroupName']), 'INTERFACE')}`.",
        )
        for group in named
        if where.identity(group) is None
    )


def check_tags(where: Scope, groups: Iterable[_Described], desired: State | None) -> None:
    """Refuse groups that have this deployment's tags and are not its groups. Raises InputError."""
    known = {*where.adopted.values(), *(group.id for group in (desired.groups if desired else ()))}
    refuse(
        _stray(where, group)
        for group in groups
        if group["GroupId"] not in known and where.identity(group) is None and not was_adopted(group)
    )


def was_adopted(group: _Described) -> bool:
    """Whether `apply` adopted this group. Tags that were copied from an adopted group have the id of that one."""
    return tags_of(group).get(ADOPTED_TAG) == str(group["GroupId"])


def _stray(where: Scope, group: _Described) -> Problem:
    name, interface = group["GroupId"], tags_of(group).get(INTERFACE_TAG, "INTERFACE")
    message = (
        f"The security group {name} ({group['GroupName']}) has the tags of the interface {interface} of "
        f"{where.deployment}, but its name and description are not those of a group that esacloud made."
    )
    prefix = where.other_prefix(group)
    hint = (
        f"Remove the tags: aws ec2 delete-tags --resources {name} --tags Key={DEPLOYMENT_TAG} Key={INTERFACE_TAG}. "
        f"Or adopt it: write `group: {name}` under `cloud.aws.interfaces.{interface}`."
    )
    if prefix:
        hint += f" If it was made with another name_prefix: write `name_prefix: {prefix}`."
    return Problem(where.place.at("cloud.aws.interfaces"), message, hint)


def identified(group: _Described, where: Scope, known: LiveGroup | None) -> Identity:
    """Which group of the deployment this is.

    A group that was adopted before, or that the file replaces by an adopted one, gets a name that no desired group has.
    """
    name = str(group["GroupId"])
    for interface, adopted in where.adopted.items():
        if adopted == name:
            return Identity(interface, interface)
    if known is not None:
        return Identity(known.name, known.interface)
    found = where.identity(group)
    if found is not None:
        return replace(found, name=f"{found.name} (made)") if found.name in where.adopted else found
    interface = tags_of(group).get(INTERFACE_TAG, "")
    return Identity(f"{interface} ({name})", interface)


def duplicate_groups(where: Scope, identity: Identity, first: _Described, second: _Described) -> Problem:
    """Two groups with one identity, such as one that terraform made and one that `apply` made."""
    names = " and ".join(f"{group['GroupId']} ({group['GroupName']})" for group in (first, second))
    message = f"{names} are both {identity.name} of {where.deployment}."
    hint = f"Remove the tag {DEPLOYMENT_TAG} from the one that does not belong to {where.deployment}."
    return Problem(where.place.at("cloud.aws.interfaces"), message, hint)
