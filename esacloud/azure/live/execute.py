"""One step of a change on Azure, safe to do again: an unclear answer is followed by a read before anything is sent again.

No state is overwritten that was not read: every write has the ETag of the document that was compared with the plan, and a
resource that is to be new is looked for right before. A group that is neither in the plan's old state nor in its new one
ends the change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from esacloud.azure.live.calls import Calls
from esacloud.azure.live.client import ReplacedError
from esacloud.azure.live.documents import (
    Document,
    attached_group,
    attachments_of,
    joined,
    properties_of,
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
        match step.action:
            case "put":
                self._put(step)
            case "create" | "tag":
                self._create(step)
            case "attach":
                for name in step.attach:
                    self._attach_to(name, step, attach=True)
                for name in step.detach:
                    self._attach_to(name, step, attach=False)
            case "delete":
                self._delete(step)
            case _:
                raise ValueError(f"{step.action} is not a step on Azure")

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
        """Create an application security group, or change its tags; it has nothing but a name and tags."""
        group = self.after[step.group]

        def made(now: Document | None) -> Document:
            return {"location": now["location"] if now else self.where.location, "tags": dict(group.tags), "properties": {}}

        self._write(step, MEMBERS, tags_of, dict(group.tags), made)
        self.seen.members[step.interface] = self.ids[step.group]

    def _write(
        self,
        step: Step,
        kind: str,
        content: Callable[[Document], Any],
        desired: Any,
        made: Callable[[Document | None], Document],
    ) -> None:
        """Write a whole group, from the plan's old state to its new one and from no other."""
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
        assert resource.document is not None  # noqa: S101 - it was written, or is as desired
        self.seen.groups[key] = resource.document
        self.ids[step.group] = self.where.spelled(str(resource.document["id"]))

    def _put_to(self, resource: Target, body: Document) -> None:
        try:
            resource.put(body)
        except ReplacedError as error:
            if resource.lost:
                message = f"{error} This run may also have created it, because its first request was not answered."
                raise ReplacedError(message, error.document, error.before) from error
            raise

    def _old(self, old: LiveGroup | None, kind: str) -> Any:
        assert old is not None  # noqa: S101 - the caller has checked that the group existed
        return dict(old.tags) if kind == MEMBERS else _content(old)

    def _attach_to(self, name: str, step: Step, *, attach: bool) -> None:
        """Attach the group to a subnet or network interface, or detach it; everything else of it stays as it is now."""
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
                if not attach and not resource.sent:  # the plan saw it attached
                    resource.confirm(f"{step.group} is not attached to {name}")
                return
            resource.put(to_write(changed))

        until_done(attempt, self.backoff, resource.forget)
        if resource.document is not None:
            self.seen.attachments[name] = resource.document

    def _changed(self, now: Document, name: str, step: Step, *, attach: bool) -> Document:
        group = self.ids[step.group]
        if is_members(step.group):
            return self._member(now, name, group, joins=attach)
        on = attached_group(now)
        members = members_name(step.interface)
        if not attach:
            changed = with_group(now, None) if on.lower() == group.lower() else now
            both = step.group not in self.after and members in self.before and members not in self.after
            return self._member(changed, name, self.ids[members], joins=False) if both else changed
        if on and on.lower() != group.lower():
            raise RefusedError(f"another group is attached to {name} since the plan was made: {on}", "Moved")
        changed = now if on else with_group(now, group)
        joins = members in self.after and name in self.after[members].attached
        return self._member(changed, name, self.ids[members], joins=True) if joins else changed

    def _member(self, now: Document, name: str, group: str, *, joins: bool) -> Document:
        """The network interface with or without an application security group; a subnet has none."""
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
                    raise RefusedError(f"Azure does not delete {target}: it is attached to {', '.join(holders)}") from error
                if parse_id(target).kind == MEMBERS:
                    raise
                raise LostError(str(error)) from error  # nothing visible holds it: Azure has not caught up yet

        def forget() -> None:
            nonlocal lost
            lost = True

        until_done(attempt, self.backoff, forget)
        self.seen.groups.pop(target.lower(), None)

    def _is_another(self, target: str, planned: Document) -> bool:
        """Whether the group is deleted and somebody has created another with its name."""
        now = self.calls.get(target, patient=False)
        return properties_of(now or planned).get("resourceGuid") != properties_of(planned).get("resourceGuid")

    def _holders(self, target: str) -> list[str]:
        """What a network security group is attached to; Azure itself names what is in the other kind of group."""
        if parse_id(target).kind == MEMBERS:
            return []
        return [name for name in attachments_of(self.calls.get(target) or {}) if self._is_attached(name, target)]

    def _is_attached(self, name: str, group: str) -> bool:
        try:
            document = self.calls.get(name)
        except RefusedError:  # in a resource group that this identity may not read
            return True
        return document is not None and attached_group(document).lower() == group.lower()


def _content(group: LiveGroup) -> Any:
    """The parts of a group that a write changes."""
    return {(rule.key, rule.description) for rule in group.rules}, dict(group.tags)


def _moved(group: str, target: str) -> str:
    return (
        f"{group}: {target} is neither as it was when the plan was made nor as planned: somebody else has changed, created "
        "or deleted it, or Azure showed an older state when the plan was made. It was not overwritten. Make a new plan"
    )
