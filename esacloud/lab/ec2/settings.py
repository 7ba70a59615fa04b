"""How the local EC2 of this process behaves: its lag, its request limits, what new groups begin with.

The state of the server lives in the process, and so do these: of two servers in one process both behave alike.
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
    egress to ::/0 too, as EC2's do, and not to 0.0.0.0/0 alone.
    """

    lag: Lag = field(default_factory=Lag)
    rates: Buckets | None = None
    ipv6_default_egress: bool = True


settings = Settings()


@contextmanager
def using(
    lag: Lag | None = None, rates: Buckets | None = None, ipv6_default_egress: bool | None = None
) -> Iterator[Settings]:
    """Behave so while the block runs; what is None stays as it is."""
    before = settings.lag, settings.rates, settings.ipv6_default_egress
    settings.lag = settings.lag if lag is None else lag
    settings.rates = settings.rates if rates is None else rates
    if ipv6_default_egress is not None:
        settings.ipv6_default_egress = ipv6_default_egress
    try:
        yield settings
    finally:
        settings.lag, settings.rates, settings.ipv6_default_egress = before
