"""How fast Azure Resource Manager takes requests, and the pace that keeps below it.

It counts reads, writes and deletes of a subscription and principal each in a token bucket: 250 and 25 a second more, 200
and 10, 200 and 10. A fifth is left to whoever else works with the same principal. Microsoft.Network counts for itself too,
over five minutes; what that refuses says when to come again, and that is obeyed. A server of one's own, as the lab, is
paced by the same figures for some minutes after it has throttled, and not at all before.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from esacloud.change.pace import OURS, Pace, Rate, shared

RATES: Mapping[str, Rate] = {"GET": Rate(250, 25), "PUT": Rate(200, 10), "DELETE": Rate(200, 10)}
# https://learn.microsoft.com/azure/azure-resource-manager/management/control-plane-and-data-plane
_OWN_HOSTS = ("management.azure.com", "management.usgovcloudapi.net", "management.chinacloudapi.cn")
_subscription = re.compile(r"/subscriptions/(?P<id>[^/?]+)", re.IGNORECASE).search


def rate_of(method: str) -> Rate:
    """What we take of a method's bucket."""
    return RATES.get(method, RATES["PUT"]).part(OURS)


def pace_at(url: str, directory: Path | None = None) -> Pace | None:
    """The pace of everything that talks to Azure about the subscription of a request's address.

    It holds in this process alone or, with `directory`, in all processes that share it. None for a server of one's own
    where there is no directory.

    Principals are not told apart; a machine that works as several is slower than Azure asks for.
    """
    address, found = urlsplit(url), _subscription(url)
    if found is None:
        return None
    host, subscription = address.hostname or "", found["id"].lower()
    if host in _OWN_HOSTS or host.endswith(tuple(f".{name}" for name in _OWN_HOSTS)):
        return shared("azure", (subscription,), rate_of, directory)
    return shared("azure", (subscription, address.netloc), rate_of, directory, spare=True) if directory else None
