"""Attaching groups to network interfaces and detaching them, each interface's whole list of groups in one write."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from esacloud.aws.live.calls import INTERFACE_NOT_FOUND
from esacloud.aws.live.group_calls import GroupCalls
from esacloud.aws.live.read import attachments, live_group
from esacloud.aws.live.rule_steps import RuleSteps
from esacloud.aws.live.rules import DEFAULT_EGRESS
from esacloud.aws.live.scope import Identity
from esacloud.change.model import Assignment, ChangePlan, LiveGroup, Step
from esacloud.change.retry import LOOKS, ConflictError, RefusedError, until_done

FRESH = 10.0  # seconds for which a list of groups that was read may be the base of a new list


class Attacher:
    """What a run knows of network interfaces.

    - `carried`: the groups on each, as they were read or written last.
    - `moved`: the groups that this run has attached to it (True) or detached from it, by id.
    - `verified`: the groups as they were read when nothing was left to do but to attach them.
    """

    def __init__(self, plan: ChangePlan, groups: GroupCalls, rules: RuleSteps) -> None:
        self.plan, self.groups, self.rules = plan, groups, rules
        self.desired = {group.name: group for group in plan.planned.groups}
        self.carried = dict(plan.actual.attachments or {})
        self.moved: dict[str, dict[str, bool]] = {}
        self.verified: list[LiveGroup] = []

    def assign(self, step: Step) -> None:
        """Write the list of groups of each network interface once, after the groups to attach are verified."""
        if step.expects:
            self._verify(step)
        if time.monotonic() - self.groups.seen.attachments_read > FRESH:
            self._read_lists(step.assignments)
        lists = {assignment.attachment: self._assigned(assignment) for assignment in step.assignments}
        for name, ids in lists.items():
            if name in self.carried and ids != self.carried[name]:
                self._write_list(name, ids)
        for assignment in step.assignments:
            moved = self.moved.setdefault(assignment.attachment, {})
            moved |= dict.fromkeys(self._ids(assignment.detach), False) | dict.fromkeys(self._ids(assignment.attach), True)
        self._read_lists(step.assignments)

    def _verify(self, step: Step) -> None:
        """Read until the groups to attach have exactly the rules that were written.

        A default egress rule that only this read has shown is revoked first.
        """
        names = {name: self.groups.ids[name] for name in self.desired if name in self.groups.ids}
        for number in range(LOOKS):
            self.groups.backoff.wait_for_look(number)
            found = {str(one["GroupId"]): one for one in self.groups.described("group-id", *sorted(names.values()))}
            groups = {name: self._live(name, found[one]) for name, one in names.items() if one in found}
            keys = {name: frozenset(rule.key for rule in group.rules) for name, group in groups.items()}
            differing = [name for name, expected in step.expects.items() if keys.get(name) != expected]
            if not differing:
                self.verified = list(groups.values()) if step is self.plan.steps[-1] else []
                return
            for name in differing:
                if name in groups:
                    self._revoke_defaults(groups[name], step.expects[name])
        raise ConflictError(f"{', '.join(differing)}: the rules are not those that were written, so nothing was attached")

    def _live(self, name: str, found: dict[str, Any]) -> LiveGroup:
        interface, groups = self.desired[name].interface, self.groups
        return live_group(Identity(name, interface), found, groups.first(interface), groups.where, groups.seen.sizes)

    def _revoke_defaults(self, group: LiveGroup, expected: frozenset[str]) -> None:
        rules = tuple(rule for rule in group.rules if rule.key in DEFAULT_EGRESS and rule.key not in expected)
        if rules:
            self.rules.remove(Step("remove", group.name, group.interface, "egress", rules))

    def _ids(self, names: Iterable[str]) -> list[str]:
        return [self.groups.ids[name] for name in names]

    def _assigned(self, assignment: Assignment) -> tuple[str, ...]:
        """The new list of groups of a network interface; other groups on it stay."""
        attach, detach = self._ids(assignment.attach), self._ids(assignment.detach)
        now = self.carried.get(assignment.attachment, ())
        return (*(group for group in now if group not in detach), *(group for group in attach if group not in now))

    def _write_list(self, name: str, ids: tuple[str, ...]) -> None:
        if not ids:
            raise ConflictError(f"{name} would have no group, and EC2 requires one on every network interface")

        def send() -> None:
            try:
                self.groups.send("ModifyNetworkInterfaceAttribute", *ids, NetworkInterfaceId=name, Groups=list(ids))
            except RefusedError as error:
                if error.code != INTERFACE_NOT_FOUND:
                    raise
                raise ConflictError(str(error), error.code) from error

        until_done(send, self.groups.backoff)
        self.carried[name] = ids

    def _read_lists(self, assignments: Iterable[Assignment]) -> None:
        """Read the lists of groups until each shows all that this run has attached or detached.

        A list that does not is older than that. What others have changed in it is taken as it is.
        """
        waiting = {assignment.attachment for assignment in assignments}
        for number in range(LOOKS):
            self.groups.backoff.wait_for_look(number)
            found = attachments(self.groups.calls, names=sorted(waiting))
            waiting &= found.keys()
            for name, ids in found.items():
                if all((group in ids) == on for group, on in self.moved.get(name, {}).items()):
                    waiting.discard(name)
                    self.carried[name] = ids
            if not waiting:
                return
        raise ConflictError(f"{', '.join(sorted(waiting))}: a read does not show the groups that this run has written")
