"""Security groups of a live account, read through boto3 into the same values as from a file. Needs `esacloud[aws]`.

It only reads. Actions used: ec2:DescribeSecurityGroups, ec2:DescribeNetworkInterfaces.
"""

from __future__ import annotations

from typing import Any

from esacloud.aws.describe import read
from esacloud.errors import InputError, OutsideError, Place, Problem
from esacloud.policy.actual import ActualGroups

_PAGE = 1000  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html


def fetch(region: str | None = None, profile: str | None = None, endpoint_url: str | None = None) -> ActualGroups:
    """All security groups of one region, and which network interfaces they are on.

    Raises InputError without boto3, a region or the profile, OutsideError for whatever the cloud or the way to it refuses.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError, NoRegionError, ProfileNotFound
    except ImportError:
        raise InputError(
            Problem(Place("aws"), "Reading an account needs boto3.", "Install it: pip install 'esacloud[aws]'.")
        ) from None
    try:
        client = boto3.Session(region_name=region, profile_name=profile).client("ec2", endpoint_url=endpoint_url)
        return fetch_with(client)
    except (NoRegionError, ProfileNotFound) as error:
        mend = "Add --region, or set AWS_DEFAULT_REGION." if isinstance(error, NoRegionError) else "Name one that is there."
        raise InputError(Problem(Place("aws"), str(error), mend)) from None
    except (BotoCoreError, ClientError) as error:
        raise OutsideError(f"EC2 could not be read: {error}") from error


def fetch_with(client: Any) -> ActualGroups:
    """The same through an EC2 client at hand; raises what the client raises."""
    document = {
        "SecurityGroups": _pages(client, "describe_security_groups", "SecurityGroups"),
        "NetworkInterfaces": _pages(client, "describe_network_interfaces", "NetworkInterfaces"),
    }
    groups = read(document)
    assert groups is not None  # noqa: S101 - the document has the right keys by construction
    return groups


def _pages(client: Any, call: str, key: str) -> list[Any]:
    pages = client.get_paginator(call).paginate(PaginationConfig={"PageSize": _PAGE})
    return [item for page in pages for item in page[key]]
