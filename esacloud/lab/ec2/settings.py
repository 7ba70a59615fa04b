"""The settings of the local EC2 of this process: its lag, its request limits, the default rules of new groups.

The state of the server is that of the process, and so are these: two servers in one process have the same settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from esacloud.lab.ec2.lag import Lag
from esacloud.lab.ec2.rates import Buckets


@dataclass
class Settings:
    """Each may be changed while the server runs.

    `rates` None: requests are not counted. `ipv6_default_egress`: a new group in a VPC with an IPv6 CIDR block permits all
    egress to ::/0 too, as in EC2, and not only to 0.0.0.0/0.
    """

    lag: Lag = field(default_factory=Lag)
    rates: Buckets | None = None
    ipv6_default_egress: bool = True


settings = Settings()


@contextmanager
def using(
    lag: Lag | None = None, rates: Buckets | None = None, ipv6_default_egress: bool | None = None
) -> Iterator[Settings]:
    """Use these settings while the block runs; None keeps a setting."""
    before = settings.lag, settings.rates, settings.ipv6_default_egress
    settings.lag = settings.lag if lag is None else lag
    settings.rates = settings.rates if rates is None else rates
    if ipv6_default_egress is not None:
        settings.ipv6_default_egress = ipv6_default_egress
    try:
        yield settings
    finally:
        settings.lag, settings.rates, settings.ipv6_default_egress = before
