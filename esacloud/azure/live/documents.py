"""Groups, subnets and network interfaces, between the API's documents and the values of a state.

A document is written as it was read, with one change; properties that only Azure sets are omitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from esacloud.azure.arm_rules import SIDES
from esacloud.azure.live.rules import Judge, body, from_document
from esacloud.azure.live.scope import MADE_BY, MADE_TAG, Scope, members_name
from esacloud.change.model import LiveGroup

Document = dict[str, Any]
SUCCEEDED, DELETING = "Succeeded", "Deleting"
ENDED = {"Failed": "ended as failed", "Canceled": "was canceled"}
"""The states of a change that has ended without success, in words."""
_GROUP = "networkSecurityGroup"
_JOINED = "applicationSecurityGroups"
_SET_BY_AZURE = ("defaultSecurityRules", "networkInterfaces", "subnets", "flowLogs", "resourceGuid", "provisioningState")


def properties_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a resource or of a part of it."""
    return document.get("properties") or {}


def etag_of(document: Document) -> str:
    """The ETag of a document."""
    return str(document.get("etag", "*"))


def attachments_of(document: Document) -> list[str]:
    """The IDs of the network interfaces and subnets in the document of a network security group."""
    given = properties_of(document)
    return [str(one["id"]) for key in ("networkInterfaces", "subnets") for one in given.get(key) or ()]


def state_of(document: Document) -> str:
    """Succeeded, or Creating, Updating, Deleting while a change runs, or Failed, Canceled.

    No state means success: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
    """
    return str(properties_of(document).get("provisioningState") or SUCCEEDED)


def tags_of(document: Document) -> dict[str, str]:
    """The tags of a resource."""
    return {str(key): str(value) for key, value in (document.get("tags") or {}).items()}


def security_group(document: Document, interface: str, own_members: str, where: Scope, judge: Judge) -> LiveGroup:
    """A network security group, with the subnets and network interfaces that it is attached to."""
    given = properties_of(document).get("securityRules") or ()
    rules = (judge.learn(from_document(rule, where, own_members)) for rule in given)
    adopted = where.is_adopted(str(document["name"]), interface, tags_of(document))
    return LiveGroup(
        name=interface,
        interface=interface,
        title=str(document["name"]),
        description="",
        rules=tuple(sorted(rules, key=lambda rule: rule.key)),
        tags=tags_of(document),
        attached=tuple(sorted(map(where.spelled, attachments_of(document)))),
        id=where.spelled(str(document["id"])),
        made_here=not adopted and tags_of(document).get(MADE_TAG) == MADE_BY,
        adopted=adopted,
        judge=judge,
    )


def members_group(document: Document, interface: str, attached: Iterable[str], where: Scope) -> LiveGroup:
    """An application security group, with those of its network interfaces that were read."""
    return LiveGroup(
        name=members_name(interface),
        interface=interface,
        title=str(document["name"]),
        description="",
        rules=(),
        tags=tags_of(document),
        attached=tuple(sorted(attached)),
        id=where.spelled(str(document["id"])),
        made_here=tags_of(document).get(MADE_TAG) == MADE_BY,
    )


def security_group_body(
    group: LiveGroup, tags: Mapping[str, str], now: Document | None, own_members: str, where: Scope
) -> Document:
    """The document to write: all rules of the group, existing ones in the spelling that they have."""
    known: dict[tuple[str, str], Any] = {}
    given: dict[str, Any] = {}
    if now is not None:
        given = {key: value for key, value in now["properties"].items() if key not in _SET_BY_AZURE}
        for rule in given.get("securityRules") or ():
            found = from_document(rule, where, own_members)
            known[found.key, found.description] = _without_state(rule)
    in_order = sorted(group.rules, key=lambda rule: (rule.direction, rule.native["priority"], rule.key))
    rules = [known.get((rule.key, rule.description)) or body(rule, where, own_members) for rule in in_order]
    location = now["location"] if now is not None else where.location
    return {"location": location, "tags": dict(tags), "properties": {**given, "securityRules": rules}}


def _without_state(rule: Mapping[str, Any]) -> dict[str, Any]:
    properties = {key: value for key, value in rule["properties"].items() if key != "provisioningState"}
    return {"name": rule["name"], "properties": properties}


def attached_group(document: Document) -> str:
    """The ID of the network security group that is attached to a subnet or a network interface, "" for none."""
    found = properties_of(document).get(_GROUP)
    return str(found["id"]) if found else ""


def joined(document: Document) -> set[str]:
    """The IDs, in lower case, of the application security groups of a network interface."""
    return {
        str(one["id"]).lower()
        for configuration in properties_of(document).get("ipConfigurations") or ()
        for one in properties_of(configuration).get(_JOINED) or ()
    }


def named_in(document: Document) -> set[str]:
    """The IDs, in lower case, of the application security groups that the rules of a security group name."""
    return {
        str(one["id"]).lower()
        for rule in properties_of(document).get("securityRules") or ()
        for side in SIDES
        for one in rule["properties"].get(f"{side}ApplicationSecurityGroups") or ()
    }


def with_group(document: Document, group: str | None) -> Document:
    """The subnet or network interface with another network security group, or with none."""
    changed = deepcopy(document)
    changed["properties"].pop(_GROUP, None)
    if group is not None:
        changed["properties"][_GROUP] = {"id": group}
    return changed


def with_member(document: Document, group: str, *, joins: bool) -> Document:
    """The network interface with all its addresses in an application security group, or without it."""
    changed = deepcopy(document)
    for configuration in changed["properties"].get("ipConfigurations") or ():
        properties = configuration["properties"]
        groups = [one for one in properties.pop(_JOINED, None) or () if str(one["id"]).lower() != group.lower()]
        if joins:
            groups.append({"id": group})
        if groups:
            properties[_JOINED] = groups
    return changed


def to_write(document: Document) -> Document:
    """The document as it is written: without its ETags and the states that Azure sets."""
    return {key: _plain(value) for key, value in document.items() if key not in ("etag", "systemData")}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in ("etag", "provisioningState")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
