"""Network security groups of a live subscription, read into the same values as from a file. Needs `esacloud[azure]`.

For one resource group it also reads what counts together with it in other ones: network interfaces that its groups are
attached to, the subnets of these, and the groups on either. What it may not read there is listed and not counted. The
actions: `live.permissions.COMMANDS["audit"]`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.azure.inventory.arm_documents import GROUP, Attachments, attachments, inner, kind_of
from esacloud.azure.inventory.read import read_groups
from esacloud.azure.live.calls import Calls
from esacloud.azure.live.client import client_for
from esacloud.azure.live.documents import Document
from esacloud.azure.live.scope import GROUPS, INTERFACES, NETWORKS, SUBSCRIPTION_VARIABLE, parse_id
from esacloud.change.live import Connection
from esacloud.change.retry import Backoff, RefusedError
from esacloud.errors import InputError, Place, Problem
from esacloud.policy.actual import ActualGroups


def fetch_groups(connection: Connection, settings: Mapping[str, str]) -> ActualGroups:
    """All network security groups of a subscription, or of one resource group in it, and their attachments.

    Without `subscription` it is the one that AZURE_SUBSCRIPTION_ID names. Raises InputError without one, without the SDK,
    and where there is no group; OutsideError where Azure refuses or cannot be reached.
    """
    subscription = settings.get("subscription") or os.environ.get(SUBSCRIPTION_VARIABLE)
    if not subscription:
        hint = f"Add `--subscription ID`, or set {SUBSCRIPTION_VARIABLE}."
        raise InputError(Problem(Place("azure"), "No subscription is given.", hint))
    return fetch_with(client_for(connection, subscription), settings.get("resource_group"), connection.backoff)


def fetch_with(client: Any, resource_group: str | None = None, backoff: Backoff | None = None) -> ActualGroups:
    """The same through an existing azure-mgmt-network client, for its subscription."""
    calls = Calls(client, backoff or Backoff())
    documents = [one for kind in (GROUPS, INTERFACES, NETWORKS) for one in calls.list(kind, resource_group)]
    if resource_group:
        documents += _around(calls, documents)
    found = read_groups(documents)
    if found is None or not found.groups:
        where = f"the resource group {resource_group}" if resource_group else "the subscription"
        hint = "Name another one, or use an identity that may read it."
        raise InputError(Problem(Place("azure"), f"There is no network security group in {where}.", hint))
    return found


def _around(calls: Calls, documents: list[Document]) -> list[Document]:
    """What counts outside the resource group: network interfaces, their subnets, and the groups on either."""
    here = {str(one["id"]).lower() for one in documents}
    groups = (one for one in documents if kind_of(one) == GROUP)
    users = (user["id"] for group in groups for user in inner(group).get("networkInterfaces") or ())
    found = _read(calls, (one for one in users if one.lower() not in here))
    attached = attachments([*documents, *found])
    subnets = {subnet.lower(): subnet for ids in attached.inside.values() for subnet in ids}
    found += _read(calls, (subnet for key, subnet in subnets.items() if key not in attached.around))
    named = _named(attachments([*documents, *found]))
    return found + _read(calls, (one for key, one in named.items() if key not in here))


def _named(attached: Attachments) -> dict[str, str]:
    """The IDs of the groups on network interfaces and on their subnets, by the ID in lower case."""
    direct = (one for ids in attached.attached.values() for one in ids)
    subnets = (subnet.lower() for ids in attached.inside.values() for subnet in ids)
    around = (one for subnet in subnets for one in attached.around.get(subnet, ()))
    return {one.lower(): one for one in (*direct, *around)}


def _read(calls: Calls, ids: Iterable[str]) -> list[Document]:
    """Those resources that exist and may be read."""
    found = []
    for one in sorted(ids):
        try:
            parse_id(one)
            document = calls.get(one)
        except (RefusedError, ValueError):
            continue
        if document is not None:
            found.append(document)
    return found
