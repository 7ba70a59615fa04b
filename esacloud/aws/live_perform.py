"""One step of a change on EC2, safe to do again: what an answer leaves open is read before anything is sent once more.

An authorize or revoke call carries all rules of one group and direction. Where the answer is lost, or says that a part was
done before, the group is read and what is still to do is sent alone. A refusal ends the step at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from esacloud.aws.live_calls import GROUP_NOT_FOUND, Calls
from esacloud.aws.live_place import Whereabouts
from esacloud.aws.live_read import describe, tags_of
from esacloud.aws.live_replacing import ids_by_key, request
from esacloud.aws.live_rules import from_described, permissions
from esacloud.live.model import ChangePlan, LiveGroup, LiveRule, Step
from esacloud.live.retry import Backoff, LostError, RefusedError, SettledError, converge
from esacloud.packets import Direction

_SIDE: dict[Direction, str] = {"in": "Ingress", "out": "Egress"}
DEPENDENCY = "DependencyViolation"
_Pairs = Sequence[tuple[LiveRule, LiveRule]]


class Performer:
    """Does the steps of one plan. `made` are ids of groups made in this run, which EC2 may not know everywhere yet."""

    def __init__(self, calls: Calls, where: Whereabouts, plan: ChangePlan, ids: dict[str, str], backoff: Backoff) -> None:
        self.calls, self.where, self.plan, self.ids, self.backoff = calls, where, plan, ids, backoff
        self.wanted: Mapping[str, LiveGroup] = {group.name: group for group in plan.after.groups}
        self.changes = {change.name: change for change in plan.changes}
        self.made: set[str] = set()

    def do(self, step: Step) -> None:
        """Do it. Raises OutsideError."""
        getattr(self, f"_{step.action}")(step)

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
            except SettledError as error:
                if not unsure:
                    raise RefusedError(self._name_taken(group), "InvalidGroup.Duplicate") from error
                raise
            self.ids[group.name] = str(answer["GroupId"])

        def left(names: Sequence[str]) -> Sequence[str]:
            found = describe(self.calls, self.where.vpc, "group-name", (group.title,))
            for one in found:
                if tags_of(one) == dict(group.tags):
                    self.ids[group.name] = str(one["GroupId"])
                    return ()
                raise RefusedError(self._name_taken(group), "InvalidGroup.Duplicate")
            return names

        converge((group.name,), send, left, self.backoff)
        self.made.add(self.ids[group.name])

    def _name_taken(self, group: LiveGroup) -> str:
        return (
            f"a security group named {group.title} is in {self.where.vpc} already and is not this deployment's, or another "
            "apply has just made it. Look at a new plan; if the group is there to be taken over, write its id as `group` "
            "under `cloud.aws.interfaces`, else write another `name_prefix`"
        )

    def _add(self, step: Step) -> None:
        self._rules(step, "Authorize", described=True, missing=True)

    def _remove(self, step: Step) -> None:
        self._rules(step, "Revoke", described=False, missing=False)

    def _rules(self, step: Step, verb: str, *, described: bool, missing: bool) -> None:
        """Authorize the rules that are missing, or revoke those that are not."""
        assert step.direction is not None  # noqa: S101 - a step with rules has a direction
        group, operation = self.ids[step.group], f"{verb}SecurityGroup{_SIDE[step.direction]}"

        def send(rules: Sequence[LiveRule]) -> None:
            made = permissions(rules, self._first(step.interface), described=described)
            self._send(operation, group, GroupId=group, IpPermissions=made)

        def left(rules: Sequence[LiveRule]) -> Sequence[LiveRule]:
            there.clear()
            there.update((rule.key, rule.description) for rule in self._now(group, step.interface))
            return [rule for rule in rules if (rule.key in there) != missing]

        there: dict[str, str] = {}
        converge(step.rules, send, left, self.backoff)
        if missing:  # a rule that was there already, as the one that a new group begins with, keeps its old description
            old = tuple(rule for rule in step.rules if there.get(rule.key, rule.description) != rule.description)
            if old:
                self._describe(replace(step, action="describe", rules=old))

    def _describe(self, step: Step) -> None:
        assert step.direction is not None  # noqa: S101 - a step with rules has a direction
        group, operation = self.ids[step.group], f"UpdateSecurityGroupRuleDescriptions{_SIDE[step.direction]}"

        def send(rules: Sequence[LiveRule]) -> None:
            made = permissions(rules, self._first(step.interface), described=True)
            self._send(operation, group, GroupId=group, IpPermissions=made)

        def left(rules: Sequence[LiveRule]) -> Sequence[LiveRule]:
            there = {rule.key: rule.description for rule in self._now(group, step.interface)}
            return [rule for rule in rules if there.get(rule.key, rule.description) != rule.description]

        converge(step.rules, send, left, self.backoff)

    def _replace(self, step: Step) -> None:
        """Turn rules into others by their ids. One that somebody else took away meanwhile cannot turn into anything."""
        group, first = self.ids[step.group], self._first(step.interface)

        def send(pairs: _Pairs) -> None:
            filters = [{"Name": "group-id", "Values": [group]}]
            there = ids_by_key(self.calls.read("DescribeSecurityGroupRules", "SecurityGroupRules", Filters=filters), first)
            gone = [old.key for old, _ in pairs if old.key not in there]
            if gone:
                raise RefusedError(f"{step.group}: {', '.join(gone)} is gone, and nothing can take its place", "NotThere")
            made = [{"SecurityGroupRuleId": there[old.key], "SecurityGroupRule": request(new, first)} for old, new in pairs]
            self._send("ModifySecurityGroupRules", group, GroupId=group, SecurityGroupRules=made)

        def left(pairs: _Pairs) -> _Pairs:
            there = {rule.key for rule in self._now(group, step.interface)}
            return [(old, new) for old, new in pairs if new.key not in there]

        converge(tuple(zip(step.replaces, step.rules, strict=True)), send, left, self.backoff)

    def _strip(self, step: Step) -> None:
        """Revoke what a new group began with: everything in it that is not wanted."""
        group = self.wanted[step.group]
        keys = {rule.key for rule in group.rules}
        surplus = [rule for rule in self._now(self.ids[step.group], step.interface) if rule.key not in keys]
        directions: tuple[Direction, ...] = ("in", "out")
        for direction in directions:
            rules = tuple(rule for rule in surplus if rule.direction == direction)
            if rules:
                self._remove(Step("remove", step.group, step.interface, direction, rules))

    def _attach(self, step: Step) -> None:
        group = self.ids[step.group]
        for name in (*step.attach, *step.detach):
            self._carry(name, group, carry=name in step.attach)

    def _carry(self, name: str, group: str, *, carry: bool) -> None:
        """Put one group on a network interface, or take it off; the others on it stay as they are at this moment."""

        def left(_: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
            filters = [{"Name": "network-interface-id", "Values": [name]}]
            found = self.calls.read("DescribeNetworkInterfaces", "NetworkInterfaces", Filters=filters)
            ids = tuple(str(one["GroupId"]) for each in found for one in each.get("Groups", ()))
            if not found or (group in ids) == carry:
                return ()
            return ((*ids, group) if carry else tuple(one for one in ids if one != group),)

        def send(todo: Sequence[tuple[str, ...]]) -> None:
            if not todo[0]:
                what = f"{name} carries {group} and no other group, and EC2 wants one on every network interface"
                raise RefusedError(f"{what}. Put another group on it, or delete it, and try again", "NoGroupLeft")
            self._send("ModifyNetworkInterfaceAttribute", group, NetworkInterfaceId=name, Groups=list(todo[0]))

        todo = left(())
        if todo:
            converge(todo, send, left, self.backoff)

    def _tag(self, step: Step) -> None:
        tags = [{"Key": key, "Value": value} for key, value in self.changes[step.group].tags.items()]
        self._again(lambda: self.calls.send("CreateTags", Resources=[self.ids[step.group]], Tags=tags))

    def _untag(self, step: Step) -> None:
        tags = [{"Key": key} for key in self.changes[step.group].untag]
        self._again(lambda: self.calls.send("DeleteTags", Resources=[self.ids[step.group]], Tags=tags))

    def _again(self, send: Callable[[], Any]) -> None:
        """A call that does the same when it is sent twice."""
        converge((0,), lambda _: send() and None, lambda todo: todo, self.backoff)

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
                    raise RefusedError(f"EC2 does not delete {group}: {'; '.join(holders)}", DEPENDENCY) from error
                raise LostError(str(error)) from error  # nothing holds it that can be seen: EC2 has not caught up yet

        converge((group,), send, lambda todo: todo, self.backoff)

    def _holders(self, group: str) -> list[str]:
        """What still holds a group: what carries it, and groups with rules about it."""
        carriers = self.calls.read(
            "DescribeNetworkInterfaces", "NetworkInterfaces", Filters=[{"Name": "group-id", "Values": [group]}]
        )
        holders = [f"{one['NetworkInterfaceId']} carries it" for one in carriers]
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
        """The rules of a group as they are at this moment."""
        found = describe(self.calls, self.where.vpc, "group-id", (group,))
        first = self._first(interface)
        return [rule for one in found for rule in from_described(one, first, {})]

    def _send(self, operation: str, group: str, **parameters: Any) -> None:
        try:
            self.calls.send(operation, **parameters)
        except RefusedError as error:
            if error.code == GROUP_NOT_FOUND and group in self.made and group in str(error):
                raise LostError(str(error)) from error  # EC2 does not know it everywhere yet
            raise
