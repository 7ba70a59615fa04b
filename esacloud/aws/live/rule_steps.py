"""The steps that change rules: add, remove, confirm, describe and replace, each safe to do again.

A read may be older than the last write, while EC2 refuses a write by its true state: InvalidPermission.Duplicate and
NotFound. So rules that must go are revoked without a read, and rules that must exist are confirmed by a write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from esacloud.aws.live.group_calls import GroupCalls
from esacloud.aws.live.rules import ids_by_key, permissions, replacement
from esacloud.change.model import LiveRule, Step
from esacloud.change.retry import ConflictError, SettledError, converge, until_done

_Rules = Sequence[LiveRule]
_Pairs = Sequence[tuple[LiveRule, LiveRule]]


class RuleSteps:
    """Does the steps that change the rules of one group. Each raises OutsideError, ConflictError among them."""

    def __init__(self, groups: GroupCalls) -> None:
        self.groups = groups

    def add(self, step: Step) -> None:
        """Authorize rules. Those that EC2 has already, or that only a read has shown, get their descriptions by a write."""
        known: set[str] = set()

        def left(rules: _Rules) -> _Rules:
            shown = self.groups.rules(step.group, step.interface)
            known.update(rule.key for rule in rules if rule.key in shown)
            return [rule for rule in rules if rule.key not in shown]

        self._send_all(step, "Authorize", left, known)
        if existing := tuple(rule for rule in step.rules if rule.key in known):
            self.confirm(replace(step, action="confirm", rules=existing))

    def remove(self, step: Step) -> None:
        """Revoke rules."""

        def left(rules: _Rules) -> _Rules:
            shown = self.groups.rules(step.group, step.interface)
            return [rule for rule in rules if rule.key in shown]

        self._send_all(step, "Revoke", left, set())

    def revoke_default(self, step: Step) -> None:
        """Revoke, without a read, the egress that EC2 gives to a new group: a read may not show it yet.

        That is one rule or two. EC2 revokes none of a call that names a rule which does not exist; then each is revoked by
        itself, until one existed.
        """
        self._send_all(step, "Revoke", lambda rules: rules, set(), until=1)

    def confirm(self, step: Step) -> None:
        """Write the descriptions of rules, which EC2 refuses where a rule does not exist, whatever reads have shown."""

        def send() -> None:
            try:
                self._send_descriptions(step, step.rules)
            except SettledError as error:
                raise ConflictError(f"a rule of {step.group} that is needed no longer exists ({error})") from error

        until_done(send, self.groups.backoff)

    def describe(self, step: Step) -> None:
        """Write the new descriptions of rules."""

        def left(rules: _Rules) -> _Rules:
            shown = self.groups.rules(step.group, step.interface)
            return [rule for rule in rules if rule.key in shown and shown[rule.key].description != rule.description]

        converge(step.rules, partial(self._send_descriptions, step), left, self.groups.backoff)

    def replace(self, step: Step) -> None:
        """Turn rules into others by their ids. A rule that somebody else removed meanwhile cannot be replaced."""
        group, first = self.groups.ids[step.group], self.groups.first(step.interface)

        def send(pairs: _Pairs) -> None:
            filters = [{"Name": "group-id", "Values": [group]}]
            described = self.groups.calls.read("DescribeSecurityGroupRules", "SecurityGroupRules", Filters=filters)
            ids = ids_by_key(described, first)
            if gone := [old.key for old, _ in pairs if old.key not in ids]:
                raise SettledError(f"{step.group}: {', '.join(gone)} no longer exists and cannot be replaced")
            made = [
                {"SecurityGroupRuleId": ids[old.key], "SecurityGroupRule": replacement(new, first)} for old, new in pairs
            ]
            self.groups.send("ModifySecurityGroupRules", group, GroupId=group, SecurityGroupRules=made)

        def left(pairs: _Pairs) -> _Pairs:
            shown = self.groups.rules(step.group, step.interface)
            return [(old, new) for old, new in pairs if new.key not in shown]

        converge(tuple(zip(step.replaces, step.rules, strict=True)), send, left, self.groups.backoff)

    def _send_all(
        self, step: Step, verb: str, left: Callable[[_Rules], _Rules], done_before: set[str], until: int | None = None
    ) -> None:
        """Send all rules in one call. Rules that `left` keeps are sent one by one: a refusal then means that it is done.

        `done_before` gets the keys of rules that EC2 says were done before. `until`: how many are done at most in that way.
        """
        settled = False

        def send(rules: _Rules) -> None:
            nonlocal settled
            try:
                self._send(step, f"{verb}SecurityGroup", rules, described=verb == "Authorize")
            except SettledError:
                settled = True
                if len(rules) > 1:
                    raise
                done_before.add(rules[0].key)

        def cleared(rules: _Rules) -> _Rules:
            remaining = left(rules)
            if not settled or len(remaining) < len(rules):
                return remaining
            for number, rule in enumerate(rules):  # EC2 has done a part of them, and no read tells which
                if until is None or number - len(done_before) < until:
                    until_done(partial(send, (rule,)), self.groups.backoff)
            return ()

        converge(step.rules, send, cleared, self.groups.backoff)

    def _send_descriptions(self, step: Step, rules: _Rules) -> None:
        self._send(step, "UpdateSecurityGroupRuleDescriptions", rules)

    def _send(self, step: Step, operation: str, rules: _Rules, *, described: bool = True) -> None:
        assert step.direction is not None  # noqa: S101 - a step with rules has a direction
        group = self.groups.ids[step.group]
        made = permissions(rules, self.groups.first(step.interface), described=described)
        self.groups.send(f"{operation}{step.direction.capitalize()}", group, GroupId=group, IpPermissions=made)
