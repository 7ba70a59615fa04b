"""How fast EC2 takes requests, and the pace that keeps below it.

EC2 counts each API action of an account and region for itself, in a token bucket: 100 requests and 20 a second more for
what only reads, in pages or with a filter, 50 and 5 for what changes. A few actions have buckets of their own.
A fifth is left to whoever else works in the account. A server of one's own, as the lab, is paced by the same figures for
some minutes after it has throttled, and not at all before.
Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html, "Request token bucket sizes".
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from esacloud.change.pace import OURS, Pace, Rate, shared

_READING, _CHANGING = Rate(100, 20), Rate(50, 5)
_OTHERS = {
    "CreateTags": Rate(100, 10),
    "DeleteTags": Rate(100, 10),
    "ModifyNetworkInterfaceAttribute": Rate(100, 5),
}
_OWN_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


def published(operation: str) -> Rate:
    """The bucket of an action of EC2, in an account that has asked for no other."""
    return _OTHERS.get(operation) or (_READING if operation.startswith("Describe") else _CHANGING)


def rate_of(operation: str) -> Rate:
    """What we take of an action's bucket."""
    return published(operation).part(OURS)


def pace_at(endpoint_url: str, region: str, directory: Path | None = None, profile: str | None = None) -> Pace | None:
    """The pace of everything that talks to EC2 in a region with the same credentials.

    It holds in this process alone or, with `directory`, in all processes that share it. None for a server of one's own
    where there is no directory.

    EC2 counts for an account, and which one that is takes a call to learn. So credentials are told apart by their name, as
    the environment or `profile` gives it: what is taken for two accounts and is one is throttled and slows down.
    """
    address = urlsplit(endpoint_url)
    if (address.hostname or "").endswith(_OWN_HOSTS):
        return shared("aws", (region, *_credentials(profile)), rate_of, directory)
    return shared("aws", (region, address.netloc), rate_of, directory, spare=True) if directory else None


def _credentials(profile: str | None) -> tuple[str, str]:
    """What names the credentials, in boto3's order.

    Source: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
    """
    key = os.environ.get("AWS_ACCESS_KEY_ID")
    if profile is None and key:
        return "key", key
    return "profile", profile or os.environ.get("AWS_PROFILE") or "default"
