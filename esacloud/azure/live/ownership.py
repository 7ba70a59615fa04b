"""Which groups are this deployment's, and the refusal of those that only look like it.

Anybody who may write a group can copy tags to it, or remove ours. Its name never changes and is unique. So a group is this
deployment's when it has the name that is made for the interface in its tags, when the file names it, or when the tag of an
adopted group has its own name. Where somebody has removed our tags, the name and the tag of its creator suffice. A group
with our tags and without any of this is refused, and left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from esacloud.azure.live.documents import Document, tags_of
from esacloud.azure.live.scope import GROUPS, MADE_BY, MADE_TAG, MEMBERS, Scope
from esacloud.errors import InputError, Problem
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG


@dataclass(frozen=True, slots=True)
class Claim:
    """The interface that a group belongs to, and whether that is proven.

    `interface` is None for a group that is not this deployment's. One that is not proven has only our tags (`tagged`), or
    only our name.
    """

    interface: str | None = None
    proven: bool = False
    tagged: bool = False


def claim(name: str, tags: Mapping[str, str], kind: str, where: Scope) -> Claim:
    """Whether a group is this deployment's, by its name, its tags and the file."""
    interface = tags.get(INTERFACE_TAG)
    adopted = {title.lower(): one for one, title in where.adopted.items()} if kind == GROUPS else {}
    if name.lower() in adopted:
        return Claim(adopted[name.lower()], proven=True)
    owner = tags.get(DEPLOYMENT_TAG)
    if owner not in (None, where.deployment):
        return Claim()
    named = {where.title(kind, one).lower(): one for one in (*where.interfaces, *([interface] if interface else ()))}
    fits = named.get(name.lower())
    if fits is not None and interface in (None, fits) and (owner is not None or tags.get(MADE_TAG) == MADE_BY):
        return Claim(fits, proven=True)
    if owner is None:
        return Claim(fits)
    if interface is None:
        return Claim()
    adopted_before = kind == GROUPS and where.is_adopted(name, interface, tags)
    return Claim(interface, proven=adopted_before, tagged=not adopted_before)


def check_adopted(where: Scope, security: Mapping[str, Document]) -> None:
    """Refuse names of the file that do not exist or belong to another deployment. Raises InputError."""
    problems = []
    for interface, name in where.adopted.items():
        place = where.place.at(f"cloud.azure.interfaces.{interface}.group")
        document = security.get(interface)
        if document is None or str(document["name"]).lower() != name.lower():
            message = f"There is no network security group {name} in {where.resource_group}."
            hint = "Write the name of a group in that resource group, or remove the key."
            problems.append(Problem(place, message, hint))
            continue
        owner = tags_of(document).get(DEPLOYMENT_TAG, where.deployment)
        if owner != where.deployment:
            message = f"The network security group {name} belongs to the deployment {owner}."
            problems.append(Problem(place, message, "Name another group for this deployment."))
    if problems:
        raise InputError(*problems)


def duplicate_groups(where: Scope, interface: str, first: Document, second: Document) -> Problem:
    """Two groups of one interface, such as one that terraform made and one that `apply` made."""
    message = f"{first['name']} and {second['name']} are both the group of {interface} of {where.deployment}."
    return Problem(where.place, message, f"Remove the tag {DEPLOYMENT_TAG} from the one that does not belong to it.")


def stray(document: Document, kind: str, interface: str, where: Scope, *, alone: bool) -> Problem:
    """A group with our tags that is not provably ours. `alone`: whether the interface has no other group."""
    name, title = str(document["name"]), where.title(kind, interface)
    message = (
        f"{name} has the tags of the group of {interface} of {where.deployment}, which would have the name {title}. Tags "
        "can be copied, so they do not prove that it belongs to this deployment."
    )
    removal = f"Remove the tag {DEPLOYMENT_TAG} from {name}"
    if kind == MEMBERS or not alone:
        return Problem(where.place, message, f"{removal}.")
    hint = f"{removal}, or adopt it: write `group: {name}` under `cloud.azure.interfaces.{interface}`."
    prefix = name[: -len(interface)] if name.lower().endswith(interface.lower()) else ""
    if prefix:
        hint += f" If it was made with another `name_prefix`: write `name_prefix: {prefix}` under `cloud.azure`."
    return Problem(where.place.at(f"cloud.azure.interfaces.{interface}"), message, hint)


def left_alone(names: Iterable[tuple[str, str]], where: Scope) -> Iterable[Problem]:
    """Groups, by name and ID, that have only our names, where a deployment is to be destroyed."""
    for name, resource_id in names:
        message = (
            f"No group provably belongs to {where.deployment}. {name} has the name of one, but not the tags "
            f"{DEPLOYMENT_TAG} and {MADE_TAG}: somebody removed them, or esacloud did not create it. It is kept."
        )
        hint = (
            f"If it is this deployment's, restore the tags and repeat: az tag update --resource-id {resource_id} "
            f"--operation merge --tags '{MADE_TAG}={MADE_BY}' '{DEPLOYMENT_TAG}={where.deployment}'. "
            "Otherwise nothing is left."
        )
        yield Problem(where.place, message, hint)
