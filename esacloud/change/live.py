"""What a live cloud offers to the rooms above: reading a state, what shall be, steps in order, doing one.

`esacloud.<cloud>.live` has `live(deployment, settings)` that makes one, and `live_of(scope, settings)` for a snapshot.
Whoever implements it sends calls through `retry.ask` and `retry.converge`, so that every step is safe to do again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from esacloud.change.model import ChangePlan, GroupChange, LiveRule, State, Step
from esacloud.change.pace import Pace
from esacloud.change.retry import Backoff
from esacloud.policy.lowered import Lowered, QuotaUse


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a cloud: what the command line says, or a client at hand, which then is all that is used.

    `profile`, `region` and `endpoint_url` are None where the cloud's own chain of settings decides. `credentials` are for
    local clouds alone, and are never written anywhere. `pace` keeps requests below a rate; where it is None,
    whatever this process sends to a cloud itself keeps below the cloud's published rates. With `pace_directory` all
    processes of this machine that name the same directory keep below them together, and so they do with a server of one's
    own from its first throttled answer on, for some minutes.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    client: Any = None
    credentials: Mapping[str, str] | None = field(default=None, repr=False)
    backoff: Backoff = field(default_factory=Backoff)
    pace: Pace | None = None
    pace_directory: Path | None = None


class LiveCloud(Protocol):
    """One deployment's place in a cloud. It keeps no state but its client and a journal of calls; one thread at a time."""

    cloud: str
    calls: list[str]  # the API operations sent so far, in order
    begins_with: tuple[LiveRule, ...]  # the rules that the cloud gives to a new group, or may give

    def desired(self, lowered: Lowered) -> State:
        """What the deployment asks for: groups, rules, tags, and what carries them."""

    def read(self, desired: State | None) -> State:
        """What is there; what the wanted state needs to know is read too. Raises OutsideError."""

    def read_back(self, plan: ChangePlan) -> State:
        """What is there after all steps of a plan. What its last steps have read may be left out."""

    def needs_lock(self, plan: ChangePlan) -> bool:
        """Whether a plan has to be executed under the cloud's own lock.

        So it is when what was read last shows the lock of another run, and for a change that another one at the same moment
        could make unsafe.
        """

    def complete(self, before: State, desired: State) -> State:
        """The wanted state with what only the cloud knows: what carries the groups of an interface that gets another."""

    def nothing(self, before: State) -> State:
        """The state in which this deployment has no group, as `destroy` wants it."""

    def steps(self, changes: tuple[GroupChange, ...], after: State) -> tuple[Step, ...]:
        """The steps in order, each with its calls. Raises InputError where quotas leave no way."""

    def quotas(self, state: State) -> tuple[QuotaUse, ...]:
        """What the groups of a state use."""

    def execute_step(self, step: Step, plan: ChangePlan, ids: dict[str, str]) -> None:
        """Do one step. `ids` has the id of every group by name, and learns those of groups that are made.

        Raises OutsideError; whatever was done until then is a part of the step and safe to do again.
        """

    def exclusive(self, owner: str) -> AbstractContextManager[None]:
        """Hold a lock that the cloud itself keeps. Raises LockedError at once: always where ETags serve instead.

        `owner` is who holds the lock of this machine: a lock in the cloud under that name was left by a run that is gone.
        """

    def rule(self, native: Mapping[str, Any], description: str, counts: tuple[tuple[str, int], ...] = ()) -> LiveRule:
        """A rule from its cloud's own form and what it took of the quotas, as a snapshot holds them."""
