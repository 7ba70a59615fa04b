"""Which groups are this deployment's, and the refusal of those that only look like it. `scope.py` has the criteria."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from esacloud.aws.live.scope import ADOPTED_TAG, Identity, Scope
from esacloud.change.model import LiveGroup, State
from esacloud.errors import InputError, Problem
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG

_Described = Mapping[str, Any]


def tags_of(group: _Described) -> dict[str, str]:
    """The tags of a described group."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in group.get("Tags", ())}


def check_adopted(where: Scope, groups: Iterable[_Described]) -> None:
    """Refuse ids of the file that do not exist or belong to another deployment. Raises InputError."""
    existing = {str(group["GroupId"]): group for group in groups}
    problems = []
    for interface, name in where.adopted.items():
        place = where.place.at(f"cloud.aws.interfaces.{interface}.group")
        if name not in existing:
            message = f"There is no security group {name} in {where.vpc}."
            problems.append(Problem(place, message, "Write the ID of a group in that VPC, or remove the key."))
            continue
        owner = tags_of(existing[name]).get(DEPLOYMENT_TAG, where.deployment)
        if owner != where.deployment:
            message = f"The security group {name} belongs to the deployment {owner}."
            problems.append(Problem(place, message, "Name another group for this deployment."))
    if problems:
        raise InputError(*problems)


def check_names(where: Scope, named: Iterable[_Described], desired: State | None) -> None:
    """Refuse names that groups of others have. Raises InputError."""
    interfaces = {group.title: group.interface for group in desired.groups} if desired else {}
    problems = [
        Problem(
            where.place.at("cloud.aws.name_prefix"),
            f"The security group {group['GroupId']} in {where.vpc} has the name {group['GroupName']}, which this "
            "deployment needs for its own group, and esacloud did not make it.",
            f"Write another `name_prefix`, or adopt it: `group: {group['GroupId']}` under "
            f"`cloud.aws.interfaces.{interfaces.get(str(group['GroupName']), 'INTERFACE')}`.",
        )
        for group in named
        if where.identity(group) is None
    ]
    if problems:
        raise InputError(*problems)


def check_tags(where: Scope, groups: Iterable[_Described], desired: State | None) -> None:
    """Refuse groups that have this deployment's tags and are not its groups. Raises InputError."""
    known = {*where.adopted.values(), *(group.id for group in (desired.groups if desired else ()))}
    problems = [
        _stray(where, group)
        for group in groups
        if group["GroupId"] not in known and where.identity(group) is None and not was_adopted(group)
    ]
    if problems:
        raise InputError(*problems)


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
