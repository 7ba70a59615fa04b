"""Security groups as EC2 describes them: the JSON of `describe-security-groups`, `-rules` and `-network-interfaces`.

Every rule becomes a statement of one box. A rule that EC2 would not have, or whose parts are missing, is listed as unknown
and not judged: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from esacloud.aws.evaluate import box
from esacloud.aws.model import SecurityGroupRule, SourceKind
from esacloud.json_files import mappings
from esacloud.packets.sets import Direction
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG, ActualGroup, ActualGroups
from esacloud.policy.model import Statement

_LISTS: tuple[tuple[str, str, SourceKind], ...] = (
    ("IpRanges", "CidrIp", "cidr_ipv4"),
    ("Ipv6Ranges", "CidrIpv6", "cidr_ipv6"),
    ("PrefixListIds", "PrefixListId", "prefix_list_id"),
    ("UserIdGroupPairs", "GroupId", "referenced_security_group_id"),
)
_DIRECTIONS: tuple[tuple[str, Direction], ...] = (("IpPermissions", "ingress"), ("IpPermissionsEgress", "egress"))
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


def statement(
    label: str,
    direction: Direction,
    protocol: Any,
    ports: tuple[Any, Any],
    kind: SourceKind,
    source: str,
    group: str,
) -> Statement:
    """One rule. Raises ValueError for one that EC2 would not have."""
    if not isinstance(protocol, str) or not all(port is None or type(port) is int for port in ports):
        raise ValueError(f"a rule with the protocol {protocol!r} and the ports {ports[0]!r} and {ports[1]!r}")
    if source == group and kind == "referenced_security_group_id":
        kind, source = "self", ""
    rule = SecurityGroupRule(direction, protocol.lower(), *ports, kind, source, "", (), (), 1, label)
    return Statement(label, (box(rule),))


def _group(group: Mapping[str, Any]) -> ActualGroup:
    name = str(group.get("GroupId"))
    rules: list[Statement] = []
    unknown: list[str] = []
    for list_name, direction in _DIRECTIONS:
        if not isinstance(group.get(list_name), list):
            unknown.append(f"{name} has no list {list_name}")
        for number, permission in enumerate(mappings(group.get(list_name))):
            ports = permission.get("FromPort"), permission.get("ToPort")
            for label, kind, source in _sources(permission, f"{list_name}[{number}]"):
                try:
                    rules.append(statement(label, direction, permission.get("IpProtocol"), ports, kind, source, name))
                except ValueError as error:
                    unknown.append(f"{name} {label}: {error}")
    tags = {tag.get("Key"): tag.get("Value") for tag in mappings(group.get("Tags"))}
    whose = tags.get(INTERFACE_TAG), tags.get(DEPLOYMENT_TAG)
    return ActualGroup(name, str(group.get("GroupName") or ""), tuple(rules), tuple(unknown), *whose)


def _sources(permission: Mapping[str, Any], label: str) -> Iterator[tuple[str, SourceKind, str]]:
    for key, inside, kind in _LISTS:
        for number, item in enumerate(mappings(permission.get(key))):
            yield f"{label}.{key}[{number}]", kind, str(item.get(inside) or "")


def _grouped_rules(rules: list[Mapping[str, Any]], known: set[str]) -> list[ActualGroup]:
    """Groups made of single rules; those of groups that the document describes whole are not taken twice."""
    by_group: dict[str, tuple[list[Statement], list[str]]] = {}
    for number, rule in enumerate(rules):
        group, label = str(rule.get("GroupId")), str(rule.get("SecurityGroupRuleId") or f"SecurityGroupRules[{number}]")
        if group in known:
            continue
        found, unknown = by_group.setdefault(group, ([], []))
        direction: Direction = "egress" if rule.get("IsEgress") else "ingress"
        ports = rule.get("FromPort"), rule.get("ToPort")
        referenced = rule.get("ReferencedGroupInfo")
        sources: tuple[tuple[SourceKind, Any], ...] = (
            ("cidr_ipv4", rule.get("CidrIpv4")),
            ("cidr_ipv6", rule.get("CidrIpv6")),
            ("prefix_list_id", rule.get("PrefixListId")),
            ("referenced_security_group_id", referenced.get("GroupId") if isinstance(referenced, Mapping) else None),
        )
        given = [(kind, str(value)) for kind, value in sources if value]
        try:
            if len(given) != 1 or not isinstance(rule.get("IsEgress"), bool):
                raise ValueError("a rule needs one source and a direction")
            found.append(statement(label, direction, rule.get("IpProtocol"), ports, *given[0], group))
        except ValueError as error:
            unknown.append(f"{group} {label}: {error}")
    return [ActualGroup(group, "", tuple(found), tuple(unknown)) for group, (found, unknown) in by_group.items()]
