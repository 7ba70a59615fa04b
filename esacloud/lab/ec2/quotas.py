"""The quotas of the local EC2: rules of a security group, security groups of a network interface.

A client sets those of a VPC with the header `X-Lab-Quotas`, as `furnish` does with what the deployment file says; any other
VPC has EC2's defaults. Rules are counted for each direction and address family apart: a rule about a group counts 1 in both
families, one about a prefix list the list's maximum of entries in the list's family.

Quotas: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html.
Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
Weights of AWS's own lists, read 2026-11-24:
https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from esacloud.aws.limits import QUOTAS, Limits

QUOTAS_HEADER = "X-Lab-Quotas"
DEFAULT = Limits(**{name: default for name, (default, _, _) in QUOTAS.items()})
AWS_WEIGHTS = {
    "cloudfront.origin-facing": 55,
    "dynamodb": 1,
    "ec2-instance-connect": 2,
    "groundstation": 5,
    "route53-healthchecks": 25,
    "s3": 1,
    "s3express": 6,
    "vpc-lattice": 10,
}
_limits: dict[str, Limits] = {}


def limits_of(vpc: str | None) -> Limits:
    """The quotas in a VPC."""
    return _limits.get(vpc or "", DEFAULT)


def set_limits(vpc: str, limits: Limits) -> None:
    """Have these quotas in a VPC from now on; existing rules over it stay."""
    _limits[vpc] = limits


def header(vpc: str, limits: Limits) -> str:
    """What `X-Lab-Quotas` says."""
    return json.dumps(
        {"vpc": vpc, "rules_per_group": limits.rules_per_group, "groups_per_interface": limits.groups_per_interface}
    )


def take_header(text: str) -> None:
    """Do what a header asks."""
    found = json.loads(text)
    set_limits(found["vpc"], Limits(found["rules_per_group"], found["groups_per_interface"]))


def check_rules(backend: Any, group: Any, old: Iterable[Any], new: Iterable[Any]) -> None:
    """Refuse rules of one direction that are over the quota where the old ones were not as many."""
    from moto.ec2.exceptions import RulesPerSecurityGroupLimitExceededError

    most = limits_of(group.vpc_id).rules_per_group
    for before, after in zip(_counts(backend, old), _counts(backend, new), strict=True):
        if after > max(most, before):
            raise RulesPerSecurityGroupLimitExceededError


def check_interface(vpc: str | None, groups: Collection[str]) -> None:
    """Refuse more groups for one network interface than the quota, as ModifyNetworkInterfaceAttribute does."""
    from moto.ec2.exceptions import EC2ClientError

    if len(set(groups)) > limits_of(vpc).groups_per_interface:
        raise EC2ClientError(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )


def _counts(backend: Any, rules: Iterable[Any]) -> tuple[int, int]:
    """What rules count for IPv4 and for IPv6."""
    weights = [_weight(backend, rule) for rule in rules]
    return sum(four for four, _ in weights), sum(six for _, six in weights)


def _weight(backend: Any, rule: Any) -> tuple[int, int]:
    if "CidrIp" in rule.ip_range:
        return 1, 0
    if "CidrIpv6" in rule.ip_range:
        return 0, 1
    found = backend.managed_prefix_lists.get(str(rule.prefix_list_id)) if rule.prefix_list_id else None
    if found is None:
        return 1, 1
    size = _aws_weight(found.prefix_list_name) if found.max_entries is None else int(found.max_entries)
    return (0, size) if found.address_family == "IPv6" else (size, 0)


def _aws_weight(name: str) -> int:
    """The weight of a list such as `com.amazonaws.eu-central-1.s3`, which only the page has, not the API."""
    service = name.removeprefix("com.amazonaws.").partition(".")[2].removeprefix("ipv6.")
    return AWS_WEIGHTS.get(service, 1)
