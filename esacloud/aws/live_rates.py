"""How fast EC2 takes requests, and the pace that keeps below it.

EC2 counts each API action of an account and region for itself, in a token bucket: 100 requests and 20 a second more for
what only reads, in pages or with a filter, 50 and 5 for what changes. A few actions have buckets of their own.
A fifth is left to whoever else works in the account.
Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html, "Request token bucket sizes".
"""

from __future__ import annotations

from urllib.parse import urlsplit

from esacloud.live.pace import OURS, Pace, Rate, shared

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


def pace_at(endpoint_url: str, region: str) -> Pace | None:
    """The pace of everything in this process that talks to EC2 itself in a region; None for a server of one's own."""
    host = urlsplit(endpoint_url).hostname or ""
    return shared(("aws", region), rate_of) if host.endswith(_OWN_HOSTS) else None
