"""ModifySecurityGroupRules for moto 5.2.5, which changes the source or destination of IPv4 rules only.

All rules of a request change, or none: an unknown id, another kind of source or destination, a rule that the group has
already, and more rules than the quota are refused before anything is changed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from esacloud.lab.ec2.quotas import check_rules

_KINDS = {
    "CidrIpv4": lambda rule: "CidrIp" in rule.ip_range,
    "CidrIpv6": lambda rule: "CidrIpv6" in rule.ip_range,
    "PrefixListId": lambda rule: bool(rule.prefix_list_id),
    "ReferencedGroupId": lambda rule: bool(rule.source_group),
}


def modify_any_rule(backend_class: Any) -> None:
    """Replace moto's implementation."""
    backend_class.modify_security_group_rules = _modify


def _modify(self: Any, group_id: str, rules: Mapping[str, Mapping[str, Any]]) -> None:
    from moto.ec2.exceptions import (
        InvalidPermissionDuplicateError,
        InvalidSecurityGroupNotFoundError,
        InvalidSecurityGroupRuleIdNotFoundError,
    )

    group = self.get_security_group_by_name_or_id(group_id)
    if group is None:
        raise InvalidSecurityGroupNotFoundError(group_id)
    after = {id(rule): rule for rule in (*group.ingress_rules, *group.egress_rules)}
    for rule_id, desired in rules.items():
        rule = group.get_rule(rule_id)
        if rule is None:
            raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
        after[id(rule)] = _changed(rule, desired)
    for old in (group.ingress_rules, group.egress_rules):
        new = [after[id(rule)] for rule in old]
        if any(one == other for at, one in enumerate(new) for other in new[:at]):
            raise InvalidPermissionDuplicateError
        check_rules(self, group, old, new)
    for old in (group.ingress_rules, group.egress_rules):
        old[:] = [after[id(rule)] for rule in old]


def _changed(rule: Any, desired: Mapping[str, Any]) -> Any:
    from moto.ec2.exceptions import InvalidParameterCombination, InvalidParameterValue

    named = [kind for kind in _KINDS if desired.get(kind) is not None]
    if len(named) != 1:
        raise InvalidParameterCombination(f"Exactly one of {', '.join(_KINDS)} must be specified")
    kind = named[0]
    if not _KINDS[kind](rule):
        raise InvalidParameterValue(f"Invalid rule type for security group rule '{rule.id}'. You may not specify {kind}.")
    text = {"Description": desired["Description"]} if desired.get("Description") else {}
    made = copy.copy(rule)
    made.ip_protocol = desired["IpProtocol"]
    every = made.ip_protocol == "-1"
    made.from_port, made.to_port = (None, None) if every else (int(desired["FromPort"]), int(desired["ToPort"]))
    made.description_as_made = None
    if kind == "PrefixListId":
        made.prefix_list_id, made.description_as_made = desired[kind], text.get("Description")
    elif kind == "ReferencedGroupId":
        made.source_group, made.description_as_made = (
            {**rule.source_group, "GroupId": desired[kind]},
            text.get("Description"),
        )
    else:
        made.ip_range = {kind.replace("CidrIpv4", "CidrIp"): desired[kind], **text}
    return made
