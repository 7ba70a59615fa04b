"""Security groups as EC2 describes them: the JSON of `describe-security-groups`, `-rules` and `-network-interfaces`.

Every rule becomes a statement of one box. A rule that EC2 would not have, or that lacks a part, is listed as unknown and
not judged: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esacloud.aws.evaluate import permitted
from esacloud.aws.ip_permissions import PERMISSIONS, REFERENCED, DescribedRule, rules_of_group, single_rule
from esacloud.aws.model import SourceKind
from esacloud.json_files import mappings
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG, ActualGroup, ActualGroups
from esacloud.policy.model import Statement

_KEYS = ("SecurityGroups", "SecurityGroupRules", "NetworkInterfaces")


def read(document: Any) -> ActualGroups | None:
    """The groups of one such document, or None for anything else."""
    if not isinstance(document, dict) or not any(isinstance(document.get(key), list) for key in _KEYS):
        return None
    groups = [_group(group) for group in mappings(document.get("SecurityGroups"))]
    groups += _grouped_rules(mappings(document.get("SecurityGroupRules")), {group.id for group in groups})
    attached = {
        str(interface.get("NetworkInterfaceId")): tuple(
            str(group.get("GroupId")) for group in mappings(interface.get("Groups"))
        )
        for interface in mappings(document.get("NetworkInterfaces"))
    }
    return ActualGroups("aws", tuple(groups), "any", attached)


def statement(rule: DescribedRule, group: str) -> Statement:
    """One rule of a group with that id. Raises ValueError for a rule that EC2 would not have."""
    protocol, (first, last) = rule.protocol, rule.ports
    if not isinstance(protocol, str) or not all(port is None or type(port) is int for port in (first, last)):
        raise ValueError(f"a rule with the protocol {protocol!r} and the ports {first!r} and {last!r}")
    kind: SourceKind = "self" if rule.source == group and rule.kind == REFERENCED else rule.kind
    return Statement(rule.label, (permitted(rule.direction, protocol.lower(), first, last, kind, rule.source),))


def _group(group: Mapping[str, Any]) -> ActualGroup:
    name = str(group.get("GroupId"))
    rules: list[Statement] = []
    unknown = [f"{name} has no list {key}" for key in PERMISSIONS.values() if not isinstance(group.get(key), list)]
    for rule in rules_of_group(group):
        try:
            rules.append(statement(rule, name))
        except ValueError as error:
            unknown.append(f"{name} {rule.label}: {error}")
    tags = {tag.get("Key"): tag.get("Value") for tag in mappings(group.get("Tags"))}
    owner = tags.get(INTERFACE_TAG), tags.get(DEPLOYMENT_TAG)
    return ActualGroup(name, str(group.get("GroupName") or ""), tuple(rules), tuple(unknown), *owner)


def _grouped_rules(rules: list[Mapping[str, Any]], known: set[str]) -> list[ActualGroup]:
    """Groups made of single rules. Rules of groups in `known` are skipped: the document describes those groups whole."""
    by_group: dict[str, tuple[list[Statement], list[str]]] = {}
    for number, item in enumerate(rules):
        group, label = str(item.get("GroupId")), str(item.get("SecurityGroupRuleId") or f"SecurityGroupRules[{number}]")
        if group in known:
            continue
        found, unknown = by_group.setdefault(group, ([], []))
        try:
            found.append(statement(single_rule(item, label), group))
        except ValueError as error:
            unknown.append(f"{group} {label}: {error}")
    return [ActualGroup(group, "", tuple(found), tuple(unknown)) for group, (found, unknown) in by_group.items()]
