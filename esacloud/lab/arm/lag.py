"""Reads that lag behind: a GET or a list that is answered from the subscription as it was before the last changes.

Resource Manager's data is replicated asynchronously, and one client's requests may reach different replicas: reads were
seen to miss what had just been made (https://github.com/hashicorp/terraform-provider-azurerm/pull/25758), lists of network
security groups for minutes (https://github.com/Azure/azure-cli/issues/17910). What does not lag here: writes, which are
checked against the present state and its ETags, and the polls of operations.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from esacloud.lab.arm.store import Store

_EVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Lag:
    """How far reads are behind: so many seconds, and so many reads of the subscription.

    With `flapping` a read is answered from the present or from the past state, by chance, the same for a `seed`.
    """

    seconds: float = 0.0
    reads: int = 0
    flapping: bool = False
    seed: int = 0

    def __bool__(self) -> bool:
        return self.seconds > 0 or self.reads > 0


class _Moment(NamedTuple):
    """The subscription as it was from a time on, and from a number of reads on."""

    time: float
    reads: float
    state: Store


@dataclass(slots=True)
class Replica:
    """What reads of one subscription are answered from. The caller holds the store's lock."""

    store: Store
    lag: Lag = field(default_factory=Lag)
    clock: Callable[[], float] = time.monotonic
    reads: int = 0
    _moments: list[_Moment] = field(default_factory=list)
    _before_write: Store | None = None
    _chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.store.listeners.insert(0, self._changed)
        self.fall_behind(self.lag)

    def fall_behind(self, lag: Lag) -> None:
        """Let reads lag from now on, or no longer; the current state shows at once."""
        self.lag, self._chance, self._before_write = lag, random.Random(lag.seed), None  # noqa: S311 - no secret
        self._moments = [_Moment(_EVER, _EVER, _copy(self.store))] if lag else []
        self.reads = 0

    def write_comes(self) -> None:
        """Remember how it is before a write: what a single stale read is answered from."""
        self._before_write = _copy(self.store)

    def read(self, *, stale: bool = False) -> Store:
        """The state that one read is answered from; for a `stale` one, that before the last write."""
        self.reads += 1
        if stale:
            return self._before_write or self.store
        if not self.lag or (self.lag.flapping and self._chance.random() < 0.5):
            return self.store
        latest, count = self.clock() - self.lag.seconds, self.reads - self.lag.reads
        visible = [moment for moment in self._moments if moment.time <= latest and moment.reads < count]
        del self._moments[: self._moments.index(visible[-1])]
        return visible[-1].state

    def _changed(self) -> None:
        if self.lag:
            self._moments.append(_Moment(self.clock(), self.reads, _copy(self.store)))


def _copy(store: Store) -> Store:
    """The state as it is: a resource's properties are replaced by a write, and never changed where they are."""
    resources = {key: replace(resource) for key, resource in store.resources.items()}
    return Store(store.subscription, store.limits, groups=dict(store.groups), resources=resources)
