"""The interface of a live cloud: read a state, complete the desired one, order the steps, execute one.

`esacloud.<cloud>.live.cloud` has `live(deployment, connection)`, and `live_of(document, connection)` for a snapshot. An
implementation sends its calls through `retry.ask` and `retry.converge`, so that every step is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from esacloud.change.model import ChangePlan, GroupChange, LiveRule, State, Step
from esacloud.change.pace import Pace
from esacloud.change.retry import Backoff
from esacloud.errors import Place, Problem, refuse
from esacloud.policy.lowered import Lowered, QuotaUse


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a cloud: what the command line says, or a `client`, which is then the only one used.

    - `profile`, `region`, `endpoint_url`: None for the cloud's own chain of settings.
    - `credentials`: for local clouds alone; never written anywhere.
    - `pace`: keeps requests below a rate. None: this process keeps below the cloud's published rates. With
      `pace_directory`, all processes of this machine that name the same directory keep below them together; requests to a
      custom endpoint are paced only for some minutes after a throttled answer.
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
    """One deployment in one scope of a cloud. It keeps a client and a journal of calls; one thread at a time."""

    @property
    def calls(self) -> list[str]:
        """The API operations sent so far, in order."""

    @property
    def default_rules(self) -> tuple[LiveRule, ...]:
        """The rules that the cloud gives to a new group, or may give."""

    def desired_state(self, lowered: Lowered) -> State:
        """What the deployment asks for: groups, rules, tags and attachments."""

    def read_state(self, desired: State | None) -> State:
        """The actual state, and what the desired one depends on. Raises OutsideError."""

    def read_back(self, plan: ChangePlan) -> State:
        """The actual state after all steps of a plan; what its last steps have read may be used once instead."""

    def needs_lock(self, plan: ChangePlan) -> bool:
        """Whether a plan must be executed under the cloud's own lock.

        That is so when the last read showed the lock of another run, or when a change by another run at the same moment
        could make this one unsafe.
        """

    def complete_state(self, actual: State, desired: State) -> State:
        """The desired state with what only the cloud knows: the attachments of an interface that gets another group."""

    def empty_state(self, actual: State) -> State:
        """The desired state of `destroy`: no group of this deployment."""

    def ordered_steps(self, changes: tuple[GroupChange, ...], planned: State) -> tuple[Step, ...]:
        """The steps in order, each with its calls. Raises InputError where the quotas allow no order."""

    def quota_uses(self, state: State) -> tuple[QuotaUse, ...]:
        """What the groups of a state use."""

    def execute_step(self, step: Step, plan: ChangePlan, ids: dict[str, str]) -> None:
        """Execute one step. `ids` has the id of every group by name; those of new groups are added.

        Raises OutsideError; whatever was done until then is a part of the step and safe to repeat.
        """

    def hold_lock(self, owner: str) -> AbstractContextManager[None]:
        """Hold a lock that the cloud itself keeps. Raises LockedError at once: always where ETags serve instead.

        `owner` holds the lock of this machine: a lock in the cloud under that name was left by a run that has ended.
        """

    def rule_from_native(
        self, native: Mapping[str, Any], description: str, counts: tuple[tuple[str, int], ...] = ()
    ) -> LiveRule:
        """A rule from the cloud's own form and its share of the quotas, as a snapshot has them."""


def check_interfaces(cloud: str, place: Place, named: Iterable[str], known: Collection[str]) -> None:
    """Refuse interfaces that the file attaches or adopts, and that have no features. Raises InputError."""
    refuse(
        Problem(
            place.at(f"cloud.{cloud}.interfaces.{name}"),
            f"The file attaches the interface {name}, which has no features.",
            f"Add {name} under `interfaces`, or remove it here.",
        )
        for name in sorted(set(named).difference(known))
    )
