"""One step of a change on Azure, safe to do again: what an answer leaves open is read before anything is sent once more.

Nothing is written over a state that was not looked at: every write names the ETag of the document that was compared with
the plan. A group that differs from the plan's old state, and is not the new one either, ends the change at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from esacloud.azure.live_calls import Calls, Document, etag_of
from esacloud.azure.live_documents import (
    FAILED,
    UPDATING,
    carried,
    joined,
    security_group,
    security_group_body,
    state_of,
    tags_of,
    to_write,
    with_group,
    with_member,
)
from esacloud.azure.live_place import GROUPS, INTERFACES, MEMBERS, Whereabouts, is_members, members_name, parse_id
from esacloud.azure.live_read import Seen
from esacloud.azure.live_rules import Judge
from esacloud.live.model import ChangePlan, LiveGroup, Step
from esacloud.live.retry import Backoff, LostError, RefusedError, SettledError, ThrottledError

IN_USE = ("InUseNetworkSecurityGroupCannotBeDeleted", "ApplicationSecurityGroupReferencedCannotBeDeleted")


class Performer:
    """Does the steps of one plan."""

    def __init__(
        self,
        calls: Calls,
        where: Whereabouts,
        judge: Judge,
        seen: Seen,
        plan: ChangePlan,
        ids: dict[str, str],
        backoff: Backoff,
    ) -> None:
        self.calls, self.where, self.judge, self.seen = calls, where, judge, seen
        self.plan, self.ids, self.backoff = plan, ids, backoff
        self.before: Mapping[str, LiveGroup] = {group.name: group for group in plan.before.groups}
        self.after: Mapping[str, LiveGroup] = {group.name: _marked(group, plan) for group in plan.after.groups}

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
        wanted: Any,
        made: Callable[[Document | None], Document],
    ) -> None:
        """Write a group whole, from the plan's old state to its new one and from nothing else."""
        old = self.before.get(step.group)
        target = self.ids.get(step.group) or self.where.resource(kind, self.after[step.group].title)
        key, sent = target.lower(), False
        looked = key in self.seen.groups or old is None

        def attempt() -> None:
            nonlocal sent, looked
            if not looked:
                self._look(key, target)
                looked = True
            now = self.seen.groups.get(key)
            if now is not None and content(now) == wanted and (sent or state_of(now) != FAILED):
                self._settled(now, target)
                return
            if (now is None) != (old is None) or (now is not None and content(now) != self._old(old, kind)):
                raise RefusedError(_moved(step.group, target), "Moved")
            sent = True
            self.seen.groups[key] = self.calls.put(target, made(now), etag_of(now) if now is not None else None)

        def forget() -> None:
            nonlocal looked
            looked = False

        self._until_done(attempt, forget)
        self.ids[step.group] = self.where.spelled(str(self.seen.groups[key]["id"]))

    def _old(self, old: LiveGroup | None, kind: str) -> Any:
        assert old is not None  # noqa: S101 - the caller has seen that the group was there
        return dict(old.tags) if kind == MEMBERS else _content(old)

    def _look(self, key: str, target: str) -> None:
        now = self.calls.get(target, patient=False)
        if now is None:
            self.seen.groups.pop(key, None)
        else:
            self.seen.groups[key] = now

    def _settled(self, now: Document, target: str) -> None:
        """It is as wanted; whether its change has come to its end is another thing."""
        if state_of(now) == UPDATING:
            raise LostError(f"Azure {target}: it is written, and still being updated")
        if state_of(now) == FAILED:
            raise RefusedError(f"Azure {target}: the change was accepted and ended as failed", FAILED)

    def _attach(self, step: Step) -> None:
        for one in step.attach:
            self._carry(one, step, attach=True)
        for one in step.detach:
            self._carry(one, step, attach=False)

    def _carry(self, name: str, step: Step, *, attach: bool) -> None:
        """Give a subnet or network interface the group, or take it off; whatever else it has stays as it is now."""
        again = bool(step.why)

        def attempt() -> None:
            nonlocal again
            now = self.seen.carriers.get(name) or self.calls.get(name, patient=False)
            if now is None:
                if attach:
                    raise RefusedError(f"{name} is gone")
                return
            self.seen.carriers[name] = now
            changed = self._changed(now, name, step, attach=attach)
            if changed == now and not again:
                if state_of(now) == UPDATING:
                    raise LostError(f"Azure {name}: it is written, and still being updated")
                return
            self.seen.carriers[name] = self.calls.put(name, to_write(changed), etag_of(now))
            again = False

        self._until_done(attempt, lambda: self.seen.carriers.pop(name, None))

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

        def attempt() -> None:
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

        self._until_done(attempt, lambda: None)
        self.seen.groups.pop(target.lower(), None)

    def _holders(self, target: str) -> list[str]:
        """What carries a network security group; who is in an application security group, Azure says in its refusal."""
        if parse_id(target).kind == MEMBERS:
            return []
        now = self.calls.get(target) or {}
        given = now.get("properties") or {}
        return [str(one["id"]) for what in ("networkInterfaces", "subnets") for one in given.get(what) or ()]

    def _until_done(self, attempt: Callable[[], None], forget: Callable[[], Any]) -> None:
        """Try until it is done. After an answer that leaves open what was done, what is known of it is forgotten."""
        for number in range(self.backoff.tries):
            last = number == self.backoff.tries - 1
            try:
                attempt()
                return
            except ThrottledError:
                if last:
                    raise
            except (LostError, SettledError):
                if last:
                    raise
                forget()
            self.backoff.wait(number)


def _marked(group: LiveGroup, plan: ChangePlan) -> LiveGroup:
    """The group with the tags that it has at the end."""
    gone = {key for change in plan.changes if change.name == group.name for key in change.untag}
    return replace(group, tags={key: value for key, value in group.tags.items() if key not in gone}) if gone else group


def _content(group: LiveGroup) -> Any:
    """What a write of a group changes."""
    return {(rule.key, rule.description) for rule in group.rules}, dict(group.tags)


def _moved(group: str, target: str) -> str:
    return (
        f"{group}: {target} is neither as it was when the plan was made nor as planned: somebody else has changed, made or "
        "deleted it. Nothing was written over it. Look at a new plan"
    )
