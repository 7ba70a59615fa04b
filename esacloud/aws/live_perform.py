"""One step of a change on EC2, safe to do again: what an answer leaves open is read before anything is sent once more.

A read may be older than the last write (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html), while a
write is refused by what is there: InvalidPermission.Duplicate and NotFound, DependencyViolation. So what has to be gone is
revoked without a look, what has to be there is confirmed by a write, nothing gets a group before a read shows exactly the
rules that were written, and a network interface's list of groups, which is written whole, is made once of one read and read
back until it shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from esacloud.aws.live_calls import GROUP_NOT_FOUND, INTERFACE_NOT_FOUND, Calls
from esacloud.aws.live_place import Identity, Whereabouts
from esacloud.aws.live_read import Seen, carriers, describe, live_group
from esacloud.aws.live_replacing import ids_by_key, request
from esacloud.aws.live_rules import DEFAULT_EGRESS, from_described, permissions
from esacloud.live.model import Assignment, ChangePlan, LiveGroup, LiveRule, Step
from esacloud.live.retry import Backoff, ConflictError, LostError, RefusedError, SettledError, converge
from esacloud.packets import Direction

_SIDE: dict[Direction, str] = {"in": "Ingress", "out": "Egress"}
DEPENDENCY = "DependencyViolation"
# refusals that say that the state is not the plan's
_NOT_AS_PLANNED = frozenset(
    (
        "RulesPerSecurityGroupLimitExceeded",
        "SecurityGroupsPerInterfaceLimitExceeded",
        "InvalidSecurityGroupRuleId.NotFound",
        GROUP_NOT_FOUND,
    )
)
FRESH = 10.0  # seconds for which a list of groups that was read serves to make another of it
LOOKS = 7  # reads, with 0.25, 0.5, 1 ... 8 seconds between, until what was written shows
_Pairs = Sequence[tuple[LiveRule, LiveRule]]


class Performer:
    """Does the steps of one plan.

    `made` are ids of groups made in this run, which EC2 may not know everywhere yet. `carried` are the groups on each
    network interface as they were read or written last. `verified` are the groups as they were read when nothing was left
    to do but to attach them.
    """

    def __init__(
        self, calls: Calls, where: Whereabouts, plan: ChangePlan, ids: dict[str, str], seen: Seen, backoff: Backoff
    ) -> None:
        self.calls, self.where, self.plan, self.ids, self.seen, self.backoff = calls, where, plan, ids, seen, backoff
        self.wanted: Mapping[str, LiveGroup] = {group.name: group for group in plan.after.groups}
        self.changes = {change.name: change for change in plan.changes}
        self.made: set[str] = set()
        self.carried = dict(plan.before.attachments or {})
        self.verified: list[LiveGroup] = []

    def do(self, step: Step) -> None:
        """Do it. Raises OutsideError; a ConflictError where the state is not the plan's."""
        self.verified = []
        try:
            self._do(step)
        except SettledError as error:  # what EC2 says is done was never shown by a read, or the other way round
            raise ConflictError(str(error)) from error

    def _do(self, step: Step) -> None:
        match step.action:
            case "create":
                self._create(step)
            case "tag":
                tags = [{"Key": key, "Value": value} for key, value in self.changes[step.group].tags.items()]
                self._again(lambda: self.calls.send("CreateTags", Resources=[self.ids[step.group]], Tags=tags))
            case "untag":
                tags = [{"Key": key} for key in self.changes[step.group].untag]
                self._again(lambda: self.calls.send("DeleteTags", Resources=[self.ids[step.group]], Tags=tags))
            case "revoke_default":
                self._revoke_default(step)
            case "add":
                self._add(step)
            case "remove":
                self._remove(step)
            case "confirm":
                self._confirm(step)
            case "describe":
                self._describe(step)
            case "replace":
                self._replace(step)
            case "assign":
                self._assign(step)
            case "delete":
                self._delete(step)
            case _:
                raise ValueError(f"{step.action} is no step on EC2")

    def _create(self, step: Step) -> None:
        group = self.wanted[step.group]
        tags = [{"Key": key, "Value": value} for key, value in group.tags.items()]
        unsure = False

        def send(_: Sequence[str]) -> None:
            nonlocal unsure
            try:
                answer = self.calls.send(
                    "CreateSecurityGroup",
                    GroupName=group.title,
                    Description=group.description,
                    VpcId=self.where.vpc,
                    TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
                )
            except LostError:
                unsure = True
                raise
            self.ids[group.name] = str(answer["GroupId"])

        def left(names: Sequence[str]) -> Sequence[str]:
            for one in describe(self.calls, self.where.vpc, "group-name", (group.title,)):
                if self.where.identity(one) is None:
                    raise RefusedError(self._name_taken(group, one), "InvalidGroup.Duplicate")
                if not unsure:
                    self.seen.by_name = True
                    raise ConflictError(f"{group.title} ({one['GroupId']}) is there already, though nothing showed it")
                self.ids[group.name] = str(one["GroupId"])
                return ()
            return names

        converge((group.name,), send, left, self.backoff)
        self.made.add(self.ids[group.name])

    def _name_taken(self, group: LiveGroup, one: Mapping[str, Any]) -> str:
        return (
            f"a security group named {group.title} ({one['GroupId']}) is in {self.where.vpc} already and is not this "
            f"deployment's. To adopt it, write `group: {one['GroupId']}` under `cloud.aws.interfaces.{group.interface}`; "
            "else write another `name_prefix`"
        )

    def _add(self, step: Step) -> None:
        """Authorize rules. Those that EC2 has already, or that only a read has shown, get their descriptions by a write."""
        known: set[str] = set()

        def left(rules: Sequence[LiveRule]) -> Sequence[LiveRule]:
            shown = {rule.key for rule in self._now(self.ids[step.group], step.interface)}
            known.update(shown & {rule.key for rule in rules})
            return [rule for rule in rules if rule.key not in shown]

        self._rules(step, "Authorize", left, known)
        if there := tuple(rule for rule in step.rules if rule.key in known):
            self._confirm(replace(step, action="confirm", rules=there))

    def _remove(self, step: Step) -> None:
        def left(rules: Sequence[LiveRule]) -> Sequence[LiveRule]:
            shown = {rule.key for rule in self._now(self.ids[step.group], step.interface)}
            return [rule for rule in rules if rule.key in shown]

        self._rules(step, "Revoke", left, set())

    def _revoke_default(self, step: Step) -> None:
        """Revoke without a look what EC2 gives to a new group: a read may not show it yet.

        That is one rule or two. EC2 revokes none of a call that names one which is not there; then each is revoked by
        itself, until one was there.
        """
        known: set[str] = set()
        self._rules(step, "Revoke", lambda rules: rules, known, until=1)

    def _rules(
        self,
        step: Step,
        verb: str,
        left: Callable[[Sequence[LiveRule]], Sequence[LiveRule]],
        done_before: set[str],
        until: int | None = None,
    ) -> None:
        """Send all rules in one call. What `left` does not clear up is sent rule by rule: a refusal then says it is done.

        `done_before` gets the keys of rules that EC2 said were done. `until`: how many are done anew at most in that way.
        """
        assert step.direction is not None  # noqa: S101 - a step with rules has a direction
        group, operation = self.ids[step.group], f"{verb}SecurityGroup{_SIDE[step.direction]}"
        settled = False

        def send(rules: Sequence[LiveRule]) -> None:
            nonlocal settled
            described = verb == "Authorize"
            made = permissions(rules, self._first(step.interface), described=described)
            try:
                self._send(operation, group, GroupId=group, IpPermissions=made)
            except SettledError:
                settled = True
                if len(rules) > 1:
                    raise
                done_before.add(rules[0].key)

        def cleared(rules: Sequence[LiveRule]) -> Sequence[LiveRule]:
            remaining = left(rules)
            if not settled or len(remaining) < len(rules):
                return remaining
            for number, rule in enumerate(rules):  # EC2 has done a part of them, and no read says which
                if until is None or number - len(done_before) < until:
                    converge((rule,), send, lambda todo: todo, self.backoff)
            return ()

        converge(step.rules, send, cleared, self.backoff)

    def _confirm(self, step: Step) -> None:
        """Write the descriptions of rules, which EC2 refuses where a rule is not there, whatever reads have shown."""

        def send(rules: Sequence[LiveRule]) -> None:
            try:
                self._send_descriptions(step, rules)
            except SettledError as error:
                raise ConflictError(f"a rule of {step.group} that is needed is not there any more ({error})") from error

        converge(step.rules, send, lambda todo: todo, self.backoff)

    def _describe(self, step: Step) -> None:
        def left(rules: Sequence[LiveRule]) -> Sequence[LiveRule]:
            there = {rule.key: rule.description for rule in self._now(self.ids[step.group], step.interface)}
            return [rule for rule in rules if there.get(rule.key, rule.description) != rule.description]

        converge(step.rules, lambda rules: self._send_descriptions(step, rules), left, self.backoff)

    def _send_descriptions(self, step: Step, rules: Sequence[LiveRule]) -> None:
        assert step.direction is not None  # noqa: S101 - a step with rules has a direction
        group, operation = self.ids[step.group], f"UpdateSecurityGroupRuleDescriptions{_SIDE[step.direction]}"
        made = permissions(rules, self._first(step.interface), described=True)
        self._send(operation, group, GroupId=group, IpPermissions=made)

    def _replace(self, step: Step) -> None:
        """Turn rules into others by their ids. One that somebody else took away meanwhile cannot turn into anything."""
        group, first = self.ids[step.group], self._first(step.interface)

        def send(pairs: _Pairs) -> None:
            filters = [{"Name": "group-id", "Values": [group]}]
            there = ids_by_key(self.calls.read("DescribeSecurityGroupRules", "SecurityGroupRules", Filters=filters), first)
            gone = [old.key for old, _ in pairs if old.key not in there]
            if gone:
                raise SettledError(f"{step.group}: {', '.join(gone)} is gone, and nothing can take its place")
            made = [{"SecurityGroupRuleId": there[old.key], "SecurityGroupRule": request(new, first)} for old, new in pairs]
            self._send("ModifySecurityGroupRules", group, GroupId=group, SecurityGroupRules=made)

        def left(pairs: _Pairs) -> _Pairs:
            there = {rule.key for rule in self._now(group, step.interface)}
            return [(old, new) for old, new in pairs if new.key not in there]

        converge(tuple(zip(step.replaces, step.rules, strict=True)), send, left, self.backoff)

    def _assign(self, step: Step) -> None:
        """Write the list of groups of each network interface once, after what they get is seen to be as it has to be."""
        if step.expects:
            self._verify(step)
        if time.monotonic() - self.seen.carriers_read > FRESH:
            self._look_at(step.assignments)
        shall = {one.attachment: self._assigned(one) for one in step.assignments}
        for name, ids in shall.items():
            if name in self.carried and ids != self.carried[name]:
                self._write_list(name, ids)
        self._until_shown(step.assignments)

    def _verify(self, step: Step) -> None:
        """Read until the groups that are to be attached have exactly the rules that were written.

        A rule that every new group begins with, and that only this read has shown, goes first.
        """
        names = {group.name: self.ids[group.name] for group in self.wanted.values() if group.name in self.ids}
        for number in range(LOOKS):
            self._pause(number)
            found = {
                str(one["GroupId"]): one for one in describe(self.calls, self.where.vpc, "group-id", sorted(names.values()))
            }
            groups = {name: self._live(name, found[one]) for name, one in names.items() if one in found}
            differing = [name for name, keys in step.expects.items() if name not in groups or _keys(groups[name]) != keys]
            if not differing:
                self.verified = list(groups.values()) if step is self.plan.steps[-1] else []
                return
            for name in differing:
                self._revoke_defaults(groups.get(name), step.expects[name])
        raise ConflictError(f"{', '.join(differing)}: the rules are not those that were written, so nothing was attached")

    def _live(self, name: str, found: dict[str, Any]) -> LiveGroup:
        interface = self.wanted[name].interface
        return live_group(Identity(name, interface), found, self._first(interface), self.where, self.seen.sizes)

    def _revoke_defaults(self, group: LiveGroup | None, expected: frozenset[str]) -> None:
        rules = [rule for rule in group.rules if rule.key in DEFAULT_EGRESS and rule.key not in expected] if group else []
        if group is None or not rules:
            return
        self._remove(Step("remove", group.name, group.interface, "out", tuple(rules)))

    def _assigned(self, one: Assignment) -> tuple[str, ...]:
        """The list of groups that a network interface has to get; other groups on it stay."""
        attach, detach = ([self.ids[name] for name in names] for names in (one.attach, one.detach))
        now = self.carried.get(one.attachment, ())
        return (*(group for group in now if group not in detach), *(group for group in attach if group not in now))

    def _write_list(self, name: str, ids: tuple[str, ...]) -> None:
        if not ids:
            raise ConflictError(f"{name} would be left without a group, and EC2 wants one on every network interface")

        def send(_: Sequence[str]) -> None:
            try:
                self._send("ModifyNetworkInterfaceAttribute", *ids, NetworkInterfaceId=name, Groups=list(ids))
            except RefusedError as error:
                if error.code != INTERFACE_NOT_FOUND:
                    raise
                raise ConflictError(str(error), error.code) from error

        converge((name,), send, lambda todo: todo, self.backoff)
        self.carried[name] = ids

    def _look_at(self, assignments: Iterable[Assignment]) -> None:
        """Read the lists of groups anew. One that does not show what this run has written there is older than that."""
        for name, ids in carriers(self.calls, names=sorted(one.attachment for one in assignments)).items():
            self.carried[name] = ids

    def _until_shown(self, assignments: Iterable[Assignment]) -> None:
        """Read until each network interface shows what it got and lost, whatever else others have done there since."""
        waiting = {one.attachment: one for one in assignments}
        for number in range(LOOKS):
            self._pause(number)
            found = carriers(self.calls, names=sorted(waiting))
            for name, ids in found.items():
                one = waiting[name]
                shown = all(self.ids[group] in ids for group in one.attach)
                if shown and not any(self.ids[group] in ids for group in one.detach):
                    del waiting[name]
                    self.carried[name] = ids
            waiting = {name: one for name, one in waiting.items() if name in found}
            if not waiting:
                return
        raise ConflictError(f"{', '.join(sorted(waiting))}: the groups are not those that were written")

    def _pause(self, number: int) -> None:
        if number:
            self.backoff.sleep(min(8.0, 0.25 * 2 ** (number - 1)))

    def _again(self, send: Callable[[], Any]) -> None:
        """A call that does the same when it is sent twice."""

        def again(_: Sequence[int]) -> None:
            send()

        converge((0,), again, lambda todo: todo, self.backoff)

    def _delete(self, step: Step) -> None:
        group = self.ids[step.group]

        def send(_: Sequence[str]) -> None:
            try:
                self.calls.send("DeleteSecurityGroup", GroupId=group)
            except RefusedError as error:
                if error.code == GROUP_NOT_FOUND:
                    return
                if error.code != DEPENDENCY:
                    raise
                holders = self._holders(group)
                if holders:
                    raise ConflictError(f"EC2 does not delete {group}: {'; '.join(holders)}", DEPENDENCY) from error
                raise LostError(str(error)) from error  # nothing holds it that can be seen: EC2 has not caught up yet

        converge((group,), send, lambda todo: todo, self.backoff)

    def _holders(self, group: str) -> list[str]:
        """What still holds a group: what carries it, and groups with rules about it."""
        holders = [f"{name} carries it" for name, ids in carriers(self.calls, ids=[group]).items() if group in ids]
        for name, words in (("ip-permission.group-id", "inbound"), ("egress.ip-permission.group-id", "outbound")):
            found = describe(self.calls, self.where.vpc, name, (group,))
            holders += (
                f"{one['GroupId']} ({one['GroupName']}) has {words} rules about it"
                for one in found
                if one["GroupId"] != group
            )
        return holders

    def _first(self, interface: str) -> str:
        """The id that `self` stands for; `interface` is also the name of its first group."""
        return self.ids.get(interface, "")

    def _now(self, group: str, interface: str) -> list[LiveRule]:
        """The rules of a group as a read shows them."""
        found = describe(self.calls, self.where.vpc, "group-id", (group,))
        first = self._first(interface)
        return [rule for one in found for rule in from_described(one, first, {})]

    def _send(self, operation: str, *groups: str, **parameters: Any) -> None:
        try:
            self.calls.send(operation, **parameters)
        except RefusedError as error:
            if error.code == GROUP_NOT_FOUND and any(group in self.made and group in str(error) for group in groups):
                raise LostError(str(error)) from error  # EC2 does not know it everywhere yet
            if error.code in _NOT_AS_PLANNED:
                raise ConflictError(str(error), error.code) from error
            raise


def _keys(group: LiveGroup) -> frozenset[str]:
    return frozenset(rule.key for rule in group.rules)
