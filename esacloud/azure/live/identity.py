"""Whose a group in the resource group is: what proves that it is this deployment's, and what only says so.

Whoever may write a group can copy tags onto it, or take ours off. Its name never changes, and no other has it. So a group
is this deployment's when its name is the one that is made for the interface in its tags, or when the file names it, or when
the tag of an adopted group has its own name. Where somebody took our tags off, its name and the tag of who made it suffice.
A group that has our tags and nothing else of this is refused by name, and left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from esacloud.azure.live.scope import GROUPS, MADE_BY, MADE_TAG, MEMBERS, Scope
from esacloud.errors import Problem
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of one group: the interface that it is of, and whether that is proven.

    `interface` is None for a group that is not this deployment's. One that is not proven has our tags alone (`tagged`), or
    our name alone.
    """

    interface: str | None = None
    proven: bool = False
    tagged: bool = False


def claim(name: str, tags: Mapping[str, str], kind: str, where: Scope) -> Claim:
    """Whose a group is, by its name and tags and by what the file says."""
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


def misfit(document: Mapping[str, Any], kind: str, interface: str, where: Scope, *, alone: bool) -> Problem:
    """A group with our tags that nothing proves to be ours. `alone`: whether the interface has no other group."""
    name, title = str(document["name"]), where.title(kind, interface)
    message = (
        f"{name} has the tags of the group of {interface} of {where.deployment}, which would be named {title}. Tags can be "
        "copied, so they alone do not prove that it is this deployment's."
    )
    off = f"Take the tag {DEPLOYMENT_TAG} off {name}"
    if kind == MEMBERS or not alone:
        return Problem(where.place, message, f"{off}.")
    hint = f"{off}, or adopt it: `group: {name}` under `cloud.azure.interfaces.{interface}`."
    prefix = name[: -len(interface)] if name.lower().endswith(interface.lower()) else ""
    if prefix:
        hint += f" If it was made with another `name_prefix`, write that: `name_prefix: {prefix}` under `cloud.azure`."
    return Problem(replace(where.place, key=f"cloud.azure.interfaces.{interface}"), message, hint)


def left_alone(names: Iterable[tuple[str, str]], where: Scope) -> Iterable[Problem]:
    """Groups, by name and id, that have our names and nothing else of ours, where a deployment is to be taken away."""
    for name, resource_id in names:
        message = (
            f"No group is provably of {where.deployment}, but {name} has the name of one, without the tags "
            f"{DEPLOYMENT_TAG} and {MADE_TAG}: somebody took them off, or esacloud did not make it. It is left in place."
        )
        hint = (
            f"If it is this deployment's, put the tag back and run it again: az tag update --resource-id {resource_id} "
            f"--operation merge --tags '{MADE_TAG}={MADE_BY}' '{DEPLOYMENT_TAG}={where.deployment}'. Else nothing is left."
        )
        yield Problem(where.place, message, hint)
