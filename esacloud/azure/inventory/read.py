"""The documents in which existing or planned network security groups may come, with their reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from esacloud.azure.inventory import describe as show
from esacloud.policy.actual import ActualGroups

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
LIVE_OPTIONS: Mapping[str, str] = {
    "subscription": "the ID of the subscription to read (default: the deployment file's, else $AZURE_SUBSCRIPTION_ID)",
    "resource_group": "read only this resource group (default: the deployment file's)",
    "endpoint_url": "another endpoint of the cloud's API, such as a local server",
}


def read_groups(document: Any) -> ActualGroups | None:
    """The groups that the document describes, or None where it is none of SOURCES."""
    return show.read(document)


def fetch_groups(connection: Connection, settings: Mapping[str, str]) -> ActualGroups:
    """See `fetch`. Needs `esacloud[azure]`."""
    from esacloud.azure.inventory import fetch

    return fetch.fetch_groups(connection, settings)
