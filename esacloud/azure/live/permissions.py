"""The actions of Azure roles that each command needs, and no others.

docs/apply-azure.md says when each is needed. Tests compare that page, and the requests that the commands send, with
`COMMANDS`. In addition to the action of the request, Azure requires one on what the body of a write refers to (`join`):
those are in `JOINS`. Source: https://learn.microsoft.com/azure/role-based-access-control/permissions/networking
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.azure.live.scope import GROUPS, INTERFACES, MEMBERS, NETWORKS, SUBNETS

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
