"""Calls about the groups of one plan: their ids, and the waits until EC2 knows a new group everywhere."""

from __future__ import annotations

from typing import Any

from esacloud.aws.live.calls import GROUP_NOT_FOUND, Calls
from esacloud.aws.live.read import Seen, describe
from esacloud.aws.live.rules import from_described
from esacloud.aws.live.scope import Scope
from esacloud.change.model import LiveRule
from esacloud.change.retry import LOOKS, ConflictError, RefusedError

# refusals that show that the state is not the one that the plan was made for
_STATE_DIFFERS = frozenset(
    (
        "RulesPerSecurityGroupLimitExceeded",
        "SecurityGroupsPerInterfaceLimitExceeded",
        "InvalidSecurityGroupRuleId.NotFound",
        GROUP_NOT_FOUND,
    )
)


class GroupCalls:
    """`ids`: the id of each group by name. `made`: ids of groups created in this run, which EC2 may not know everywhere."""

    def __init__(self, calls: Calls, where: Scope, ids: dict[str, str], seen: Seen) -> None:
        self.calls, self.where, self.ids, self.seen, self.backoff = calls, where, ids, seen, calls.backoff
        self.made: set[str] = set()

    def first(self, interface: str) -> str:
        """The id that `self` stands for; `interface` is also the name of its first group."""
        return self.ids.get(interface, "")

    def described(self, filtered: str, *values: str) -> list[dict[str, Any]]:
        """Groups of the VPC by a filter."""
        return describe(self.calls, self.where.vpc, filtered, values)

    def rules(self, name: str, interface: str) -> dict[str, LiveRule]:
        """The rules of a group as a read shows them, by key."""
        found = self.described("group-id", self.ids[name])
        return {rule.key: rule for group in found for rule in from_described(group, self.first(interface), {})}

    def send(self, operation: str, *groups: str, **parameters: Any) -> None:
        """Send a call about groups, again while EC2 does not find one that this run created.

        Raises ConflictError where the refusal shows that the state is not the plan's.
        """
        for number in range(LOOKS):
            self.backoff.wait_for_look(number)
            try:
                self.calls.send(operation, **parameters)
                return
            except RefusedError as error:
                fresh = error.code == GROUP_NOT_FOUND and any(one in self.made and one in str(error) for one in groups)
                if fresh and number < LOOKS - 1:
                    continue
                if error.code in _STATE_DIFFERS:
                    raise ConflictError(str(error), error.code) from error
                raise
