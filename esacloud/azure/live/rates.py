"""The request rates of Azure Resource Manager, and the pace that stays below them.

ARM counts reads, writes and deletes of a subscription and principal in a token bucket each: 250 and 25 more per second, 200
and 10, 200 and 10. A fifth is left to others who use the same principal. Microsoft.Network has limits of its own over five
minutes; its refusals name the time to wait, which is obeyed. A custom endpoint, such as the lab, is paced by the same rates
for some minutes after a throttled answer, and not at all before.
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
_AZURE_HOSTS = ("management.azure.com", "management.usgovcloudapi.net", "management.chinacloudapi.cn")
_subscription = re.compile(r"/subscriptions/(?P<id>[^/?]+)", re.IGNORECASE).search


def rate_of(method: str) -> Rate:
    """Our share of a method's bucket."""
    return RATES.get(method, RATES["PUT"]).part(OURS)


def pace_at(url: str, directory: Path | None = None) -> Pace | None:
    """The pace of all requests to Azure about the subscription in a request's address.

    It holds in this process only or, with `directory`, in all processes that share it. None for a custom endpoint without a
    directory. Principals are not distinguished; a machine with several is slower than Azure requires.
    """
    address, found = urlsplit(url), _subscription(url)
    if found is None:
        return None
    host, subscription = address.hostname or "", found["id"].lower()
    if host in _AZURE_HOSTS or host.endswith(tuple(f".{name}" for name in _AZURE_HOSTS)):
        return shared("azure", (subscription,), rate_of, directory)
    return shared("azure", (subscription, address.netloc), rate_of, directory, spare=True) if directory else None
