"""What AWS would refuse, found before any call: texts, names, prefix lists. Quotas are counted in `lower.py`.

Neither `terraform validate` nor `terraform plan` finds these; `terraform apply` does, in the middle of the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from esacloud.aws.descriptions import ALLOWED, ALLOWED_WITH_REFERENCES, text_problem
from esacloud.aws.limits import FIXED, Limits
from esacloud.aws.model import SecurityGroup
from esacloud.deployment.model import Deployment, Reference
from esacloud.errors import Place, Problem
from esacloud.policy.model import Flow, Policy

_REFERENCES = ("prefix_list_id", "referenced_security_group_id", "self")


def check(policy: Policy, deployment: Deployment, groups: Iterable[SecurityGroup], quotas: Limits) -> list[Problem]:
    """Everything in these groups that AWS would refuse, each finding once."""
    return [
        *_names(policy, deployment, groups),
        *_descriptions(groups, deployment.place),
        *_prefix_lists(policy.flows, deployment, quotas),
    ]


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
            names = f"The interfaces {other} and {group.interface} both need a group named {group.name}"
            yield Problem(place, f"{names}; case does not count.", "Rename one of the interfaces in the catalogue.")


def _descriptions(groups: Iterable[SecurityGroup], place: Place) -> Iterator[Problem]:
    texts: dict[tuple[str, bool], str] = {}
    for group in groups:
        for rule in group.rules:
            texts.setdefault((rule.description, rule.source_kind in _REFERENCES), rule.key)
    for (text, of_reference), key in texts.items():
        allowed = ALLOWED_WITH_REFERENCES if of_reference else ALLOWED
        if found := text_problem(f"The description of {key!a}", text, place, allowed):
            yield replace(found, hint=f"{found.hint} It consists of the catalogue's entries, roles and host names.")


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
                f"{remote.id} counts {other.size} rules in one place and {remote.size} in another, or its family differs."
            )
            yield Problem(place, message, "Write the same size and family everywhere.")
        elif remote.size > quotas.rules_per_group:
            message = f"{remote.id} counts as {remote.size} rules and a group takes {quotas.rules_per_group}."
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
