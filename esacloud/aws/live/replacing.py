"""Turning a rule into another by its id: ModifySecurityGroupRules, and how its rules are told from those of other calls.

It changes everything of a rule but the direction and the kind of its source or destination.
Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRuleRequest.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.aws.live.rules import REFERENCED, SOURCES, from_described, kind_of, remote
from esacloud.change.model import LiveRule

_REQUESTED = {
    "cidr_ipv4": "CidrIpv4",
    "cidr_ipv6": "CidrIpv6",
    "prefix_list_id": "PrefixListId",
    REFERENCED: "ReferencedGroupId",
}


def same_source_kind(old: LiveRule, new: LiveRule) -> bool:
    """Whether EC2 can turn one into the other."""
    return kind_of(old) == kind_of(new)


def ids_by_key(described: Iterable[Mapping[str, Any]], first_group: str | None) -> dict[str, str]:
    """The id of each rule, from what DescribeSecurityGroupRules answers."""
    return {key: str(item["SecurityGroupRuleId"]) for item in described for key in _keys(item, first_group)}


def _keys(item: Mapping[str, Any], first_group: str | None) -> Iterator[str]:
    """The key of one rule, which is read as the permission that DescribeSecurityGroups would answer."""
    info = item.get("ReferencedGroupInfo") or {}
    given = {"CidrIp": item.get("CidrIpv4"), "CidrIpv6": item.get("CidrIpv6"), "PrefixListId": item.get("PrefixListId")}
    given |= {"GroupId": info.get("GroupId")}
    permission = {name: item.get(name) for name in ("IpProtocol", "FromPort", "ToPort")}
    sources = {
        name: [{inside: given[inside], "UserId": info.get("UserId")}] for name, inside, _, _ in SOURCES if given[inside]
    }
    way = "IpPermissionsEgress" if item["IsEgress"] else "IpPermissions"
    group = {way: [{**permission, **sources}], "OwnerId": item.get("GroupOwnerId")}
    yield from (rule.key for rule in from_described(group, first_group, {}))


def request(rule: LiveRule, first_group: str) -> dict[str, Any]:
    """The rule as ModifySecurityGroupRules takes it."""
    native = rule.native
    kind, _, source = remote(rule, first_group)
    made = {_REQUESTED[kind]: source, "Description": rule.description}
    first, last = (-1, -1) if native["from_port"] is None else (native["from_port"], native["to_port"])
    return {"IpProtocol": native["ip_protocol"], "FromPort": first, "ToPort": last, **made}
