"""Security groups of a live account: what `esacloud.live.cloud.LiveCloud` asks for, on EC2 through boto3."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from esacloud.aws.live_calls import REPLACING, Calls, client_for
from esacloud.aws.live_lock import cloud_lock
from esacloud.aws.live_perform import Performer
from esacloud.aws.live_place import (
    AT_INTERFACE,
    NAME_TAG,
    Whereabouts,
    of_deployment,
    of_snapshot,
)
from esacloud.aws.live_read import read
from esacloud.aws.live_replacing import same_source_kind
from esacloud.aws.live_rules import from_lowered, live_rule
from esacloud.aws.model import SecurityGroups
from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Place, Problem
from esacloud.live.cloud import Connection
from esacloud.live.model import ChangePlan, GroupChange, LiveGroup, LiveRule, State, Step, quotas_taken
from esacloud.live.order import DIRECTIONS, ordered
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG
from esacloud.policy.cloud import Lowered, QuotaUse

_WORDS = {"in": "inbound", "out": "outbound"}
_SIDE = {"in": "Ingress", "out": "Egress"}


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

    cloud = "aws"

    def __init__(self, where: Whereabouts, client: Any, connection: Connection) -> None:
        self.where, self._backoff = where, connection.backoff.for_run()
        self._calls = Calls(client, self._backoff, connection)
        self._performer: Performer | None = None

    @property
    def calls(self) -> list[str]:
        """The API operations sent so far."""
        return self._calls.journal

    def wanted(self, lowered: Lowered) -> State:
        """The groups of the lowered policy. Raises InputError where the file attaches an interface that is not in it."""
        native: SecurityGroups = lowered.native
        self._check_interfaces({group.interface for group in native.groups})
        return self.where.state(
            LiveGroup(
                name=group.name,
                interface=group.interface,
                title=f"{self.where.prefix}{group.name}",
                description=group.description,
                rules=tuple(map(from_lowered, group.rules)),
                tags=self._tags(group.name, group.interface, native.tags),
                attached=self.where.attached.get(group.interface, ()),
                id=self._adopted(group.name, group.interface),
                adopted=self._adopted(group.name, group.interface) is not None,
            )
            for group in native.groups
        )

    def _adopted(self, name: str, interface: str) -> str | None:
        return self.where.adopted.get(interface) if name == interface else None

    def _tags(self, name: str, interface: str, tags: Mapping[str, str]) -> dict[str, str]:
        own = {} if self._adopted(name, interface) else {NAME_TAG: f"{self.where.prefix}{name}"}
        return {**tags, **own, DEPLOYMENT_TAG: self.where.deployment, INTERFACE_TAG: interface}

    def _check_interfaces(self, known: set[str]) -> None:
        place = self.where.place
        problems = [
            Problem(
                replace(place, key=f"cloud.aws.interfaces.{name}"),
                f"The file attaches the interface {name} and gives it no feature.",
                f"Add {name} under `interfaces`, or take it out here.",
            )
            for name in sorted({*self.where.attached, *self.where.adopted} - known)
        ]
        if problems:
            raise InputError(*problems)

    def read(self, wanted: State | None) -> State:
        """What is there."""
        return read(self._calls, self.where, wanted)

    def nothing(self, before: State) -> State:
        """No group at all."""
        return replace(before, groups=(), notes=())

    def complete(self, before: State, wanted: State) -> State:
        """Groups of one interface go together: a new one is attached to whatever carries the others.

        Raises InputError where a network interface would carry more groups than the quota has.
        """
        names = {group.name for group in wanted.groups}
        there = {group.name for group in before.groups}
        carriers: dict[str, set[str]] = {}
        for group in before.groups:
            carriers.setdefault(group.interface, set()).update(group.attached)
        groups = []
        for group in wanted.groups:
            of_it = {one.name for one in before.groups if one.interface == group.interface}
            together = bool(of_it) and (group.name not in there or bool(of_it - names))
            also = carriers.get(group.interface, set()) if together and wanted.attachments is None else set()
            groups.append(replace(group, attached=tuple(sorted({*group.attached, *also}))))
        wanted = replace(wanted, groups=tuple(groups), notes=(*wanted.notes, *self._gone(before, wanted)))
        self._check_room(before, wanted)
        return wanted

    def _gone(self, before: State, wanted: State) -> list[str]:
        known = {group.id for group in before.groups}
        return [
            f"{group.name}: {group.id} is gone and is made anew; rules elsewhere about the old id do not follow."
            for group in wanted.groups
            if group.id and group.id not in known
        ]

    def _check_room(self, before: State, wanted: State) -> None:
        """Count the groups on each network interface at the fullest moment: before the groups that go are taken off."""
        ids = {group.name: group.id for group in before.groups}
        problems = []
        for name, carried in (before.attachments or {}).items():
            coming = [group for group in wanted.groups if name in group.attached and ids.get(group.name) not in carried]
            if len(carried) + len(coming) > self.where.limits[AT_INTERFACE] and coming:
                what = f"{name} carries {len(carried)} groups and would get {len(coming)} more."
                most = self.where.limits[AT_INTERFACE]
                mend = f"AWS allows {most}; take one off, or ask for more and write it under `quotas`."
                problems.append(Problem(replace(self.where.place, key="cloud.aws.interfaces"), what, mend))
        if problems:
            raise InputError(*problems)

    def steps(self, changes: tuple[GroupChange, ...], after: State) -> tuple[Step, ...]:
        """The steps in order, each with the calls that it takes when nothing goes wrong."""
        place = replace(self.where.place, key="cloud.aws.quotas") if self.where.place.file != "aws" else Place("aws")
        steps = ordered(changes, after.limits, place, alike=same_source_kind)
        return tuple(replace(step, calls=_calls_of(step)) for step in steps)

    def quotas(self, state: State) -> tuple[QuotaUse, ...]:
        """Rules of each group by direction and family, and groups at each interface."""
        uses = []
        at_interface: dict[str, int] = {}
        for group in state.groups:
            at_interface[group.interface] = at_interface.get(group.interface, 0) + 1
            taken = quotas_taken(group.rules)
            for direction in DIRECTIONS:
                for quota, limit in state.limits.items():
                    if quota != AT_INTERFACE:
                        used = taken.get((direction, quota), 0)
                        uses.append(QuotaUse(f"{group.name}: {_WORDS[direction]} {quota}", used, limit))
        most = state.limits[AT_INTERFACE]
        uses += (QuotaUse(f"{interface}: {AT_INTERFACE}", count, most) for interface, count in at_interface.items())
        return tuple(uses)

    def perform(self, step: Step, plan: ChangePlan, ids: dict[str, str]) -> None:
        """Do one step of a plan."""
        if self._performer is None or self._performer.plan is not plan:
            self._performer = Performer(self._calls, self.where, plan, ids, self._backoff)
        self._performer.do(step)

    def exclusive(self) -> AbstractContextManager[None]:
        """A lock in the VPC itself: a group of a name that only one can make."""
        return cloud_lock(self._calls, self.where)

    def rule(self, native: Mapping[str, Any], description: str) -> LiveRule:
        """A rule as a snapshot holds it."""
        return live_rule(native, description)


def _calls_of(step: Step) -> tuple[str, ...]:
    side = _SIDE[step.direction] if step.direction else ""
    carried = ("DescribeNetworkInterfaces", "ModifyNetworkInterfaceAttribute")
    return {
        "create": ("CreateSecurityGroup",),
        "tag": ("CreateTags",),
        "untag": ("DeleteTags",),
        "add": (f"AuthorizeSecurityGroup{side}",),
        "remove": (f"RevokeSecurityGroup{side}",),
        "describe": (f"UpdateSecurityGroupRuleDescriptions{side}",),
        "replace": REPLACING,
        "strip": ("DescribeSecurityGroups", "RevokeSecurityGroupEgress"),
        "attach": carried * len((*step.attach, *step.detach)),
        "delete": ("DeleteSecurityGroup",),
    }[step.action]
