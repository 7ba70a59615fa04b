"""What moto 5.2.5 does otherwise than EC2 and this project needs, put right in the process that runs the server.

- The description of a rule about a prefix list or a group is kept, answered, and changed on request.
- Two rules are the same rule whatever their descriptions are.
- The quota of 60 rules counts IPv4 and IPv6 apart, and a rule about a group or a prefix list in both.
- A group that something carries, or that another group has rules about, is not deleted: DependencyViolation.
- A filter by groups finds what carries any of them; moto wants all.
- A description that is left out of an update goes; moto keeps it.
- A rule that is revoked by an id which is none is InvalidSecurityGroupRuleId.NotFound, which terraform takes for done.
- ModifySecurityGroupRules changes rules of every kind, all of a request or none (`ec2_modify.py`).
- One request at a time: moto's state is not made for threads, and now and then answered 500 to a call that it had carried
  out, so that a client's second try met a duplicate.
- A request may name the id of what it makes, in the header `X-Lab-Id`, so that files with ids in them work here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from esacloud.lab.ec2_modify import modify_any_rule

ID_HEADER = "X-Lab-Id"
RULES_PER_GROUP = 60  # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
_MAKERS = (
    ("vpcs", "random_vpc_id", "vpc-"),
    ("security_groups", "random_security_group_id", "sg-"),
    ("elastic_network_interfaces", "random_eni_id", "eni-"),
    ("managed_prefixes", "random_managed_prefix_list_id", "pl-"),
)


def behave() -> None:
    """Make the changes, once a process."""
    from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule

    if hasattr(SecurityGroupRule, "description_as_made"):
        return
    _keep_descriptions(SecurityGroupRule)
    _count_families_apart(SecurityGroupBackend)
    _refuse_deleting_what_is_in_use(SecurityGroupBackend)
    for call in ("revoke_security_group_ingress", "revoke_security_group_egress"):
        _know_ids_of_rules(SecurityGroupBackend, call)
    _find_any_of_the_groups()
    modify_any_rule(SecurityGroupBackend)
    _one_at_a_time()
    _take_ids()


def _keep_descriptions(rule_class: Any) -> None:
    """Of itself moto answers with the descriptions of CIDR rules alone, so terraform's second plan would set the others.

    It keeps a group's in `source_group`, where it makes two rules differ, and drops a prefix list's when the rule is made.
    """
    plain_init = rule_class.__init__
    plain_equal = rule_class.__eq__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        plain_init(self, *args, **kwargs)
        prefix_list = kwargs.get("prefix_list_id", args[7] if len(args) > 7 else None) or {}
        self.description_as_made = prefix_list.get("Description") or self.source_group.pop("Description", None)

    def description(self: Any) -> str | None:
        # a later change of the description by rule id goes to ip_range, whatever kind of rule it is
        text: str | None = self.ip_range.get("Description") or self.description_as_made
        return text

    def equal(self: Any, other: Any) -> bool:
        mine, theirs = (each.source_group.get("GroupId") for each in (self, other))
        if mine != theirs:
            return False
        kept, self.source_group = self.source_group, other.source_group
        try:
            return bool(plain_equal(self, other))
        finally:
            self.source_group = kept

    rule_class.__init__ = init
    rule_class.__eq__ = equal
    rule_class.description = property(description)
    rule_class.description_as_made = None
    _answer_descriptions()


def _answer_descriptions() -> None:
    from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend

    plain_flattened = SecurityGroup._flattened_rules
    plain_update = SecurityGroupBackend._sg_update_description

    def flattened(self: Any, rules: list[Any]) -> Any:
        shown = []
        for rule in rules:
            text = rule.description
            if text and (rule.source_group or rule.prefix_list_id):
                rule = _copy(rule)
                if rule.source_group:
                    rule.source_group = {**rule.source_group, "Description": text}
                else:
                    rule.prefix_list_id = _Described(rule.prefix_list_id, text)
            shown.append(rule)
        return _with_prefix_descriptions(plain_flattened(self, shown))

    def update(self: Any, security_rule: Any, rule: Any) -> None:
        plain_update(self, security_rule, rule)
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html
        if "Description" not in security_rule.ip_range:
            rule.ip_range.pop("Description", None)
        if rule.source_group or rule.prefix_list_id:
            rule.description_as_made = security_rule.description_as_made
            rule.ip_range.pop("Description", None)

    SecurityGroup._flattened_rules = flattened  # type: ignore[method-assign]
    SecurityGroupBackend._sg_update_description = update  # type: ignore[method-assign]


class _Described(str):
    """The id of a prefix list that remembers the description of the rule about it."""

    __slots__ = ("text",)

    def __new__(cls, name: str, text: str) -> _Described:
        made = super().__new__(cls, name)
        made.text = text  # type: ignore[attr-defined]
        return made


def _with_prefix_descriptions(views: Iterable[Any]) -> list[Any]:
    out = list(views)
    for view in out:
        for item in view.prefix_list_ids:
            name = item.get("PrefixListId")
            if isinstance(name, _Described):
                item["Description"] = name.text  # type: ignore[attr-defined]
    return out


def _copy(rule: Any) -> Any:
    import copy

    return copy.copy(rule)


def _count_families_apart(backend_class: Any) -> None:
    from moto.ec2.exceptions import RulesPerSecurityGroupLimitExceededError

    def verify(_: Any, group: Any, _n: int, ip_ranges: Any, source_groups: Any = None, egress: bool = False) -> None:
        rules = group.egress_rules if egress else group.ingress_rules
        for family, inside in (("CidrIp", "CidrIpv6"), ("CidrIpv6", "CidrIp")):
            there = sum(inside not in rule.ip_range for rule in rules)
            coming = sum(family in one for one in ip_ranges or ()) + len(source_groups or ())
            if there + coming > RULES_PER_GROUP:
                raise RulesPerSecurityGroupLimitExceededError

    backend_class._verify_group_will_respect_rule_count_limit = verify


def _refuse_deleting_what_is_in_use(backend_class: Any) -> None:
    from moto.ec2.exceptions import DependencyViolationError

    plain_delete: Callable[..., None] = backend_class._delete_security_group

    def delete(self: Any, vpc_id: str | None, group_id: str) -> None:
        carried = any(group and group.id == group_id for eni in self.enis.values() for group in eni.group_set)
        named = any(
            rule.source_group.get("GroupId") == group_id
            for groups in self.groups.values()
            for group in groups.values()
            if group.id != group_id
            for rule in (*group.ingress_rules, *group.egress_rules)
        )
        if carried or named:
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        plain_delete(self, vpc_id, group_id)

    backend_class._delete_security_group = delete


def _know_ids_of_rules(backend_class: Any, call: str) -> None:
    """The code: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html."""
    from moto.ec2.exceptions import InvalidSecurityGroupRuleIdNotFoundError

    plain_revoke: Callable[..., None] = getattr(backend_class, call)

    def revoke(self: Any, group_name_or_id: str, **rule: Any) -> None:
        group = self.get_security_group_by_name_or_id(group_name_or_id, rule.get("vpc_id"))
        for rule_id in rule["security_rule_ids"]:
            if group and not group.get_rule(rule_id):
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
        plain_revoke(self, group_name_or_id, **rule)

    setattr(backend_class, call, revoke)


def _find_any_of_the_groups() -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html: values of one filter are joined by OR."""
    from moto.ec2 import utils

    plain = utils.is_filter_matching

    def matching(one: Any, name: str, values: Any) -> bool:
        if name == "group-id" and isinstance(values, list):
            return any(plain(one, name, [value]) for value in values)
        return bool(plain(one, name, values))

    utils.is_filter_matching = matching  # type: ignore[assignment]


def _one_at_a_time() -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    plain, turn = DomainDispatcherApplication.__call__, Lock()

    def call(self: Any, environment: Any, start_response: Any) -> Any:
        with turn:
            return plain(self, environment, start_response)

    DomainDispatcherApplication.__call__ = call  # type: ignore[method-assign, assignment]


def _take_ids() -> None:
    from importlib import import_module

    for module_name, function_name, prefix in _MAKERS:
        module = import_module(f"moto.ec2.models.{module_name}")
        setattr(module, function_name, _asked_for(prefix, getattr(module, function_name)))


def _asked_for(prefix: str, plain: Callable[[], str]) -> Callable[[], str]:
    def make() -> str:
        from flask import has_request_context, request

        wanted = request.headers.get(ID_HEADER, "") if has_request_context() else ""
        return wanted if wanted.startswith(prefix) else plain()

    return make
