"""What AWS would refuse, found before any call: texts, names, tags, ports, prefix lists. Quotas are counted in `lower.py`.

Neither terraform's `validate` nor its `plan` finds these; `apply` does, half-way through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from esacloud.aws.descriptions import ALLOWED, ALLOWED_WITH_REFERENCES, tag_problems, text_problem
from esacloud.aws.limits import FIXED, Limits
from esacloud.aws.model import SecurityGroup
from esacloud.catalogue.model import EVERY_PORT
from esacloud.deployment.model import Deployment, Reference
from esacloud.errors import Place, Problem
from esacloud.policy.model import Flow, Policy

_REFERENCES = ("prefix_list_id", "referenced_security_group_id", "self")


def check(policy: Policy, deployment: Deployment, groups: Iterable[SecurityGroup], quotas: Limits) -> list[Problem]:
    """Everything that AWS would refuse of these groups, each finding once."""
    settings = deployment.clouds.get("aws")
    problems = list(_names(policy, deployment, groups))
    if settings and settings.tags:
        problems += tag_problems(settings.tags, settings.place.at("cloud.aws.tags"))
    problems += _descriptions(groups, deployment.place)
    problems += _prefix_lists(policy.flows, deployment, quotas)
    problems += (_port_problem(flow, deployment.place) for flow in policy.flows if not _has_ports(flow))
    return problems


def _names(policy: Policy, deployment: Deployment, groups: Iterable[SecurityGroup]) -> Iterator[Problem]:
    place = deployment.place.at("name")
    found = text_problem("The deployment's name", policy.deployment, place)
    if found:
        yield found
    seen: dict[str, str] = {}
    for group in groups:
        place = deployment.place.at(f"interfaces.{group.interface}")
        wrong = text_problem("The group's name", group.name, place, longest=FIXED["group_name_characters"])
        if wrong is None and found is None:
            wrong = text_problem("The group's description", group.description, place.at("name"))
        if wrong:
            yield wrong
        other = seen.setdefault(group.name.lower(), group.interface)
        if other != group.interface:
            message = (
                f"The interfaces {other} and {group.interface} both need a group named {group.name}; case does not count."
            )
            yield Problem(place, message, "Rename one of them in the catalogue.")


def _descriptions(groups: Iterable[SecurityGroup], place: Place) -> Iterator[Problem]:
    texts: dict[tuple[str, bool], str] = {}
    for group in groups:
        for rule in group.rules:
            texts.setdefault((rule.description, rule.source_kind in _REFERENCES), rule.key)
    for (text, of_reference), key in texts.items():
        allowed = ALLOWED_WITH_REFERENCES if of_reference else ALLOWED
        if len(text) > FIXED["description_characters"] or not allowed.issuperset(text):
            found = text_problem(f"The description of {key!a}", text, place, allowed)
            if found:
                hint = f"{found.hint} It is made of the catalogue's entries, roles and host names."
                yield Problem(found.place, found.message, hint, found.severity)


def _prefix_lists(flows: Iterable[Flow], deployment: Deployment, quotas: Limits) -> Iterator[Problem]:
    seen: dict[str, Reference] = {}
    for flow in flows:
        remote = flow.remote
        if not isinstance(remote, Reference) or seen.get(remote.id) == remote:
            continue
        place = _reference_place(remote, deployment)
        other = seen.setdefault(remote.id, remote)
        if other != remote:
            message = (
                f"{remote.id} is said to count {other.size} rules in one place and {remote.size} in another, or to be of"
            )
            yield Problem(place, f"{message} different families.", "Write the same size and family everywhere.")
        elif not 1 <= remote.size <= FIXED["prefix_list_entries"]:
            most = FIXED["prefix_list_entries"]
            message = f"{remote.id} is said to hold at most {remote.size} entries; AWS's prefix lists hold 1 to {most}."
            yield Problem(place, message, "Write the maximum that the VPC console shows.")
        elif remote.size > quotas.rules_per_group:
            message = f"{remote.id} counts as {remote.size} rules, and a group holds {quotas.rules_per_group}."
            hint = "Lower its maximum, or ask AWS for a higher quota and write it as `cloud.aws.quotas.rules_per_group`."
            yield Problem(place, message, hint)


def _reference_place(reference: Reference, deployment: Deployment) -> Place:
    uses = (use for interface in deployment.interfaces for use in interface.features)
    for peers in (deployment.peers, *(use.peers for use in uses)):
        for peer in peers.values():
            for item in peer.items:
                if item.remote == reference:
                    return item.place
    return deployment.place


def _has_ports(flow: Flow) -> bool:
    first, last = flow.ports
    return 0 <= first <= last <= EVERY_PORT[1]


def _port_problem(flow: Flow, place: Place) -> Problem:
    first, last = flow.ports
    message = (
        f"{', '.join(flow.entries)} opens the ports {first} to {last}, and there are only 0 to {EVERY_PORT[1]}, ascending."
    )
    return Problem(place, message, "Correct the entry in the catalogue.")
