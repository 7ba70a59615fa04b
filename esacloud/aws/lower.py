"""A policy as security groups: checked, made into rules, and merged and split only where a quota forces it.

Rules that this module obeys: every interface of the policy has a group, even without a rule, so that its outputs exist
before its first flow. Flows are merged only where one direction and address family of an interface overflows a group: all
flows of that bucket as far as possible, and no others, so that the result depends only on these flows and one more flow
changes only its neighbourhood. What does not fit then is split over groups, and what does not fit those is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from esacloud.aws.checks import check
from esacloud.aws.descriptions import group_description
from esacloud.aws.evaluate import packets
from esacloud.aws.firewall import problems as firewall_problems
from esacloud.aws.limits import Limits, limits
from esacloud.aws.model import SecurityGroup, SecurityGroupRule, SecurityGroups
from esacloud.aws.rules import rules
from esacloud.aws.split import COUNTERS, Counter, counts, split
from esacloud.deployment.model import Deployment, Reference
from esacloud.errors import Problem, refuse
from esacloud.guardrails.reach import mail_to_public
from esacloud.packets.addresses import Network
from esacloud.policy.lowered import GroupLine, Lowered, QuotaUse
from esacloud.policy.merging import canonical, merged
from esacloud.policy.model import Flow, Policy

_WORDS = {"ingress": "inbound", "egress": "outbound"}
PORT_25_SOURCE = "https://repost.aws/knowledge-center/ec2-port-25-throttle"


def lower(policy: Policy, deployment: Deployment) -> Lowered:
    """The security groups of a policy. Raises InputError for texts that AWS refuses and for quotas that do not suffice."""
    settings = deployment.clouds["aws"]
    quotas = limits(settings.quotas)
    outside = frozenset(entry.id for entry in deployment.catalogue.entries if not entry.rows)
    groups: dict[str, list[SecurityGroup]] = {}
    saved: dict[str, int] = {}
    problems: list[Problem] = []
    for interface, own_flows in policy.by_interface().items():
        made, fewer = _fitted(sorted(own_flows, key=canonical), quotas, outside)
        parts = split(made, quotas)
        if parts is None:
            problems += _too_many(interface, made, quotas, deployment)
            parts = [made]
        if fewer:
            saved[interface] = fewer
        groups[interface] = [_group(policy.deployment, interface, number, part) for number, part in enumerate(parts, 1)]
    all_groups = tuple(group for own_groups in groups.values() for group in own_groups)
    refuse([*problems, *check(policy, deployment, all_groups, quotas), *firewall_problems(policy, deployment)])
    return Lowered(
        policy=policy,
        evaluate=partial(packets, all_groups),
        groups=tuple(map(_line, all_groups)),
        quotas=tuple(_used(groups, quotas)),
        notes=tuple(_notes(policy, groups, saved, quotas)),
        native=SecurityGroups(all_groups, settings.tags),
    )


def _fitted(flows: list[Flow], quotas: Limits, outside: frozenset[str]) -> tuple[list[SecurityGroupRule], int]:
    """The rules of one interface, merged where a group would overflow, and how many merging saved."""
    made = rules(flows, outside)
    overflowing = {counter for counter, count in counts(made).items() if count > quotas.rules_per_group}
    if not overflowing:
        return made, 0
    crowded = [flow for flow in flows if _counters(flow) & overflowing]
    rest = [flow for flow in flows if not _counters(flow) & overflowing]
    fewer = rules(sorted([*rest, *merged(crowded)], key=canonical), outside)
    return fewer, len(made) - len(fewer)


def _counters(flow: Flow) -> set[Counter]:
    """The quotas that a flow counts against."""
    version = flow.remote.version if isinstance(flow.remote, Network | Reference) else None
    return {counter for counter in COUNTERS if counter[0] == flow.direction and version in (None, counter[1])}


def _group(deployment: str, interface: str, number: int, made: list[SecurityGroupRule]) -> SecurityGroup:
    name = interface if number == 1 else f"{interface}-{number}"
    return SecurityGroup(name, interface, group_description(deployment, interface, number), tuple(made))


def _line(group: SecurityGroup) -> GroupLine:
    inbound = sum(rule.direction == "ingress" for rule in group.rules)
    return GroupLine(group.name, group.interface, inbound, len(group.rules) - inbound)


def _used(groups: Mapping[str, list[SecurityGroup]], quotas: Limits) -> Iterator[QuotaUse]:
    for interface, own_groups in groups.items():
        for group in own_groups:
            for (direction, version), count in counts(group.rules).items():
                yield QuotaUse(f"{group.name}: {_WORDS[direction]} IPv{version} rules", count, quotas.rules_per_group)
        yield QuotaUse(f"{interface}: groups at the interface", len(own_groups), quotas.groups_per_interface)


def _notes(
    policy: Policy, groups: Mapping[str, list[SecurityGroup]], merged: Mapping[str, int], quotas: Limits
) -> Iterator[str]:
    """What was merged, what was split, and what AWS does to outbound mail regardless of the rules."""
    for interface, saved in merged.items():
        yield (
            f"{interface}: merging networks and ports exactly saved {saved} rules, because one group takes "
            f"{quotas.rules_per_group}; a merged rule cites the table rows of all rules that it replaces."
        )
    for interface, own_groups in groups.items():
        if len(own_groups) > 1:
            names = ", ".join(group.name for group in own_groups)
            yield f"{interface}: its rules take {len(own_groups)} groups; attach all of them to the interface: {names}."
    if senders := mail_to_public(policy.flows):
        yield (
            "AWS blocks outbound tcp/25 to public addresses on every instance, whatever its security groups permit, "
            f"until it lifts that on request ({PORT_25_SOURCE}); here it concerns {', '.join(senders)}."
        )


def _too_many(interface: str, made: list[SecurityGroupRule], quotas: Limits, deployment: Deployment) -> Iterator[Problem]:
    """By how much the rules of an interface do not fit, one problem for each direction and address family."""
    per_group, most = quotas.rules_per_group, quotas.groups_per_interface
    fit = per_group * most
    places = {one.name: one.place for one in deployment.interfaces}
    place = places.get(interface, deployment.place.at(f"interfaces.{interface}"))
    hint = (
        "Ask AWS for a higher quota and write it under `cloud.aws.quotas`, name a prefix list instead of many networks, "
        "or shorten the lists of peers."
    )
    made = [rule for rule in made if rule.size <= per_group]  # a larger prefix list is reported by `checks.py`
    over = {counter: count for counter, count in counts(made).items() if count > fit}
    for (direction, version), count in over.items():
        message = f"{interface}: {count} {_WORDS[direction]} IPv{version} rules are needed after merging, {fit} fit"
        yield Problem(place, f"{message} ({most} group{'s' * (most > 1)} of {per_group}): {count - fit} too many.", hint)
    if not over and split(made, quotas) is None:
        lists = sorted({f"{rule.source} ({rule.size})" for rule in made if rule.size > 1})
        message = f"{interface}: the prefix lists {', '.join(lists)} cannot be shared out over {most} groups"
        yield Problem(place, f"{message} of {per_group}; a prefix list counts as its maximum of entries.", hint)
