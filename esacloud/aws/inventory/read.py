"""Existing or planned security groups, from a document, or from a live account through boto3 (needs `esacloud[aws]`)."""

from __future__ import annotations

from typing import Any

from esacloud.aws.inventory import describe, planned
from esacloud.aws.live.calls import Calls, client_for
from esacloud.change.live import Connection
from esacloud.change.retry import Backoff
from esacloud.policy.actual import ActualGroups

SOURCES: tuple[str, ...] = (
    "aws ec2 describe-security-groups",
    "aws ec2 describe-security-group-rules",
    "aws ec2 describe-network-interfaces",
    "terraform show -json",
)


def read_groups(document: Any) -> ActualGroups | None:
    """The groups that the document describes, or None where it is none of SOURCES."""
    return describe.read(document) or planned.read(document)


def fetch(
    region: str | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
    backoff: Backoff | None = None,
) -> ActualGroups:
    """All security groups of one region, and their network interfaces. Without `region`, boto3's settings decide.

    The actions: `live.permissions.COMMANDS["audit"]`. Raises InputError without boto3, a region or the profile,
    OutsideError where EC2 refuses or cannot be reached.
    """
    return fetch_with(client_for(Connection(profile=profile, endpoint_url=endpoint_url), region), backoff)


def fetch_with(client: Any, backoff: Backoff | None = None) -> ActualGroups:
    """The same through an existing EC2 client."""
    calls = Calls(client, backoff or Backoff())
    groups = describe.read(
        {
            "SecurityGroups": calls.read("DescribeSecurityGroups", "SecurityGroups"),
            "NetworkInterfaces": calls.read("DescribeNetworkInterfaces", "NetworkInterfaces"),
        }
    )
    assert groups is not None  # noqa: S101 - the document has the right keys by construction
    return groups
