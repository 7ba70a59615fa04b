"""Attaching groups to network interfaces and detaching them, each interface's whole list of groups in one write."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from esacloud.aws.live.calls import INTERFACE_NOT_FOUND
from esacloud.aws.live.read import attachments, describe, live_group
from esacloud.aws.live.rules import DEFAULT_EGRESS
from esacloud.aws.live.scope import Identity
from esacloud.change.model import Assignment, LiveGroup, Step
from esacloud.change.retry import LOOKS, ConflictError, RefusedError, converge

if TYPE_CHECKING:
    from esacloud.aws.live.execute import StepExecutor

FRESH = 10.0  # seconds for which a list of groups that was read serves to make another of it


class Attacher:
    """What a run knows of network interfaces.

    `carried` are the groups on each as they were read or written last, `moved` those that this run has put on it (True) or
    taken off it, by id. `verified` are the groups as they were read when nothing was left to do but to attach them.
    """

    def __init__(self, run: StepExecutor) -> None:
        self.run = run
        self.carried = dict(run.plan.before.attachments or {})
        self.moved: dict[str, dict[str, bool]] = {}
        self.verified: list[LiveGroup] = []

    def assign(self, step: Step) -> None:
        """Write the list of groups of each network interface once, after what they get is seen to be as it has to be."""
        if step.expects:
            self._verify(step)
        if time.monotonic() - self.run.seen.attachments_read > FRESH:
            self._read_lists(step.assignments)
        desired_ = {one.attachment: self._assigned(one) for one in step.assignments}
        for name, ids in desired_.items():
            if name in self.carried and ids != self.carried[name]:
                self._write_list(name, ids)
        for one in step.assignments:
            moved = self.moved.setdefault(one.attachment, {})
            moved.update({self.run.ids[name]: name in one.attach for name in (*one.attach, *one.detach)})
        self._read_lists(step.assignments)

    def _verify(self, step: Step) -> None:
        """Read until the groups that are to be attached have exactly the rules that were written.

        A rule that every new group begins with, and that only this read has shown, goes first.
        """
        names = {group.name: self.run.ids[group.name] for group in self.run.desired.values() if group.name in self.run.ids}
        for number in range(LOOKS):
            self.run.backoff.wait_for_look(number)
            shown = describe(self.run.calls, self.run.where.vpc, "group-id", sorted(names.values()))
            found = {str(one["GroupId"]): one for one in shown}
            groups = {name: self._live(name, found[one]) for name, one in names.items() if one in found}
            differing = [name for name, keys in step.expects.items() if name not in groups or _keys(groups[name]) != keys]
            if not differing:
                self.verified = list(groups.values()) if step is self.run.plan.steps[-1] else []
                return
            for name in differing:
                self._revoke_defaults(groups.get(name), step.expects[name])
        raise ConflictError(f"{', '.join(differing)}: the rules are not those that were written, so nothing was attached")

    def _live(self, name: str, found: dict[str, Any]) -> LiveGroup:
        interface = self.run.desired[name].interface
        return live_group(Identity(name, interface), found, self.run.first(interface), self.run.where, self.run.seen.sizes)

    def _revoke_defaults(self, group: LiveGroup | None, expected: frozenset[str]) -> None:
        rules = [rule for rule in group.rules if rule.key in DEFAULT_EGRESS and rule.key not in expected] if group else []
        if group is None or not rules:
            return
        self.run.remove(Step("remove", group.name, group.interface, "egress", tuple(rules)))

    def _assigned(self, one: Assignment) -> tuple[str, ...]:
        """The list of groups that a network interface has to get; other groups on it stay."""
        attach, detach = ([self.run.ids[name] for name in names] for names in (one.attach, one.detach))
        now = self.carried.get(one.attachment, ())
        return (*(group for group in now if group not in detach), *(group for group in attach if group not in now))

    def _write_list(self, name: str, ids: tuple[str, ...]) -> None:
        if not ids:
            raise ConflictError(f"{name} would be left without a group, and EC2 wants one on every network interface")

        def send(_: Sequence[str]) -> None:
            try:
                self.run.send("ModifyNetworkInterfaceAttribute", *ids, NetworkInterfaceId=name, Groups=list(ids))
            except RefusedError as error:
                if error.code != INTERFACE_NOT_FOUND:
                    raise
                raise ConflictError(str(error), error.code) from error

        converge((name,), send, lambda pending: pending, self.run.backoff)
        self.carried[name] = ids

    def _read_lists(self, assignments: Iterable[Assignment]) -> None:
        """Read the lists of groups until each shows all that this run has put on it or taken off it.

        One that does not is older than that; what else others have done there is taken as it is.
        """
        waiting = {one.attachment for one in assignments}
        for number in range(LOOKS):
            self.run.backoff.wait_for_look(number)
            found = attachments(self.run.calls, names=sorted(waiting))
            waiting &= found.keys()
            for name, ids in found.items():
                if all((group in ids) == on for group, on in self.moved.get(name, {}).items()):
                    waiting.discard(name)
                    self.carried[name] = ids
            if not waiting:
                return
        raise ConflictError(f"{', '.join(sorted(waiting))}: the groups that this run has written are not there")


def _keys(group: LiveGroup) -> frozenset[str]:
    return frozenset(rule.key for rule in group.rules)
