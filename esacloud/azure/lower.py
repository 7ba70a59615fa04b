"""A policy as network security groups: checked, made into rules, and merged only where a limit forces it.

Rules that this module obeys: every interface of the policy has a group, even without a flow, so that it is closed before
its first flow. Nothing is merged across entries without need. What does not fit after that is refused, with the excess and
the place. Azure has one group for an interface, so rules cannot be split over groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from esacloud.azure.checks import problems, quota_uses
from esacloud.azure.dialect import APPLICATION_SECURITY_GROUP, is_resource_id
from esacloud.azure.evaluate import packets
from esacloud.azure.firewall import problems as firewall_problems
from esacloud.azure.limits import NAME_LENGTH, Limits, limits
from esacloud.azure.model import NetworkSecurityGroup, NetworkSecurityGroups
from esacloud.azure.notes import notes
from esacloud.azure.priorities import PrioritiesFullError
from esacloud.azure.probes import with_probes
from esacloud.azure.rules import security_rules
from esacloud.azure.terraform.write import default_prefix
from esacloud.deployment.model import CloudSettings, Deployment, Reference
from esacloud.errors import InputError, Place, Problem
from esacloud.packets.addresses import Network
from esacloud.policy.lowered import GroupLine, Lowered
from esacloud.policy.merging import merged
from esacloud.policy.model import Flow, Policy

_WORDS = {"ingress": "inbound", "egress": "outbound"}
_QUOTA_HINT = "Ask Azure for more and write it under `cloud.azure.quotas`, or shorten the lists of peers."


def lower(policy: Policy, deployment: Deployment) -> Lowered:
    """The network security groups of a policy.

    `Lowered.policy` is the policy with the health probes that the file asks for. Raises InputError with every problem.
    """
    settings = deployment.clouds["azure"]
    found = [*_name_problems(deployment, settings), *_flow_problems(policy.flows, deployment, settings)]
    found += firewall_problems(policy, deployment)
    if found:
        raise InputError(*found)
    policy = with_probes(policy, settings)
    quotas = limits(settings.quotas)
    groups: list[NetworkSecurityGroup] = []
    saved: dict[str, int] = {}
    for interface, own_flows in policy.by_interface().items():
        try:
            group, fewer = _fitted(interface, own_flows, quotas)
        except PrioritiesFullError as full:
            found.append(_priorities_full(full, interface, deployment, quotas))
            continue
        if fewer:
            saved[interface] = fewer
        groups.append(group)
        found += _excesses(group, own_flows, deployment, quotas)
    found += [Problem(deployment.place, problem, "Please report this.") for problem in problems(groups)]
    if found:
        raise InputError(*found)
    uses = tuple(quota_uses(groups, quotas))
    return Lowered(
        policy=policy,
        evaluate=partial(packets, groups),
        groups=tuple(_line(group) for group in groups),
        quotas=uses,
        notes=tuple(notes(policy, groups, settings, saved)),
        native=NetworkSecurityGroups(tuple(groups), settings.tags, uses),
    )


def _fitted(interface: str, flows: list[Flow], quotas: Limits) -> tuple[NetworkSecurityGroup, int]:
    """The group of an interface, its flows merged where it would overflow, and how many rules merging saved."""
    try:
        rules = security_rules(flows, quotas)
    except PrioritiesFullError as full:
        before = full.desired
    else:
        group = NetworkSecurityGroup(interface, rules)
        if all(use.used <= use.limit for use in quota_uses((group,), quotas)):
            return group, 0
        before = len(rules)
    fewer = security_rules(merged(flows), quotas, apart=False)
    return NetworkSecurityGroup(interface, fewer), max(before - len(fewer), 0)


def _line(group: NetworkSecurityGroup) -> GroupLine:
    inbound = sum(rule.direction == "Inbound" for rule in group.rules)
    return GroupLine(group.interface, group.interface, inbound, len(group.rules) - inbound)


def _name_problems(deployment: Deployment, settings: CloudSettings) -> Iterator[Problem]:
    """Names that are longer than Azure accepts."""
    prefix = settings.values.get("name_prefix") or default_prefix(deployment.name)
    for interface in deployment.interfaces:
        name = f"{prefix}{interface.name}-members"
        if len(name) > NAME_LENGTH:
            message = f"The name {name} has {len(name)} characters, and Azure accepts {NAME_LENGTH}."
            yield Problem(settings.place, message, "Write a shorter `cloud.azure.name_prefix`.")


def _flow_problems(flows: Iterable[Flow], deployment: Deployment, settings: CloudSettings) -> Iterator[Problem]:
    """Flows that no security rule can match exactly."""
    names: dict[str, str] = {}
    seen: set[str] = set()
    for flow in flows:
        remote = flow.remote
        if flow.transport == "icmp" and not (isinstance(remote, Network) and remote.version == 4):
            title = remote.id if isinstance(remote, Reference) else str(remote)
            message = f"Azure cannot match ICMPv6, which {', '.join(flow.entries)} needs to {title}."
            yield Problem(_peer_place(flow, deployment), message, "Name IPv4 networks for this peer.")
        if isinstance(remote, Reference) and remote.kind == APPLICATION_SECURITY_GROUP and remote.id not in seen:
            seen.add(remote.id)
            yield from _group_problems(remote.id, names, _peer_place(flow, deployment), settings)


def _group_problems(group: str, names: dict[str, str], place: Place, settings: CloudSettings) -> Iterator[Problem]:
    """A group's name without a subscription; one group in two spellings, which a rule cannot have."""
    subscription = settings.values.get("subscription")
    whole = group
    if not is_resource_id(group):
        if subscription is None:
            message = f"The application security group {group} has only a name, and the file has no subscription."
            yield Problem(place, message, "Write `cloud.azure.subscription`, or the whole ARM ID of the group.")
            return
        scope = f"/subscriptions/{subscription}/resourceGroups/{settings.values['resource_group']}"
        whole = f"{scope}/providers/Microsoft.Network/applicationSecurityGroups/{group}"
    other = names.setdefault(whole.lower(), group)
    if other != group:
        yield Problem(
            place, f"{group} and {other} are the same application security group.", "Write it the same everywhere."
        )


