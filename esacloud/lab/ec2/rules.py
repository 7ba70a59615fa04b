"""Authorize, revoke, and update descriptions for moto 5.2.5: all of a request or none.

moto does one permission of a request after the other and keeps what it did before one failed. Here every rule of a request
is looked at first; the lists of a group are then replaced, and so is a rule that gets another description, so that whoever
kept the old ones (`lag.py`) still has them.

- A revoke of a rule that the group has not: InvalidPermission.NotFound, and nothing is revoked. In a default VPC there is
  no error; the others are revoked, and the answer names those that were not.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
- A revoke by an id that is none: InvalidSecurityGroupRuleId.NotFound, which terraform takes for done.
- A description for a rule that the group has not: InvalidPermission.NotFound. A description that is left out goes.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html
- An authorize answers with all rules that it made; moto's with those of the last permission.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from esacloud.lab.ec2.quotas import check_rules

DIRECTIONS = {"ingress": "ingress_rules", "egress": "egress_rules"}


def change_all_or_none() -> None:
    """Replace moto's implementation."""
    from moto.ec2.models.security_groups import SecurityGroupBackend
    from moto.ec2.responses.security_groups import SecurityGroups

    for direction, name in DIRECTIONS.items():
        authorize = f"authorize_security_group_{direction}"
        setattr(SecurityGroups, authorize, _authorizing(getattr(SecurityGroups, authorize), name))
        setattr(SecurityGroups, f"revoke_security_group_{direction}", _revoking(name))
        setattr(SecurityGroups, f"update_security_group_rule_descriptions_{direction}", _describing(name))
    # the whole of a request is counted afterwards, with what prefix lists count
    SecurityGroupBackend._verify_group_will_respect_rule_count_limit = lambda *_, **__: None  # type: ignore[method-assign]


def _authorizing(plain: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    def authorize(self: Any) -> Any:
        from moto.core.responses import ActionResult

        group = _group(self)
        before = getattr(group, name)
        setattr(group, name, list(before))  # where moto appends
        try:
            plain(self)
            check_rules(self.ec2_backend, group, before, getattr(group, name))
        except BaseException:
            setattr(group, name, before)
            raise
        made = getattr(group, name)[len(before) :]
        return ActionResult({"Return": True, "SecurityGroupRules": made})

    return authorize


def _revoking(name: str) -> Callable[[Any], Any]:
    def revoke(self: Any) -> Any:
        from moto.core.responses import ActionResult

        self.error_on_dryrun()
        group = _group(self)
        unknown: list[Any] | None = [] if _in_default_vpc(self.ec2_backend, group) else None
        gone = {id(rule) for rule, _ in _named(self, group, name, unknown)}
        setattr(group, name, [rule for rule in getattr(group, name) if id(rule) not in gone])
        return ActionResult({"Return": True, "UnknownIpPermissions": group._flattened_rules(unknown or [])})

    return revoke


def _describing(name: str) -> Callable[[Any], Any]:
    def describe(self: Any) -> Any:
        from moto.core.responses import ActionResult

        self.error_on_dryrun()
        group = _group(self)
        texts = {id(rule): text for rule, text in _named(self, group, name)}
        setattr(
            group,
            name,
            [described(rule, texts[id(rule)]) if id(rule) in texts else rule for rule in getattr(group, name)],
        )
        return ActionResult({"Return": True})

    return describe


def described(rule: Any, text: str | None) -> Any:
    """A rule like this one with another description, or none."""
    made = copy.copy(rule)
    made.ip_range = {key: value for key, value in rule.ip_range.items() if key != "Description"}
    made.description_as_made = None
    if text and made.ip_range:
        made.ip_range["Description"] = text
    elif text:
        made.description_as_made = text
    return made


def _group(self: Any) -> Any:
    from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError

    name = self._get_param("GroupId") or self._get_param("GroupName")
    group = self.ec2_backend.get_security_group_by_name_or_id(name)
    if group is None:
        raise InvalidSecurityGroupNotFoundError(name)
    return group


def _in_default_vpc(backend: Any, group: Any) -> bool:
    vpc = backend.vpcs.get(group.vpc_id)
    return vpc is not None and str(vpc.is_default).lower() == "true"


def _named(self: Any, group: Any, name: str, unknown: list[Any] | None = None) -> Iterator[tuple[Any, str | None]]:
    """The rules of one direction that a request names, by ids or by permissions, each with the request's description.

    Permissions that the group has not go into `unknown`; without it they are an error.
    """
    from moto.ec2.exceptions import InvalidPermissionNotFoundError, InvalidSecurityGroupRuleIdNotFoundError

    rules = getattr(group, name)
    texts = {one["SecurityGroupRuleId"]: one.get("Description") for one in _items(self, "SecurityGroupRuleDescriptions")}
    ids = [*self._get_param("SecurityGroupRuleIds", []), *texts]
    for desired in ids:
        rule = next((rule for rule in rules if rule.id == desired), None)
        if rule is None:
            raise InvalidSecurityGroupRuleIdNotFoundError(desired)
        yield rule, texts.get(desired)
    if ids:
        return
    for desired in _desired(self, group, name):
        if desired not in rules:
            if unknown is None:
                raise InvalidPermissionNotFoundError
            unknown.append(desired)
            continue
        yield rules[rules.index(desired)], desired.description


def _items(self: Any, parameter: str) -> Iterable[dict[str, Any]]:
    found = self._get_param(parameter, []) or self._get_param(parameter.removesuffix("s"), [])
    return found or ()


def _desired(self: Any, group: Any, name: str) -> Iterator[Any]:
    backend = self.ec2_backend
    for one in self._process_rules_from_querystring():
        sources = backend._add_source_group(one["source_groups"], None)
        yield from backend._iterate_security_rules(
            one["ip_protocol"],
            group.id,
            one["from_port"],
            one["to_port"],
            one["ip_ranges"],
            sources,
            one["prefix_list_ids"] or [],
            is_egress=name == DIRECTIONS["egress"],
        )
