"""Network security groups of a live subscription, read into the same values as from a file. Needs `esacloud[azure]`.

It only reads: network security groups, network interfaces and virtual networks, in pages. Of one resource group it also
reads what counts together with it and is elsewhere: network interfaces that its groups are on, the subnets of these, and
the groups on either. What may not be read there is said and not counted. The actions: `live_permissions.COMMANDS["audit"]`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.azure.inventory.arm_documents import GROUP, Attachments, attachments, inner, kind_of
from esacloud.azure.inventory.describe import read
from esacloud.azure.live.calls import Calls, Document, client_for
from esacloud.azure.live.scope import GROUPS, INTERFACES, NETWORKS, SUBSCRIPTION_VARIABLE, parse_id
from esacloud.change.live import Connection
from esacloud.change.retry import Backoff, RefusedError
from esacloud.errors import InputError, Place, Problem
from esacloud.policy.actual import ActualGroups


def fetch_groups(connection: Connection, settings: Mapping[str, str]) -> ActualGroups:
    """All network security groups of a subscription, or of one resource group in it, and what they are on.

    Without `subscription` it is the one that AZURE_SUBSCRIPTION_ID names. Raises InputError without one, without the SDK,
    and where there is no group; OutsideError for whatever the cloud or the way to it refuses.
    """
    subscription = settings.get("subscription") or os.environ.get(SUBSCRIPTION_VARIABLE)
    if not subscription:
        hint = f"Add `--subscription ID`, or set {SUBSCRIPTION_VARIABLE}."
        raise InputError(Problem(Place("azure"), "Nothing says which subscription is meant.", hint))
    return fetch_with(client_for(connection, subscription), settings.get("resource_group"), connection.backoff)


def fetch_with(client: Any, resource_group: str | None = None, backoff: Backoff | None = None) -> ActualGroups:
    """The same through an azure-mgmt-network client at hand, whose subscription it is."""
    calls = Calls(client, backoff or Backoff())
    documents = [one for kind in (GROUPS, INTERFACES, NETWORKS) for one in calls.list(kind, resource_group)]
    if resource_group:
        documents += _around(calls, documents)
    found = read(documents)
    if found is None or not found.groups:
        where = f"the resource group {resource_group}" if resource_group else "the subscription"
        hint = "Name another, or ask with an identity that may read it."
        raise InputError(Problem(Place("azure"), f"There is no network security group in {where}.", hint))
    return found


def _around(calls: Calls, documents: list[Document]) -> list[Document]:
    """What is outside the resource group and counts: network interfaces, their subnets, and the groups on either."""
    here = {str(one["id"]).lower() for one in documents}
    users = (user["id"] for one in documents for user in inner(one).get("networkInterfaces") or () if kind_of(one) == GROUP)
    more = _read(calls, (one for one in users if one.lower() not in here))
    on = attachments([*documents, *more])
    places = {place.lower(): place for ids in on.inside.values() for place in ids}
    more += _read(calls, (place for low, place in places.items() if low not in on.around))
    named = _named(attachments([*documents, *more]))
    return more + _read(calls, (one for low, one in named.items() if low not in here))


def _named(on: Attachments) -> dict[str, str]:
    """The ids of the groups on network interfaces and on the subnets that these are in, by their lower case."""
    direct = (one for ids in on.attached.values() for one in ids)
    around = (one for places in on.inside.values() for place in places for one in on.around.get(place.lower(), ()))
    return {one.lower(): one for one in (*direct, *around)}


def _read(calls: Calls, ids: Iterable[str]) -> list[Document]:
    """Those resources that may be read and are there."""
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
