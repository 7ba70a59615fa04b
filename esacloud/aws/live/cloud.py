"""Security groups of a live account: what `esacloud.change.live.LiveCloud` asks for, on EC2 through boto3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from esacloud.aws.live.calls import REPLACING, Calls, client_for
from esacloud.aws.live.execute import StepExecutor
from esacloud.aws.live.lock import CloudLock
from esacloud.aws.live.read import Seen, read, with_attachments
from esacloud.aws.live.rules import DEFAULT_RULES, from_lowered, live_rule, same_source_kind, sized
from esacloud.aws.live.scope import ADOPTED_TAG, AT_INTERFACE, NAME_TAG, Scope, of_deployment, of_snapshot
from esacloud.aws.model import DIRECTIONS, SecurityGroup, SecurityGroups
from esacloud.change.live import Connection, check_interfaces
from esacloud.change.model import ChangePlan, GroupChange, LiveGroup, LiveRule, State, Step, quotas_taken
from esacloud.change.order import ordered
from esacloud.change.retry import RefusedError
from esacloud.deployment.model import Deployment
from esacloud.errors import Place, Problem, refuse
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG
from esacloud.policy.lowered import Lowered, QuotaUse

_WORDS = {"ingress": "inbound", "egress": "outbound"}
_OPERATIONS: dict[str, str] = {  # for rules, the direction follows
    "create": "CreateSecurityGroup",
    "tag": "CreateTags",
    "untag": "DeleteTags",
    "add": "AuthorizeSecurityGroup",
    "remove": "RevokeSecurityGroup",
    "revoke_default": "RevokeSecurityGroup",
    "describe": "UpdateSecurityGroupRuleDescriptions",
    "confirm": "UpdateSecurityGroupRuleDescriptions",
    "delete": "DeleteSecurityGroup",
}


def live(deployment: Deployment, connection: Connection) -> AwsLive:
    """The groups of a deployment. Raises InputError without boto3 or with settings that do not suffice."""
    where = of_deployment(deployment, connection.region)
    return AwsLive(where, client_for(connection, where.region), connection)


def live_of(found: Mapping[str, Any], connection: Connection) -> AwsLive:
    """The groups that a snapshot's document is about."""
    where = of_snapshot(found, connection.region)
    return AwsLive(where, client_for(connection, where.region), connection)


