"""The actions of Azure roles that each command needs, and no others.

The table of docs/apply-azure.md is made from `COMMANDS`, and tests compare it with the requests that commands send. In
addition to the action of the request, Azure requires one on what the body of a write refers to (`join`): those are in
`JOINS`. Source: https://learn.microsoft.com/azure/role-based-access-control/permissions/networking
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.azure.live.scope import GROUPS, INTERFACES, MEMBERS, NETWORKS, SUBNETS
from esacloud.change.live import permissions_table

PROVIDER = "Microsoft.Network"
POLLS = ("locations/operations/read", "locations/operationResults/read")
READING = (f"{GROUPS}/read", f"{MEMBERS}/read", f"{INTERFACES}/read", f"{SUBNETS}/read")
ATTACHING = (f"{INTERFACES}/write", f"{SUBNETS}/write")
JOINS: Mapping[str, tuple[str, ...]] = {
    f"{GROUPS}/join/action": ATTACHING,
    f"{SUBNETS}/join/action": (f"{INTERFACES}/write",),
    f"{MEMBERS}/joinIpConfiguration/action": (f"{INTERFACES}/write",),
    f"{MEMBERS}/joinNetworkSecurityRule/action": (f"{GROUPS}/write",),
}
"""Action -> the writes whose bodies may refer to such a resource."""

_CHANGING = (
    *(f"{GROUPS}/write", f"{GROUPS}/delete", f"{MEMBERS}/write", f"{MEMBERS}/delete"),
    *(*ATTACHING, *POLLS),
)
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "plan": READING,
    "apply": (*READING, *_CHANGING, *JOINS),
    "destroy": (
        *READING,
        *(f"{GROUPS}/write", f"{GROUPS}/delete", f"{MEMBERS}/delete"),
        *(*ATTACHING, *POLLS, *JOINS),
    ),
    "restore": (*READING, *_CHANGING, *JOINS),
    "audit": (f"{GROUPS}/read", f"{INTERFACES}/read", f"{NETWORKS}/read", f"{SUBNETS}/read"),
}
WHEN: Mapping[str, str] = {
    f"{GROUPS}/read": "always",
    f"{MEMBERS}/read": "always",
    f"{INTERFACES}/read": "the file names one, or a group to delete is attached to one; `audit`: always",
    f"{NETWORKS}/read": "always",
    f"{SUBNETS}/read": "the file names one, or a group to delete is attached to one; `audit`: a network interface is "
    "in one of another resource group",
    f"{GROUPS}/write": "a group is created or changed; `destroy`: an adopted one is released",
    f"{GROUPS}/delete": "a group that `apply` made is deleted",
    f"{MEMBERS}/write": "a peer is `self`",
    f"{MEMBERS}/delete": "no peer is `self` any longer",
    f"{INTERFACES}/write": "a group is attached to a network interface or detached",
    f"{SUBNETS}/write": "a group is attached to a subnet or detached",
    POLLS[0]: "a write or delete is followed to its end",
    POLLS[1]: "a delete is followed to its end",
    f"{GROUPS}/join/action": "a subnet or network interface with a group is written",
    f"{SUBNETS}/join/action": "a network interface is written, for its subnet",
    f"{MEMBERS}/joinIpConfiguration/action": "a network interface in an application security group is written",
    f"{MEMBERS}/joinNetworkSecurityRule/action": "a group whose rules refer to an application security group is written",
}


def markdown() -> str:
    """The table for docs/apply-azure.md."""
    return permissions_table(f"action of {PROVIDER}", COMMANDS, WHEN)


def role(command: str, subscription: str, resource_group: str | None = None) -> dict[str, object]:
    """A custom role for one command, as `az role definition create --role-definition` takes it.

    It is for one resource group or, as for `audit` without one, for the whole subscription.
    """
    scope = f"/subscriptions/{subscription}"
    return {
        "Name": f"esacloud {command}",
        "IsCustom": True,
        "Description": f"What `esacloud {command}` needs on Azure.",
        "Actions": [f"{PROVIDER}/{action}" for action in COMMANDS[command]],
        "NotActions": [],
        "AssignableScopes": [f"{scope}/resourceGroups/{resource_group}" if resource_group else scope],
    }
