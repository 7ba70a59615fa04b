"""One step of a change on Azure, safe to do again: what an answer leaves open is read before anything is sent once more.

Nothing is written over a state that was not looked at: every write names the ETag of the document that was compared with
the plan, and what is to be new is looked for right before. A group that differs from the plan's old state, and is not the
new one either, ends the change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from esacloud.azure.live.calls import Calls, Document, ReplacedError
from esacloud.azure.live.documents import (
    carried,
    joined,
    security_group,
    security_group_body,
    tags_of,
    to_write,
    with_group,
    with_member,
)
from esacloud.azure.live.read import Seen
from esacloud.azure.live.rules import Judge
from esacloud.azure.live.scope import GROUPS, INTERFACES, MEMBERS, Scope, is_members, members_name, parse_id
from esacloud.azure.live.target import Target
from esacloud.change.model import ChangePlan, LiveGroup, Step
from esacloud.change.retry import Backoff, LostError, RefusedError, until_done

IN_USE = ("InUseNetworkSecurityGroupCannotBeDeleted", "ApplicationSecurityGroupReferencedCannotBeDeleted")


class StepExecutor:
    """Does the steps of one plan."""

    def __init__(
        self,
        calls: Calls,
        where: Scope,
        judge: Judge,
        seen: Seen,
        plan: ChangePlan,
        ids: dict[str, str],
        backoff: Backoff,
    ) -> None:
        self.calls, self.where, self.judge, self.seen = calls, where, judge, seen
        self.plan, self.ids, self.backoff = plan, ids, backoff
        self.before: Mapping[str, LiveGroup] = {group.name: group for group in plan.actual.groups}
        self.after: Mapping[str, LiveGroup] = {group.name: group for group in plan.planned.groups}

    def do(self, step: Step) -> None:
        """Do it. Raises OutsideError."""
        getattr(self, f"_{step.action}")(step)

    def _put(self, step: Step) -> None:
        """Write a network security group with all its rules."""
        group = self.after[step.group]
        own_members = self.seen.own_members(step.interface, self.where)

        def content(document: Document) -> Any:
            return _content(security_group(document, step.interface, own_members, self.where, self.judge))

        def made(now: Document | None) -> Document:
            return security_group_body(group, group.tags, now, own_members, self.where)

        self._write(step, GROUPS, content, _content(group), made)

    def _create(self, step: Step) -> None:
        """Make an application security group, or give one other tags; it is nothing but a name with tags."""
        group = self.after[step.group]

        def made(now: Document | None) -> Document:
            return {"location": now["location"] if now else self.where.location, "tags": dict(group.tags), "properties": {}}

        self._write(step, MEMBERS, tags_of, dict(group.tags), made)
        self.seen.members[step.interface] = self.ids[step.group]

    _tag = _create

    def _write(
        self,
        step: Step,
        kind: str,
        content: Callable[[Document], Any],
        desired: Any,
        made: Callable[[Document | None], Document],
    ) -> None:
        """Write a group whole, from the plan's old state to its new one and from nothing else."""
        old = self.before.get(step.group)
        target = self.ids.get(step.group) or self.where.resource(kind, self.after[step.group].title)
        key = target.lower()
        known = self.seen.groups.get(key) if old is not None else None
        resource = Target(self.calls, target, known, known=known is not None)

        def attempt() -> None:
            now = resource.now(look=old is None)
            if now is not None and content(now) == desired:
                if resource.is_done():
                    return
            elif (now is None) != (old is None) or (now is not None and content(now) != self._old(old, kind)):
                resource.doubt(RefusedError(_moved(step.group, target), "Moved"))
            self._put_to(resource, made(now))

        until_done(attempt, self.backoff, resource.forget)
        assert resource.document is not None  # noqa: S101 - it was written, or is as wanted
        self.seen.groups[key] = resource.document
        self.ids[step.group] = self.where.spelled(str(resource.document["id"]))

    def _put_to(self, resource: Target, body: Document) -> None:
        try:
            resource.put(body)
        except ReplacedError as error:
            if resource.lost:
                message = f"{error} It may also have been made by this run, whose first request was not answered."
                raise ReplacedError(message, error.document, error.before) from error
            raise

    def _old(self, old: LiveGroup | None, kind: str) -> Any:
        assert old is not None  # noqa: S101 - the caller has seen that the group was there
        return dict(old.tags) if kind == MEMBERS else _content(old)

    def _attach(self, step: Step) -> None:
        for one in step.attach:
            self._carry(one, step, attach=True)
        for one in step.detach:
            self._carry(one, step, attach=False)

    def _carry(self, name: str, step: Step, *, attach: bool) -> None:
        """Give a subnet or network interface the group, or take it off; whatever else it has stays as it is now."""
        known = self.seen.attachments.pop(name, None)
        resource = Target(self.calls, name, known, known=known is not None)

        def attempt() -> None:
            now = resource.now()
            if now is None:
                if attach:
                    resource.doubt(RefusedError(f"{name} is gone"))
                return
            try:
                changed = self._changed(now, name, step, attach=attach)
            except RefusedError as error:
                resource.doubt(error)
                raise
            if changed == now and (resource.is_done() or not attach):
                if not attach and not resource.sent:  # the plan saw it there
                    resource.confirm(f"{name} does not carry {step.group}")
                return
            resource.put(to_write(changed))

        until_done(attempt, self.backoff, resource.forget)
        if resource.document is not None:
            self.seen.attachments[name] = resource.document

    def _changed(self, now: Document, name: str, step: Step, *, attach: bool) -> Document:
        group = self.ids[step.group]
        if is_members(step.group):
            return self._member(now, name, group, joins=attach)
        on = carried(now)
        members = members_name(step.interface)
        if not attach:
            changed = with_group(now, None) if on is not None and on.lower() == group.lower() else now
            both = step.group not in self.after and members in self.before and members not in self.after
            return self._member(changed, name, self.ids[members], joins=False) if both else changed
        if on is not None and on.lower() != group.lower():
            raise RefusedError(f"{name} carries {on} by now, which somebody else gave to it", "Moved")
        changed = with_group(now, group) if on is None else now
        joins = members in self.after and name in self.after[members].attached
        return self._member(changed, name, self.ids[members], joins=True) if joins else changed

    def _member(self, now: Document, name: str, group: str, *, joins: bool) -> Document:
        """The network interface inside or outside of an application security group; a subnet is in none."""
        if parse_id(name).kind != INTERFACES or (group.lower() in joined(now)) == joins:
            return now
        return with_member(now, group, joins=joins)

    def _delete(self, step: Step) -> None:
        target = self.ids[step.group]
        planned = self.seen.groups.get(target.lower())
        lost = False

        def attempt() -> None:
            if lost and planned is not None and self._is_another(target, planned):
                return
            try:
                self.calls.delete(target)
            except RefusedError as error:
                if error.code not in IN_USE:
                    raise
                holders = self._holders(target)
                if holders:
                    raise RefusedError(f"Azure does not delete {target}: {', '.join(holders)} still hold it") from error
                if parse_id(target).kind == MEMBERS:
                    raise
                raise LostError(str(error)) from error  # nothing holds it that can be seen: Azure has not caught up yet

        def forget() -> None:
            nonlocal lost
            lost = True

        until_done(attempt, self.backoff, forget)
        self.seen.groups.pop(target.lower(), None)

    def _is_another(self, target: str, planned: Document) -> bool:
        """Whether the group is gone and somebody has made another of its name."""
        now = self.calls.get(target, patient=False)
        guids = [(one.get("properties") or {}).get("resourceGuid") for one in (planned, now or planned)]
        return guids[0] != guids[1]

    def _holders(self, target: str) -> list[str]:
        """What says of itself that it carries a network security group; who is in another kind, Azure names."""
        if parse_id(target).kind == MEMBERS:
            return []
        now = self.calls.get(target) or {}
        given = now.get("properties") or {}
        on = [str(one["id"]) for message in ("networkInterfaces", "subnets") for one in given.get(message) or ()]
        return [one for one in on if self._carries(one, target)]

    def _carries(self, name: str, group: str) -> bool:
        try:
            document = self.calls.get(name)
        except RefusedError:  # in a resource group that may not be read from here
            return True
        return document is not None and (carried(document) or "").lower() == group.lower()


def _content(group: LiveGroup) -> Any:
    """What a write of a group changes."""
    return {(rule.key, rule.description) for rule in group.rules}, dict(group.tags)


def _moved(group: str, target: str) -> str:
    return (
        f"{group}: {target} is neither as it was when the plan was made nor as planned: somebody else has changed, made or "
        "deleted it, or Azure showed an older state when the plan was made. Nothing was written over it. Look at a new plan"
    )