class AwsLive:
    """One deployment in one VPC, through one client. boto3's clients serve several threads; this object serves one."""

    default_rules = DEFAULT_RULES

    def __init__(self, where: Scope, client: Any, connection: Connection) -> None:
        self.where = where
        self._calls = Calls(client, connection.backoff.for_run(), connection)
        self._executor: StepExecutor | None = None
        self._seen = Seen()

    @property
    def calls(self) -> list[str]:
        """The API operations sent so far."""
        return self._calls.journal

    def desired_state(self, lowered: Lowered) -> State:
        """The groups of the lowered policy. Raises InputError where the file attaches an interface that is not in it."""
        native: SecurityGroups = lowered.native
        where = self.where
        check_interfaces(
            "aws", where.place, (*where.attached, *where.adopted), {group.interface for group in native.groups}
        )
        return where.state(self._desired(group, native.tags) for group in native.groups)

    def _desired(self, group: SecurityGroup, tags: Mapping[str, str]) -> LiveGroup:
        where, interface = self.where, group.interface
        adopted = where.adopted.get(interface) if group.name == interface else None
        own = {ADOPTED_TAG: adopted} if adopted else {NAME_TAG: where.title(group.name)}
        return LiveGroup(
            name=group.name,
            interface=interface,
            title=where.title(group.name),
            description=group.description,
            rules=tuple(map(from_lowered, group.rules)),
            tags={**tags, **own, DEPLOYMENT_TAG: where.deployment, INTERFACE_TAG: interface},
            attached=where.attached.get(interface, ()),
            id=adopted,
            adopted=adopted is not None,
        )

    def read_state(self, desired: State | None) -> State:
        """The actual state."""
        return read(self._calls, self.where, desired, self._seen)

    def read_back(self, plan: ChangePlan) -> State:
        """The actual state. Where the last step attached groups: their rules as they were read right before that, once."""
        made = self._executor.attacher if self._executor and self._executor.plan is plan else None
        if made is None or not made.verified:
            return self.read_state(plan.planned)
        groups, made.verified = [with_attachments(group, made.carried) for group in made.verified], []
        return self.where.state(groups, attachments=made.carried)

    def needs_lock(self, plan: ChangePlan) -> bool:
        """Whether the last read showed the lock of another run, or a rule is removed that another rule makes redundant.

        Without the lock another run could remove that other rule meanwhile.
        """
        after = plan.planned.packets()
        going: dict[str, list[Box]] = {}
        for change in plan.changes:
            if change.actual is None:
                continue
            rules = change.actual.rules if change.delete or change.detach else change.remove
            going.setdefault(change.interface, []).extend(box for rule in rules for box in rule.boxes)
        relied = (PacketSet.of(boxes) & after.get(interface, PacketSet()) for interface, boxes in going.items())
        return bool(self._seen.locks) or any(relied)

    def empty_state(self, actual: State) -> State:
        """No group at all."""
        return replace(actual, groups=(), notes=())

    def complete_state(self, actual: State, desired: State) -> State:
        """Attach every group of an interface to each network interface that has one of them.

        Raises InputError where a network interface would get more groups than the quota allows, RefusedError where EC2
        would refuse the result: a network interface without a group, or to delete a group that others refer to.
        """
        attachments: dict[str, set[str]] = {}
        for group in actual.groups:
            attachments.setdefault(group.interface, set()).update(group.attached)
        groups = []
        for group in desired.groups:
            also = attachments.get(group.interface, set()) if desired.attachments is None else set()
            rules = tuple(sized(rule, self._seen.sizes) for rule in group.rules)
            groups.append(replace(group, rules=rules, attached=tuple(sorted({*group.attached, *also}))))
        desired = replace(desired, groups=tuple(groups), notes=(*desired.notes, *self._gone(actual, desired)))
        self._check_room(actual, desired)
        self._check_referring(actual, desired)
        return desired

    def _gone(self, actual: State, desired: State) -> list[str]:
        known = {group.id for group in actual.groups}
        return [
            f"{group.name}: {group.id} no longer exists and is created again; rules elsewhere still name the old ID."
            for group in desired.groups
            if group.id and group.id not in known
        ]

    def _check_room(self, actual: State, desired: State) -> None:
        """Count the groups on each network interface at the end."""
        most, problems = self.where.limits[AT_INTERFACE], []
        ids = {group.name: group.id for group in actual.groups}
        for name, carried in (actual.attachments or {}).items():
            coming = [group for group in desired.groups if name in group.attached and ids.get(group.name) not in carried]
            leaving = [group for group in actual.groups if group.id in carried and _leaves(group, name, desired)]
            left = len(carried) + len(coming) - len(leaving)
            if left > most and coming:
                message = f"{name} has {len(carried)} groups and would get {len(coming)} more."
                hint = f"AWS allows {most}. Detach one, or ask AWS for a higher quota and write it under `quotas`."
                problems.append(Problem(self.where.place.at("cloud.aws.interfaces"), message, hint))
            if left == 0 and leaving:
                raise _no_group_left(name, leaving)
        refuse(problems)

    def _check_referring(self, actual: State, desired: State) -> None:
        names = {group.name for group in desired.groups}
        going = {group.id or "": group for group in actual.groups if group.made_here and group.name not in names}
        held = {
            group: [other for other in self._seen.referring.get(group, ()) if other.partition(" ")[0] not in going]
            for group in going
        }
        lines = [
            f"{', '.join(others)} {'has' if len(others) == 1 else 'have'} rules about {group} ({going[group].title})"
            for group, others in held.items()
            if others
        ]
        if lines:
            raise RefusedError(
                f"EC2 does not delete a group that other groups refer to: {'; '.join(lines)}. Nothing was changed. Remove "
                "those rules and try again",
                "DependencyViolation",
            )

    def ordered_steps(self, changes: tuple[GroupChange, ...], planned: State) -> tuple[Step, ...]:
        """The steps in order, each with its calls where nothing fails."""
        place = self.where.place.at("cloud.aws.quotas") if self.where.place.file != "aws" else Place("aws")
        read = planned.attachments is not None
        steps = ordered(changes, planned.limits, place, equivalent=same_source_kind, attachments_read=read)
        return tuple(replace(step, calls=_operations(step)) for step in steps)

    def quota_uses(self, state: State) -> tuple[QuotaUse, ...]:
        """Rules of each group by direction and family, and groups at each interface."""
        uses = [
            QuotaUse(f"{group.name}: {_WORDS[direction]} {quota}", taken.get((direction, quota), 0), limit)
            for group, taken in ((group, quotas_taken(group.rules)) for group in state.groups)
            for direction in DIRECTIONS
            for quota, limit in state.limits.items()
            if quota != AT_INTERFACE
        ]
        at_interface = Counter(group.interface for group in state.groups)
        most = state.limits[AT_INTERFACE]
        uses += (QuotaUse(f"{interface}: {AT_INTERFACE}", count, most) for interface, count in at_interface.items())
        return tuple(uses)

    def execute_step(self, step: Step, plan: ChangePlan, ids: dict[str, str]) -> None:
        """Do one step of a plan."""
        if self._executor is None or self._executor.plan is not plan:
            self._executor = StepExecutor(self._calls, self.where, plan, ids, self._seen)
        self._executor.do(step)

    def hold_lock(self, owner: str) -> AbstractContextManager[None]:
        """A lock in the VPC itself: a group of a name that only one can make."""
        return CloudLock(self._calls, self.where, self._seen, owner)

    def rule_from_native(
        self, native: Mapping[str, Any], description: str, counts: tuple[tuple[str, int], ...] = ()
    ) -> LiveRule:
        """A rule as a snapshot holds it."""
        return live_rule(native, description, counts=counts)


def _leaves(group: LiveGroup, name: str, desired: State) -> bool:
    """Whether a group of this deployment leaves a network interface."""
    for other in desired.groups:
        if other.name == group.name:
            return desired.attachments is not None and name not in other.attached
    return group.made_here


def _no_group_left(name: str, leaving: list[LiveGroup]) -> RefusedError:
    names = ", ".join(f"{group.id} ({group.title})" for group in leaving)
    message = (
        f"{name} has {names} and no other group, and EC2 requires one on every network interface. Nothing was changed. "
        "Attach another group to it, or delete it, and try again"
    )
    return RefusedError(message, "NoGroupLeft")


def _operations(step: Step) -> tuple[str, ...]:
    match step.action:
        case "replace":
            return REPLACING
        case "assign":
            verify = ("DescribeSecurityGroups",) if step.expects else ()
            return (*verify, *("ModifyNetworkInterfaceAttribute",) * len(step.assignments), "DescribeNetworkInterfaces")
        case action:
            return (f"{_OPERATIONS[action]}{(step.direction or '').capitalize()}",)
