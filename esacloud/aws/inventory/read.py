"""The documents that describe existing or planned security groups of AWS."""

from __future__ import annotations

from typing import Any

from esacloud.aws.inventory import describe, planned
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
