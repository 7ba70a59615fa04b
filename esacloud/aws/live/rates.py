"""How fast EC2 takes requests, and the pace that keeps below it.

EC2 has a token bucket for each API action of an account and region: 100 requests and 20 more a second for paged or filtered
reads, 50 and 5 for changes; a few actions differ. A fifth is left to other users of the account. A server at an address of
your own, such as the lab, is paced by the same figures for some minutes after it has throttled, and not before.
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
    """The pace of all requests to EC2 in a region with the same credentials, in this process or all that share `directory`.

    None for a server of your own without a directory. EC2 counts for an account, whose number costs a call; so credentials
    are told apart by their name: two names of one account are throttled and slow down.
    """
    address = urlsplit(endpoint_url)
    if (address.hostname or "").endswith(_OWN_HOSTS):
        return shared("aws", (region, *_credentials(profile)), rate_of, directory)
    return shared("aws", (region, address.netloc), rate_of, directory, spare=True) if directory else None


def _credentials(profile: str | None) -> tuple[str, str]:
    """The credentials' name, in boto3's order.

    Source: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
    """
    key = os.environ.get("AWS_ACCESS_KEY_ID")
    if profile is None and key:
        return "key", key
    return "profile", profile or os.environ.get("AWS_PROFILE") or "default"
