"""What resources, rules and resource groups may be called.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

import re

from esacloud.lab.arm.errors import ArmError, bad_request

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
