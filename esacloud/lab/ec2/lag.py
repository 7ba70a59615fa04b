"""Reads that lag behind writes, as EC2's may: what Describe calls show is an older state of the same server.

EC2 is eventually consistent: what a call did "might not be immediately visible to all subsequent commands", and a command
about a group that was just made may answer InvalidGroup.NotFound.
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html

What lags are security groups with their rules and tags (not the tags of rules), and the groups of network interfaces.
Writes work on the true state, so that a second authorize is a Duplicate and a second revoke NotFound. The page does not
promise that: with `writes`, a command about a group that the old state lacks is refused too. An old state is kept whole, so
that one read never mixes two states. With no lag nothing is kept.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

LAGGING = frozenset(
    {
        "DescribeSecurityGroups",
        "DescribeSecurityGroupRules",
        "DescribeNetworkInterfaces",
        "DescribeNetworkInterfaceAttribute",
    }
)


class Lag:
    """How far reads lag; every attribute may be changed while the server runs, and counts from the next call on.

    `seconds`: a read at t shows the state of t - seconds. Of two reads the later one never shows the older state.
    `reads`: the first so many reads after a change show the state before it.
    `flapping`: a seed; each read that would show an old state shows, by chance, that one or the true one.
    `behind`: a function of the number of a read (from 0, since `forget`) and its action that says how many changes back its
    answer is; it takes the place of all the above.
    `writes`: commands about a group that the old state lacks answer InvalidGroup.NotFound; each counts as a read.
    `clock` counts seconds.
    """

    def __init__(
        self,
        seconds: float = 0.0,
        reads: int = 0,
        flapping: int | None = None,
        *,
        behind: Callable[[int, str], int] | None = None,
        writes: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds, self.reads, self.behind, self.writes, self.clock = seconds, reads, behind, writes, clock
        self.flapping = flapping
        self.forget()

    @property
    def flapping(self) -> int | None:
        """The seed; setting it starts its chances anew."""
        return self._seed

    @flapping.setter
    def flapping(self, seed: int | None) -> None:
        self._seed, self._chance = seed, Random(seed)  # noqa: S311 - chance that can be repeated, no secret

    @property
    def active(self) -> bool:
        """Whether there is any lag at all."""
        return bool(self.seconds > 0 or self.reads > 0 or self.behind)

    def forget(self) -> None:
        """Let every read show the true state, until the next change."""
        self._changes: list[_Change] = []
        self._number = 0

    def changed(self, before: State) -> None:
        """Remember the state before a change that was just made."""
        self._changes.append(_Change(before, self.clock(), self._number))

    def shown(self, action: str) -> State | None:
        """The old state that the next read shows; None for the true one."""
        number = self._number
        self._number += 1
        if self.behind:
            back = self.behind(number, action)
            return self._changes[max(0, len(self._changes) - back)].before if back > 0 and self._changes else None
        now = self.clock()
        hidden = [one for one in self._changes if one.at > now - self.seconds or number - one.number < self.reads]
        self._changes = hidden
        if not hidden or (self._seed is not None and self._chance.random() < 0.5):
            return None
        return hidden[0].before


@dataclass(frozen=True, slots=True)
class _Change:
    before: State
    at: float
    number: int  # of the next read


@dataclass(frozen=True, slots=True)
class _Region:
    """What one account's EC2 in one region had: groups by VPC with their rules, tags by resource, groups by interface."""

    groups: tuple[tuple[str, Any, tuple[Any, ...], tuple[Any, ...]], ...]
    tags: dict[str, dict[str, str]]
    attached: tuple[tuple[Any, tuple[str, ...]], ...]


@dataclass(slots=True)
class State:
    """The security groups of a whole server at one moment, rules and tags included, and what carries them."""

    regions: dict[int, _Region]  # by identity of moto's backend, which lives as long as the process
    _twins: dict[int, Any] = field(default_factory=dict)

    def twin(self, backend: Any) -> Any:
        """A backend as this one was; one that had nothing then is itself."""
        had = self.regions.get(id(backend))
        if had is None:
            return backend
        if id(backend) not in self._twins:
            self._twins[id(backend)] = _twin(backend, had)
        return self._twins[id(backend)]

    def has_group(self, name: str) -> bool:
        """Whether there is a group of that id."""
        return any(group.id == name for had in self.regions.values() for _, group, _, _ in had.groups)


def capture() -> State:
    """The state of this moment. Rules are replaced and never changed in place (`rules.py`), so that none is copied."""
    from moto.ec2.models import ec2_backends

    regions = {}
    for account in ec2_backends.values():
        for backend in account.values():
            regions[id(backend)] = _Region(
                tuple(
                    (vpc, group, tuple(group.ingress_rules), tuple(group.egress_rules))
                    for vpc, groups in backend.groups.items()
                    for group in groups.values()
                ),
                {name: dict(tags) for name, tags in backend.tags.items() if tags},
                tuple((one, tuple(group.id for group in one._group_set)) for one in backend.enis.values()),
            )
    return State(regions)


def _twin(backend: Any, had: _Region) -> Any:
    tags = defaultdict(dict, {name: dict(found) for name, found in had.tags.items()})
    twin = _like(backend, tags=tags, groups=defaultdict(dict), enis={})
    groups = {}
    for vpc, group, ingress, egress in had.groups:
        rules = {"ingress_rules": list(ingress), "egress_rules": list(egress)}
        twin.groups[vpc][group.id] = groups[group.id] = _like(group, ec2_backend=twin, **rules)
    for one, attached in had.attached:
        kept = [groups[name] for name in attached if name in groups]
        twin.enis[one.id] = _like(one, ec2_backend=twin, _group_set=kept)
    return twin


def _like(one: Any, **other: Any) -> Any:
    """A copy with other attributes, made past the constructor: moto keeps a list of everything that was constructed."""
    made = object.__new__(type(one))
    made.__dict__.update(one.__dict__, **other)
    return made


_showing: State | None = None  # what the request that is being answered shows; there is one at a time


@contextmanager
def showing(state: State | None) -> Iterator[None]:
    """Answer from this state while the block runs; None is the true one."""
    global _showing
    _showing = state
    try:
        yield
    finally:
        _showing = None


def answer_from_what_is_shown() -> None:
    """Put it into moto."""
    from moto.ec2.responses._base_response import EC2BaseResponse

    plain = EC2BaseResponse.ec2_backend.fget  # type: ignore[attr-defined]

    def backend(self: Any) -> Any:
        true = plain(self)
        return _showing.twin(true) if _showing else true

    EC2BaseResponse.ec2_backend = property(backend)  # type: ignore[assignment, method-assign]
