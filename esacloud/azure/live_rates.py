"""How fast Azure Resource Manager takes requests, and the pace that keeps below it.

It counts reads, writes and deletes of a subscription and principal each in a token bucket: 250 and 25 a second more, 200
and 10, 200 and 10. A fifth is left to whoever else works with the same principal. Microsoft.Network counts for itself too,
over five minutes; what that refuses says when to come again, and that is obeyed.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from esacloud.live.pace import OURS, Pace, Rate, shared

RATES: Mapping[str, Rate] = {"GET": Rate(250, 25), "PUT": Rate(200, 10), "DELETE": Rate(200, 10)}
# https://learn.microsoft.com/azure/azure-resource-manager/management/control-plane-and-data-plane
_OWN_HOSTS = ("management.azure.com", "management.usgovcloudapi.net", "management.chinacloudapi.cn")
_subscription = re.compile(r"/subscriptions/(?P<id>[^/?]+)", re.IGNORECASE).search


def rate_of(method: str) -> Rate:
    """What we take of a method's bucket."""
    return RATES.get(method, RATES["PUT"]).part(OURS)


def pace_at(url: str) -> Pace | None:
    """The pace of everything in this process that talks to Azure itself about the subscription of a request's address."""
    host = urlsplit(url).hostname or ""
    found = _subscription(url)
    if found is None or not (host in _OWN_HOSTS or host.endswith(tuple(f".{name}" for name in _OWN_HOSTS))):
        return None
    return shared(("azure", found["id"].lower()), rate_of)