def _peer_place(flow: Flow, deployment: Deployment) -> Place:
    places = (deployment.peers[role].place for role in flow.peers if role in deployment.peers)
    return next(places, _interface_place(flow.interface, deployment))


def _interface_place(interface: str, deployment: Deployment) -> Place:
    return next((one.place for one in deployment.interfaces if one.name == interface), deployment.place)


def _priorities_full(full: PrioritiesFullError, interface: str, deployment: Deployment, quotas: Limits) -> Problem:
    message = (
        f"{interface}: {full.desired} rules of one direction are needed after merging, and {full.room} priorities from "
        f"{quotas.first_priority} to {quotas.last_priority} are available: {full.desired - full.room} too many."
    )
    hint = "Widen first_priority and last_priority under `cloud.azure.quotas`, or shorten the lists of peers."
    return Problem(_interface_place(interface, deployment), message, hint)


def _excesses(group: NetworkSecurityGroup, flows: list[Flow], deployment: Deployment, quotas: Limits) -> Iterator[Problem]:
    """Limits that the group exceeds, and rules with too many application security groups on one side."""
    for use in quota_uses((group,), quotas):
        if use.used > use.limit:
            message = f"{use.quota}: {use.used} are needed after merging, {use.limit} fit: {use.used - use.limit} too many."
            yield Problem(_interface_place(group.interface, deployment), message, _QUOTA_HINT)
    most = quotas.application_security_groups_per_rule
    for rule in group.rules:
        count = len(rule.application_security_groups)  # all on one side: the other is the interface itself
        if count > most:
            asking = next((flow for flow in flows if flow.entries == rule.entries), flows[0])
            message = (
                f"{', '.join(rule.entries)}: one side has {count} application security groups, and Azure accepts {most}."
            )
            hint = "Add their members to one group, and name that group."
            yield Problem(_peer_place(asking, deployment), message, hint)
