"""One step of a change on EC2, safe to do again: an unclear answer is followed by a read before anything is sent once more.

A read may be older than the last write (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html), while
EC2 refuses a write by its true state, as with DependencyViolation. So nothing is attached before a read shows exactly the
rules that were written, and a network interface's list of groups, which is written whole, is made from one read and read
back until it shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from esacloud.aws.live.attach import Attacher
from esacloud.aws.live.calls import GROUP_NOT_FOUND, Calls, tag_list
from esacloud.aws.live.group_calls import GroupCalls
from esacloud.aws.live.read import Seen, attachments
from esacloud.aws.live.rule_steps import RuleSteps
from esacloud.aws.live.scope import Scope
from esacloud.change.model import ChangePlan, LiveGroup, Step
from esacloud.change.retry import ConflictError, LostError, RefusedError, SettledError, converge, until_done

DEPENDENCY = "DependencyViolation"


class StepExecutor:
    """Does the steps of one plan."""

    def __init__(self, calls: Calls, where: Scope, plan: ChangePlan, ids: dict[str, str], seen: Seen) -> None:
        self.calls, self.where, self.plan, self.ids, self.seen = calls, where, plan, ids, seen
        self.desired: Mapping[str, LiveGroup] = {group.name: group for group in plan.planned.groups}
        self.changes = {change.name: change for change in plan.changes}
        self.groups = GroupCalls(calls, where, ids, seen)
        self.rules = RuleSteps(self.groups)
        self.attacher = Attacher(plan, self.groups, self.rules)

    def do(self, step: Step) -> None:
        """Do it. Raises OutsideError; a ConflictError where the state is not the plan's."""
        self.attacher.verified = []
        try:
            self._do(step)
        except SettledError as error:  # a read never showed what EC2 says is done
            raise ConflictError(str(error)) from error

    def _do(self, step: Step) -> None:
        match step.action:
            case "create":
                self._create(step)
            case "tag":
                tags = tag_list(self.changes[step.group].tags)
                self.calls.repeat("CreateTags", Resources=[self.ids[step.group]], Tags=tags)
            case "untag":
                keys = [{"Key": key} for key in self.changes[step.group].untag]
                self.calls.repeat("DeleteTags", Resources=[self.ids[step.group]], Tags=keys)
            case "revoke_default":
                self.rules.revoke_default(step)
            case "add":
                self.rules.add(step)
            case "remove":
                self.rules.remove(step)
            case "confirm":
                self.rules.confirm(step)
            case "describe":
                self.rules.describe(step)
            case "replace":
                self.rules.replace(step)
            case "assign":
                self.attacher.assign(step)
            case "delete":
                self._delete(self.ids[step.group])
            case _:
                raise ValueError(f"{step.action} is not a step on EC2")

    def _create(self, step: Step) -> None:
        group = self.desired[step.group]
        unsure = False

        def send(_: Sequence[str]) -> None:
            nonlocal unsure
            try:
                self.ids[group.name] = self.calls.create_group(self.where.vpc, group.title, group.description, group.tags)
            except LostError:
                unsure = True
                raise

        def left(names: Sequence[str]) -> Sequence[str]:
            for existing in self.groups.described("group-name", group.title):
                if self.where.identity(existing) is None:
                    raise RefusedError(self._name_taken(group, existing["GroupId"]), "InvalidGroup.Duplicate")
                if not unsure:
                    self.seen.by_name = True
                    raise ConflictError(f"{group.title} ({existing['GroupId']}) already exists, though no read showed it")
                self.ids[group.name] = str(existing["GroupId"])
                return ()
            return names

        converge((group.name,), send, left, self.calls.backoff)
        self.groups.made.add(self.ids[group.name])

    def _name_taken(self, group: LiveGroup, existing: str) -> str:
        return (
            f"a security group named {group.title} ({existing}) is in {self.where.vpc} already and is not this "
            f"deployment's. To adopt it, write `group: {existing}` under `cloud.aws.interfaces.{group.interface}`; "
            "otherwise write another `name_prefix`"
        )

    def _delete(self, group: str) -> None:
        def send() -> None:
            try:
                self.calls.send("DeleteSecurityGroup", GroupId=group)
            except RefusedError as error:
                if error.code == GROUP_NOT_FOUND:
                    return
                if error.code != DEPENDENCY:
                    raise
                if dependents := self._dependents(group):
                    raise ConflictError(f"EC2 does not delete {group}: {'; '.join(dependents)}", DEPENDENCY) from error
                raise LostError(str(error)) from error  # nothing visible depends on it: EC2 has not caught up yet

        until_done(send, self.calls.backoff)

    def _dependents(self, group: str) -> list[str]:
        """What still depends on a group: network interfaces it is attached to, and groups with rules about it."""
        found = [f"it is attached to {name}" for name, ids in attachments(self.calls, ids=[group]).items() if group in ids]
        for filtered, words in (("ip-permission.group-id", "inbound"), ("egress.ip-permission.group-id", "outbound")):
            found += (
                f"{other['GroupId']} ({other['GroupName']}) has {words} rules about it"
                for other in self.groups.described(filtered, group)
                if other["GroupId"] != group
            )
        return found
