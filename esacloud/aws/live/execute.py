"""One step of a change on EC2, safe to do again: what an answer leaves open is read before anything is sent once more.

A read may be older than the last write (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html), while a
write is refused by what is there: InvalidPermission.Duplicate and NotFound, DependencyViolation. So what has to be gone is
revoked without a look, what has to be there is confirmed by a write, nothing gets a group before a read shows exactly the
rules that were written, and a network interface's list of groups, which is written whole, is made once of one read and read
back until it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from esacloud.aws.live.attach import Attacher
from esacloud.aws.live.calls import GROUP_NOT_FOUND, Calls
from esacloud.aws.live.read import Seen, attachments, describe
from esacloud.aws.live.replacing import ids_by_key, request
from esacloud.aws.live.rules import from_described, permissions
from esacloud.aws.live.scope import Scope
from esacloud.change.model import ChangePlan, LiveGroup, LiveRule, Step
from esacloud.change.retry import LOOKS, Backoff, ConflictError, LostError, RefusedError, SettledError, converge
from esacloud.packets.sets import Direction

_SIDE: dict[Direction, str] = {"ingress": "Ingress", "egress": "Egress"}
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
_Pairs = Sequence[tuple[LiveRule, LiveRule]]


class StepExecutor:
    """Does the steps of one plan.

    `made` are ids of groups made in this run, which EC2 may not know everywhere yet.
    """

    def __init__(
        self, calls: Calls, where: Scope, plan: ChangePlan, ids: dict[str, str], seen: Seen, backoff: Backoff
    ) -> None:
        self.calls, self.where, self.plan, self.ids, self.seen, self.backoff = calls, where, plan, ids, seen, backoff
        self.desired: Mapping[str, LiveGroup] = {group.name: group for group in plan.after.groups}
        self.changes = {change.name: change for change in plan.changes}
        self.made: set[str] = set()
        self.attacher = Attacher(self)

    def do(self, step: Step) -> None:
        """Do it. Raises OutsideError; a ConflictError where the state is not the plan's."""
        self.attacher.verified = []
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
                self.remove(step)
            case "confirm":
                self._confirm(step)
            case "describe":
                self._describe(step)
            case "replace":
                self._replace(step)
            case "assign":
                self.attacher.assign(step)
            case "delete":
                self._delete(step)
            case _:
                raise ValueError(f"{step.action} is no step on EC2")

    def _create(self, step: Step) -> None:
        group = self.desired[step.group]
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

    def remove(self, step: Step) -> None:
        """Revoke rules."""

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
            made = permissions(rules, self.first(step.interface), described=described)
            try:
                self.send(operation, group, GroupId=group, IpPermissions=made)
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
                    converge((rule,), send, lambda pending: pending, self.backoff)
            return ()

        converge(step.rules, send, cleared, self.backoff)

    def _confirm(self, step: Step) -> None:
        """Write the descriptions of rules, which EC2 refuses where a rule is not there, whatever reads have shown."""

        def send(rules: Sequence[LiveRule]) -> None:
            try:
                self._send_descriptions(step, rules)
            except SettledError as error:
                raise ConflictError(f"a rule of {step.group} that is needed is not there any more ({error})") from error

        converge(step.rules, send, lambda pending: pending, self.backoff)

    def _describe(self, step: Step) -> None:
        def left(rules: Sequence[LiveRule]) -> Sequence[LiveRule]:
            there = {rule.key: rule.description for rule in self._now(self.ids[step.group], step.interface)}
            return [rule for rule in rules if there.get(rule.key, rule.description) != rule.description]

        converge(step.rules, lambda rules: self._send_descriptions(step, rules), left, self.backoff)

    def _send_descriptions(self, step: Step, rules: Sequence[LiveRule]) -> None:
        assert step.direction is not None  # noqa: S101 - a step with rules has a direction
        group, operation = self.ids[step.group], f"UpdateSecurityGroupRuleDescriptions{_SIDE[step.direction]}"
        made = permissions(rules, self.first(step.interface), described=True)
        self.send(operation, group, GroupId=group, IpPermissions=made)

    def _replace(self, step: Step) -> None:
        """Turn rules into others by their ids. One that somebody else took away meanwhile cannot turn into anything."""
        group, first = self.ids[step.group], self.first(step.interface)

        def send(pairs: _Pairs) -> None:
            filters = [{"Name": "group-id", "Values": [group]}]
            there = ids_by_key(self.calls.read("DescribeSecurityGroupRules", "SecurityGroupRules", Filters=filters), first)
            gone = [old.key for old, _ in pairs if old.key not in there]
            if gone:
                raise SettledError(f"{step.group}: {', '.join(gone)} is gone, and nothing can take its place")
            made = [{"SecurityGroupRuleId": there[old.key], "SecurityGroupRule": request(new, first)} for old, new in pairs]
            self.send("ModifySecurityGroupRules", group, GroupId=group, SecurityGroupRules=made)

        def left(pairs: _Pairs) -> _Pairs:
            there = {rule.key for rule in self._now(group, step.interface)}
            return [(old, new) for old, new in pairs if new.key not in there]

        converge(tuple(zip(step.replaces, step.rules, strict=True)), send, left, self.backoff)

    def _again(self, send: Callable[[], Any]) -> None:
        """A call that does the same when it is sent twice."""

        def again(_: Sequence[int]) -> None:
            send()

        converge((0,), again, lambda pending: pending, self.backoff)

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

        converge((group,), send, lambda pending: pending, self.backoff)

    def _holders(self, group: str) -> list[str]:
        """What still holds a group: what carries it, and groups with rules about it."""
        holders = [f"{name} carries it" for name, ids in attachments(self.calls, ids=[group]).items() if group in ids]
        for name, words in (("ip-permission.group-id", "inbound"), ("egress.ip-permission.group-id", "outbound")):
            found = describe(self.calls, self.where.vpc, name, (group,))
            holders += (
                f"{one['GroupId']} ({one['GroupName']}) has {words} rules about it"
                for one in found
                if one["GroupId"] != group
            )
        return holders

    def first(self, interface: str) -> str:
        """The id that `self` stands for; `interface` is also the name of its first group."""
        return self.ids.get(interface, "")

    def _now(self, group: str, interface: str) -> list[LiveRule]:
        """The rules of a group as a read shows them."""
        found = describe(self.calls, self.where.vpc, "group-id", (group,))
        first = self.first(interface)
        return [rule for one in found for rule in from_described(one, first, {})]

    def send(self, operation: str, *groups: str, **parameters: Any) -> None:
        """Send a call about groups, again where EC2 does not know one everywhere yet that this run has made.

        A ConflictError says that the state is not the plan's.
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
                if error.code in _NOT_AS_PLANNED:
                    raise ConflictError(str(error), error.code) from error
                raise
