"""The paths of Resource Manager, parsed and built, and the names in them. All paths ignore case.

Names: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from esacloud.lab.arm.errors import ArmError, bad_request

PROVIDER = "Microsoft.Network"

_path = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)"
    r"(?:/resourceGroups(?:/(?P<group>[^/]+))?(?P<in_groups>))?"
    r"(?:/providers/(?P<provider>[^/]+)/(?P<kind>[^/]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<child_kind>[^/]+)(?:/(?P<child>[^/]+))?)?)?)?/?",
    re.IGNORECASE,
).fullmatch


@dataclass(frozen=True, slots=True)
class Path:
    """What a path names. `in_groups` says that it went through `resourceGroups`, with or without naming one."""

    subscription: str
    in_groups: bool
    group: str | None
    provider: str | None
    kind: str | None
    name: str | None
    child_kind: str | None
    child: str | None


def parse_path(path: str) -> Path | None:
    """What the path names, or None where it is none of Resource Manager's."""
    found = _path(path)
    if not found:
        return None
    return Path(
        found["subscription"],
        found["in_groups"] is not None,
        *found.group("group", "provider", "kind", "name", "child_kind", "child"),
    )


def resource_id(subscription: str, group: str, kind: str, name: str) -> str:
    """The id of a resource of Microsoft.Network."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{PROVIDER}/{kind}/{name}"


def group_id(subscription: str, group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


_is_name = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?").fullmatch
_is_group_name = re.compile(r"[\w.()-]{0,89}[\w()-]").fullmatch


def check_name(name: str) -> None:
    """Refuse a name that Microsoft.Network refuses.

    The message: https://github.com/hashicorp/terraform-provider-azurerm/issues/21093
    """
    if not _is_name(name):
        raise bad_request(
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
            "character, and it must end with a word character or with '_'. The name may contain word characters or "
            "'.', '-', '_'.",
        )


def check_group_name(name: str) -> None:
    """Refuse the name of a resource group that Resource Manager refuses; the words of the message are ours."""
    if not _is_group_name(name):
        raise ArmError(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{name}' is invalid: it has 1 to 90 letters, digits, underscores, hyphens, "
            "parentheses and full stops, and does not end in a full stop.",
        )
