"""Security groups of a live account, read through boto3 into the same values as from a file. Needs `esacloud[aws]`.

The actions: `live.permissions.COMMANDS["audit"]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esacloud.aws.inventory.describe import read
from esacloud.aws.live.calls import Calls, client_for
from esacloud.change.live import Connection
from esacloud.change.retry import Backoff
from esacloud.policy.actual import ActualGroups


def fetch_groups(connection: Connection, settings: Mapping[str, str]) -> ActualGroups:
    """All security groups of one region, and their network interfaces. Without a region, boto3's settings decide.

    Raises InputError without boto3, a region or the profile, OutsideError where EC2 refuses or cannot be reached.
    """
    return fetch_with(client_for(connection, connection.region or settings.get("region")), connection.backoff)


def fetch_with(client: Any, backoff: Backoff | None = None) -> ActualGroups:
    """The same through an existing EC2 client."""
    calls = Calls(client, backoff or Backoff())
    document = {
        "SecurityGroups": calls.read("DescribeSecurityGroups", "SecurityGroups"),
        "NetworkInterfaces": calls.read("DescribeNetworkInterfaces", "NetworkInterfaces"),
    }
    groups = read(document)
    assert groups is not None  # noqa: S101 - the document has the right keys by construction
    return groups
