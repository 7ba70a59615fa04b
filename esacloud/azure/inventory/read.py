"""The documents that describe existing or planned network security groups, and their reader.

Network interfaces, subnets and virtual networks in them show which groups count together; in Terraform, associations do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from esacloud.azure.inventory import planned
from esacloud.azure.inventory.arm_documents import GROUP, RULE, attachments, items, kind_of
from esacloud.azure.inventory.describe import arm_group
from esacloud.azure.model import PUBLIC_ADDRESS_SPACES
from esacloud.policy.actual import ActualGroups
from esacloud.terraform.show import is_shown, resources

if TYPE_CHECKING:
    from esacloud.change.live import Connection

SOURCES: tuple[str, ...] = (
    "az network nsg show",
    "az network nsg list",
    "az network nic list",
    "az network vnet list",
    "az network vnet subnet list",
    "terraform show -json",
)
NOTES = (
    "Security admin rules of a Virtual Network Manager are evaluated before every network security group, and are not "
    "included: what they deny does not pass, and what they always allow passes whatever these groups permit. "
    "https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins",
)
# What each of them stands for: https://learn.microsoft.com/azure/virtual-network/service-tags-overview
_APART = frozenset({"service_tag:Internet", "service_tag:VirtualNetwork", "service_tag:AzureLoadBalancer"})
LIVE_OPTIONS: Mapping[str, str] = {
    "subscription": "the ID of the subscription to read (default: the deployment file's, else $AZURE_SUBSCRIPTION_ID)",
    "resource_group": "read only this resource group (default: the deployment file's)",
    "endpoint_url": "another endpoint of the cloud's API, such as a local server",
}


def read_groups(document: Any) -> ActualGroups | None:
    """The groups that the document describes, or None where it is none of SOURCES."""
    if is_shown(document):
        made = list(resources(document))
        groups = list(planned.groups(made))
        attached, unknown = planned.attachments(document, made)
    else:
        found = list(items(document))
        groups = [arm_group(item) for item in found if kind_of(item) == GROUP]
        attached = attachments(found)
        rules = (item.get("name") for item in found if kind_of(item) == RULE)
        unknown = tuple(f"{name} is separate from its group, and was not judged" for name in rules)
    if not (groups or attached.attached or attached.around):
        return None
    return ActualGroups(
        "azure",
        tuple(groups),
        "all",
        attached.attached,
        unknown,
        NOTES,
        PUBLIC_ADDRESS_SPACES,
        inside=attached.inside,
        around=attached.around,
        apart=_APART,
    )


def fetch_groups(connection: Connection, settings: Mapping[str, str]) -> ActualGroups:
    """See `fetch`. Needs `esacloud[azure]`."""
    from esacloud.azure.inventory import fetch

    return fetch.fetch_groups(connection, settings)
