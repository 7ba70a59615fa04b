"""EC2's two JSON forms of security group rules, read in one place: `IpPermissions` and `SecurityGroupRules`.

DescribeSecurityGroups answers with the first, DescribeSecurityGroupRules with the second. Values are passed on as they are:
protocols and ports that EC2 would not answer with are for the caller to refuse.
Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html and API_SecurityGroupRule.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from esacloud.aws.model import SourceKind
from esacloud.json_files import mapping, mappings
from esacloud.packets.sets import Direction

REFERENCED: SourceKind = "referenced_security_group_id"
PERMISSIONS: dict[Direction, str] = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


class SourceKeys(NamedTuple):
    """The keys of one kind of source: its list in a permission, and the key in an item of that list and in a request."""

    items: str
    item: str
    request: str


SOURCES: dict[SourceKind, SourceKeys] = {
    "cidr_ipv4": SourceKeys("IpRanges", "CidrIp", "CidrIpv4"),
    "cidr_ipv6": SourceKeys("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    "prefix_list_id": SourceKeys("PrefixListIds", "PrefixListId", "PrefixListId"),
    REFERENCED: SourceKeys("UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
}


class DescribedRule(NamedTuple):
    """One rule with one source or destination. `account` is that of a referenced group, "" where EC2 does not say it."""

    label: str
    direction: Direction
    protocol: Any
    ports: tuple[Any, Any]
    kind: SourceKind
    source: str
    account: str = ""
    description: str = ""


def rules_of_group(group: Mapping[str, Any]) -> Iterator[DescribedRule]:
    """The rules of a group from DescribeSecurityGroups, each labelled with its path (`IpPermissions[0].IpRanges[2]`)."""
    for direction, name in PERMISSIONS.items():
        for number, permission in enumerate(mappings(group.get(name))):
            ports = permission.get("FromPort"), permission.get("ToPort")
            for kind, keys in SOURCES.items():
                for position, item in enumerate(mappings(permission.get(keys.items))):
                    yield DescribedRule(
                        f"{name}[{number}].{keys.items}[{position}]",
                        direction,
                        permission.get("IpProtocol"),
                        ports,
                        kind,
                        str(item.get(keys.item) or ""),
                        str(item.get("UserId") or ""),
                        str(item.get("Description") or ""),
                    )


def single_rule(rule: Mapping[str, Any], label: str = "") -> DescribedRule:
    """One item from DescribeSecurityGroupRules. Raises ValueError where it has not one source and a direction."""
    referenced = mapping(rule.get("ReferencedGroupInfo"))
    given = {**rule, SOURCES[REFERENCED].request: referenced.get("GroupId")}  # an answer has it one level deeper
    sources = [(kind, str(given[keys.request])) for kind, keys in SOURCES.items() if given.get(keys.request)]
    if len(sources) != 1 or not isinstance(rule.get("IsEgress"), bool):
        raise ValueError("a rule needs one source and a direction")
    return DescribedRule(
        label,
        "egress" if rule["IsEgress"] else "ingress",
        rule.get("IpProtocol"),
        (rule.get("FromPort"), rule.get("ToPort")),
        *sources[0],
        str(referenced.get("UserId") or ""),
        str(rule.get("Description") or ""),
    )
