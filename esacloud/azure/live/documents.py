"""Groups and what carries them, between the API's documents and the values of a state.

A document that is written again is the one that was read, with one thing changed; what the platform alone sets is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from esacloud.azure.live.calls import Document
from esacloud.azure.live.rules import SIDES, Judge, body, from_document
from esacloud.azure.live.scope import GROUPS, MADE_BY, MADE_TAG, MEMBERS, Scope, members_name
from esacloud.change.model import LiveGroup, LiveRule

SUCCEEDED, DELETING = "Succeeded", "Deleting"
ENDED = {"Failed": "ended as failed", "Canceled": "was canceled"}
"""The states in which a change has come to an end that is not the one it was to come to, in words."""
_GROUP = "networkSecurityGroup"
_JOINED = "applicationSecurityGroups"
_SET_BY_AZURE = ("defaultSecurityRules", "networkInterfaces", "subnets", "flowLogs", "resourceGuid", "provisioningState")


def state_of(document: Document) -> str:
    """Succeeded, or Creating, Updating, Deleting while a change runs, or Failed, Canceled.

    No state at all is success: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
    """
    return str((document.get("properties") or {}).get("provisioningState") or SUCCEEDED)


def tags_of(document: Document) -> dict[str, str]:
    """The tags of a resource."""
    return {str(key): str(value) for key, value in (document.get("tags") or {}).items()}


def security_group(document: Document, interface: str, own_members: str, where: Scope, judge: Judge) -> LiveGroup:
    """A network security group, with the subnets and network interfaces that carry it."""
    given = document.get("properties") or {}
    attachments = [str(one["id"]) for message in ("networkInterfaces", "subnets") for one in given.get(message) or ()]
    rules = (judge.learn(from_document(rule, where, own_members)) for rule in given.get("securityRules") or ())
    adopted = where.is_adopted(str(document["name"]), interface, tags_of(document))
    return LiveGroup(
        name=interface,
        interface=interface,
        title=str(document["name"]),
        description="",
        rules=tuple(sorted(rules, key=lambda rule: rule.key)),
        tags=tags_of(document),
        attached=tuple(sorted(map(where.spelled, attachments))),
        id=where.spelled(str(document["id"])),
        made_here=not adopted and tags_of(document).get(MADE_TAG) == MADE_BY,
        adopted=adopted,
        judge=judge,
    )


def members_group(document: Document, interface: str, attached: Iterable[str], where: Scope) -> LiveGroup:
    """An application security group, with those network interfaces in it that were looked at."""
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
    """What is to be written: all rules of the group, those that are there in the words in which they stand."""
    known: dict[tuple[str, str], Any] = {}
    given: dict[str, Any] = {}
    if now is not None:
        given = {key: value for key, value in now["properties"].items() if key not in _SET_BY_AZURE}
        for rule in given.get("securityRules") or ():
            found = from_document(rule, where, own_members)
            known[found.key, found.description] = _without_state(rule)
    rules = [known.get((rule.key, rule.description)) or body(rule, where, own_members) for rule in _in_order(group.rules)]
    location = now["location"] if now is not None else where.location
    return {"location": location, "tags": dict(tags), "properties": {**given, "securityRules": rules}}


def _without_state(rule: Mapping[str, Any]) -> dict[str, Any]:
    properties = {key: value for key, value in rule["properties"].items() if key != "provisioningState"}
    return {"name": rule["name"], "properties": properties}


def _in_order(rules: Iterable[LiveRule]) -> list[LiveRule]:
    return sorted(rules, key=lambda rule: (rule.direction, rule.native["priority"], rule.key))


def carried(document: Document) -> str | None:
    """The id of the network security group that a subnet or a network interface carries."""
    found = (document.get("properties") or {}).get(_GROUP)
    return str(found["id"]) if found else None


def joined(document: Document) -> set[str]:
    """The ids, in lower case, of the application security groups that a network interface is in."""
    return {
        str(one["id"]).lower()
        for configuration in (document.get("properties") or {}).get("ipConfigurations") or ()
        for one in (configuration.get("properties") or {}).get(_JOINED) or ()
    }


def named_in(document: Document) -> set[str]:
    """The ids, in lower case, of the application security groups that the rules of a security group name."""
    return {
        str(one["id"]).lower()
        for rule in (document.get("properties") or {}).get("securityRules") or ()
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
    """The network interface in an application security group with all its addresses, or out of it."""
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
    """The document as it goes back: without its ETags and the platform's own state."""
    return {key: _plain(value) for key, value in document.items() if key not in ("etag", "systemData")}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in ("etag", "provisioningState")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


KINDS = (GROUPS, MEMBERS)
