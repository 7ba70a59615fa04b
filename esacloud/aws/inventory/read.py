"""The documents that describe existing or planned security groups of AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from esacloud.aws.inventory import describe, planned
from esacloud.policy.actual import ActualGroups

if TYPE_CHECKING:
    from esacloud.change.live import Connection

SOURCES: tuple[str, ...] = (
    "aws ec2 describe-security-groups",
    "aws ec2 describe-security-group-rules",
    "aws ec2 describe-network-interfaces",
    "terraform show -json",
)
LIVE_OPTIONS: Mapping[str, str] = {
    "region": "the region to read (default: the deployment file's)",
    "profile": "the credentials profile",
    "endpoint_url": "another endpoint of the cloud's API, such as a local server",
}


def read_groups(document: Any) -> ActualGroups | None:
    """The groups that the document describes, or None where it is none of SOURCES."""
    return describe.read(document) or planned.read(document)


def fetch_groups(connection: Connection, settings: Mapping[str, str]) -> ActualGroups:
    """See `fetch`. Needs `esacloud[aws]`."""
    from esacloud.aws.inventory import fetch

    return fetch.fetch_groups(connection, settings)
