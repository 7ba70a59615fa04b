"""Network security groups of a live subscription: `esacloud.change.live.LiveCloud` with azure-mgmt-network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from esacloud.azure.checks import quota_uses
from esacloud.azure.limits import Limits
from esacloud.azure.live.calls import Calls
from esacloud.azure.live.client import client_for
from esacloud.azure.live.execute import StepExecutor
from esacloud.azure.live.ownership import left_alone
from esacloud.azure.live.read import Seen, read
from esacloud.azure.live.rules import Judge, from_lowered, live_rule, security_rule
from esacloud.azure.live.scope import (
    ADOPTED_TAG,
    GROUPS,
    INTERFACES,
    MADE_BY,
    MADE_TAG,
    MEMBERS,
    SUBSCRIPTION_VARIABLE,
    Scope,
    is_members,
    members_name,
    of_deployment,
    of_snapshot,
    parse_id,
)
from esacloud.azure.live.steps import check_after, check_attachments, ordered, quotas, unprotected
from esacloud.azure.model import NetworkSecurityGroup, NetworkSecurityGroups
from esacloud.change.live import Connection, check_interfaces
from esacloud.change.model import ChangePlan, GroupChange, LiveGroup, LiveRule, State, Step
from esacloud.change.retry import LockedError, RefusedError
from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Problem
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG
from esacloud.policy.lowered import Lowered, QuotaUse

_LIMIT_OF = {
    "rules": "rules_per_group",
    "source addresses": "addresses_per_group",
    "destination addresses": "addresses_per_group",
    "application security groups": "application_security_groups_per_group",
}


def live(deployment: Deployment, connection: Connection) -> AzureLive:
    """The groups of a deployment. Raises InputError without the SDK or with insufficient settings."""
    settings = deployment.clouds["azure"]
    given = (connection.credentials or {}).get("subscription_id")
    subscription = settings.values.get("subscription") or given or os.environ.get(SUBSCRIPTION_VARIABLE)
    if not subscription:
        message = "The file has no subscription."
        hint = f"Write `subscription` under `cloud.azure`, or set {SUBSCRIPTION_VARIABLE}."
        raise InputError(Problem(settings.place.at("cloud.azure.subscription"), message, hint))
    where = of_deployment(deployment, subscription, connection.region)
    _check_subscription(where)
    return AzureLive(where, client_for(connection, subscription), connection)


def live_of(found: Mapping[str, Any], connection: Connection) -> AzureLive:
    """The groups of a snapshot. What existed once fits again, whatever the quotas of the file are."""
    where = of_snapshot(found, connection.region)
    where = replace(where, limits=_with_room_for(found["groups"], where.limits))
    return AzureLive(where, client_for(connection, where.subscription), connection)


def _with_room_for(groups: Iterable[Mapping[str, Any]], limits: Mapping[str, int]) -> dict[str, int]:
    """The limits, raised to what the groups of a snapshot have."""
    room = dict(limits)
    rules = {group["name"]: tuple(security_rule(rule["native"]) for rule in group["rules"]) for group in groups}
    security = (NetworkSecurityGroup(name, made) for name, made in rules.items() if not is_members(name))
    for use in quota_uses(security, Limits(**limits)):
        name = _LIMIT_OF[use.quota.partition(": ")[2]]
        room[name] = max(room[name], use.used)
    return room


def _check_subscription(where: Scope) -> None:
    place = where.place.at("cloud.azure.interfaces")
    problems = [
        Problem(place, f"{one} is in another subscription than {where.subscription}.", "Name one of the same subscription.")
        for ids in where.attached.values()
        for one in ids
        if parse_id(one).subscription.lower() != where.subscription.lower()
    ]
    if problems:
        raise InputError(*problems)


class AzureLive:
    """One deployment in one resource group, through one client. One thread at a time."""

    default_rules: tuple[LiveRule, ...] = ()

    def __init__(self, where: Scope, client: Any, connection: Connection) -> None:
        self.where, self._backoff = where, connection.backoff.for_run()
        self._calls = Calls(client, self._backoff, connection)
        self._judge, self._seen = Judge(), Seen()
        self._executor: StepExecutor | None = None

    @property
    def calls(self) -> list[str]:
        """The requests sent so far, as the actions of a role."""
        return self._calls.journal

    def desired_state(self, lowered: Lowered) -> State:
        """The groups of the lowered policy. Raises InputError where the file attaches an interface that is not in it."""
        native: NetworkSecurityGroups = lowered.native
        where = self.where
        named = (*where.attached, *where.adopted)
        check_interfaces("azure", where.place, named, {group.interface for group in native.groups})
        groups = [self._security_group(group, native.tags) for group in native.groups]
        groups += (self._members_group(group, native.tags) for group in native.groups if group.has_members)
        return where.state(groups)

    def _security_group(self, group: NetworkSecurityGroup, tags: Mapping[str, str]) -> LiveGroup:
        where, interface = self.where, group.interface
        adopted = where.adopted.get(interface)
        for rule in group.rules:
            for name in rule.application_security_groups:
                where.learn_group(name)
        return LiveGroup(
            name=interface,
            interface=interface,
            title=adopted or where.title(GROUPS, interface),
            description="",
            rules=tuple(self._judge.learn(from_lowered(rule)) for rule in group.rules),
            tags=self._tags(interface, tags, adopted),
            attached=tuple(sorted(map(where.spelled, where.attached.get(interface, ())))),
            id=where.resource(GROUPS, adopted) if adopted else None,
            adopted=adopted is not None,
            judge=self._judge,
        )

    def _members_group(self, group: NetworkSecurityGroup, tags: Mapping[str, str]) -> LiveGroup:
        name = members_name(group.interface)
        inside = (one for one in self.where.attached.get(group.interface, ()) if parse_id(one).kind == INTERFACES)
        return LiveGroup(
            name=name,
            interface=group.interface,
            title=self.where.title(MEMBERS, group.interface),
            description="",
            rules=(),
            tags=self._tags(group.interface, tags),
            attached=tuple(sorted(map(self.where.spelled, inside))),
        )

    def _tags(self, interface: str, tags: Mapping[str, str], adopted: str | None = None) -> dict[str, str]:
        own = {ADOPTED_TAG: adopted} if adopted else {MADE_TAG: MADE_BY}
        return {**tags, DEPLOYMENT_TAG: self.where.deployment, INTERFACE_TAG: interface, **own}

    def read_state(self, desired: State | None) -> State:
        """The actual state. A problem that is an InputError before a change is a RefusedError once one has begun."""
        try:
            return read(self._calls, self.where, self._judge, self._seen, desired)
        except InputError as error:
            if self._executor is None:
                raise
            raise RefusedError(str(error)) from error

    def read_back(self, plan: ChangePlan) -> State:
        """The actual state after all steps."""
        return self.read_state(plan.planned)

    def needs_lock(self, plan: ChangePlan) -> bool:  # noqa: ARG002
        """Never: a write of somebody else shows by its ETag."""
        return False

    def empty_state(self, actual: State) -> State:
        """No group. Raises InputError where no group is provably ours, and one has the name of one of ours."""
        if not actual.groups and self._seen.unproven:
            raise InputError(*left_alone(self._seen.unproven, self.where))
        return replace(actual, groups=(), notes=())

    def complete_state(self, actual: State, desired: State) -> State:
        """Groups that terraform made stay its own. Raises InputError where a name or an attachment is taken."""
        there = {group.name: group for group in actual.groups}
        groups = []
        for group in desired.groups:
            found = there.get(group.name)
            tags = group.tags
            if found is not None and not found.made_here and MADE_TAG not in found.tags:
                tags = {key: value for key, value in tags.items() if key != MADE_TAG}
            judge = None if is_members(group.name) else self._judge
            groups.append(replace(group, tags=tags, judge=judge))
        notes = (*desired.notes, *unprotected(actual, desired), *self._unproven(desired))
        desired = replace(desired, groups=tuple(groups), notes=notes)
        check_attachments(actual, desired, self._seen, self.where)
        return desired

    def _unproven(self, desired: State) -> Iterator[str]:
        """Groups with one of our names and without our tags; one with a desired name is refused elsewhere."""
        titles = {group.title.lower() for group in desired.groups}
        for name, _ in self._seen.unproven:
            if name.lower() not in titles:
                yield f"{name} has the name of a group of {self.where.deployment}, but not its tags. It is left in place."

    def ordered_steps(self, changes: tuple[GroupChange, ...], planned: State) -> tuple[Step, ...]:
        """The steps in order, each with its requests when nothing fails."""
        check_after(changes, planned, self._seen, self.where)
        return ordered(changes, planned, self._seen)

    def quota_uses(self, state: State) -> tuple[QuotaUse, ...]:
        """Rules, addresses and application security groups of each group."""
        return quotas(state)

    def execute_step(self, step: Step, plan: ChangePlan, ids: dict[str, str]) -> None:
        """Do one step of a plan."""
        if self._executor is None or self._executor.plan is not plan:
            self._executor = StepExecutor(self._calls, self.where, self._judge, self._seen, plan, ids, self._backoff)
        self._executor.do(step)

    def hold_lock(self, owner: str) -> AbstractContextManager[None]:  # noqa: ARG002 - there is no lock to hold
        """No lock: somebody who wrote after us had read what we wrote, as the ETag shows, and is not overwritten."""
        raise LockedError(
            f"{self.where.deployment}: somebody else wrote after this change had written, or Azure does not yet show "
            "what was written. Nothing was overwritten. Make a new plan"
        )

    def rule_from_native(
        self,
        native: Mapping[str, Any],
        description: str,
        counts: tuple[tuple[str, int], ...] = (),  # noqa: ARG002 - Azure counts rules together
    ) -> LiveRule:
        """A rule from a snapshot."""
        return self._judge.learn(live_rule(native, description))
