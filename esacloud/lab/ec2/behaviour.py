"""Patches of moto 5.2.5, where this project needs EC2's behaviour, in the process that runs the server.

- The description of a rule about a prefix list or a group is kept and answered.
- Two rules are the same rule whatever their descriptions are.
- A group with an attachment, or that rules of another group name, is not deleted: DependencyViolation.
- A request may name the id of what it makes, in the header `X-Lab-Id`, so that files with ids in them work here.
- New groups permit all egress over IPv6 too, where the VPC has an IPv6 CIDR block and the settings say so.

Other patches have files of their own: `rules.py` and `modify.py` (changes of rules), `quotas.py`, `interfaces.py`,
`filters.py`, `prefix_lists.py`, `requests.py` (one at a time, limits, lag).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from esacloud.lab.ec2.filters import filter_as_documented
from esacloud.lab.ec2.interfaces import check_groups_of_interfaces
from esacloud.lab.ec2.lag import answer_from_what_is_shown
from esacloud.lab.ec2.modify import modify_any_rule
from esacloud.lab.ec2.prefix_lists import know_and_resize_lists
from esacloud.lab.ec2.requests import one_at_a_time
from esacloud.lab.ec2.rules import change_all_or_none
from esacloud.lab.ec2.settings import settings

ID_HEADER = "X-Lab-Id"
_MAKERS = (
    ("vpcs", "random_vpc_id", "vpc-"),
    ("security_groups", "random_security_group_id", "sg-"),
    ("elastic_network_interfaces", "random_eni_id", "eni-"),
    ("managed_prefixes", "random_managed_prefix_list_id", "pl-"),
)


def behave() -> None:
    """Make the changes, once a process."""
    from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
    from moto.ec2.models.managed_prefixes import ManagedPrefixListBackend
    from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule

    if hasattr(SecurityGroupRule, "description_as_made"):
        return
    _keep_descriptions(SecurityGroupRule)
    _begin_with_default_egress(SecurityGroup)
    _refuse_deleting_what_is_in_use(SecurityGroupBackend)
    change_all_or_none()
    modify_any_rule(SecurityGroupBackend)
    check_groups_of_interfaces(NetworkInterfaceBackend)
    know_and_resize_lists(ManagedPrefixListBackend)
    filter_as_documented()
    answer_from_what_is_shown()
    one_at_a_time()
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
        text: str | None = self.ip_range.get("Description") or self.description_as_made
        return text

    def equal(self: Any, other: Any) -> bool:
        if self.source_group.get("GroupId") != other.source_group.get("GroupId"):
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
    from moto.ec2.models.security_groups import SecurityGroup

    plain_flattened = SecurityGroup._flattened_rules

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

    SecurityGroup._flattened_rules = flattened  # type: ignore[method-assign]


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


def _begin_with_default_egress(group_class: Any) -> None:
    """Moto gives a new group both rules where the VPC has an IPv6 CIDR block, as EC2 does.

    https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html says it of default groups; of all others
    terraform's AWS provider knows it, which takes both rules from each group that it makes.
    """
    plain_init = group_class.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        plain_init(self, *args, **kwargs)
        if not settings.ipv6_default_egress:
            self.egress_rules = [rule for rule in self.egress_rules if "CidrIpv6" not in rule.ip_range]

    group_class.__init__ = init


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


def _take_ids() -> None:
    from importlib import import_module

    for module_name, function_name, prefix in _MAKERS:
        module = import_module(f"moto.ec2.models.{module_name}")
        setattr(module, function_name, _asked_for(prefix, getattr(module, function_name)))


def _asked_for(prefix: str, plain: Callable[[], str]) -> Callable[[], str]:
    def make() -> str:
        from flask import has_request_context, request

        desired = request.headers.get(ID_HEADER, "") if has_request_context() else ""
        return desired if desired.startswith(prefix) else plain()

    return make
