"""Short ways to ask a local EC2 for the things that tests of the lab need."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from support.described import permission
from support.ec2_server import LocalEc2

_names = itertools.count(1)


def new_group(ec2: LocalEc2, vpc: str | None = None, **more: Any) -> str:
    """The id of a group that no other test has."""
    name = more.pop("GroupName", f"group {next(_names)}")
    description = more.pop("Description", "test")
    made = ec2.client.create_security_group(GroupName=name, Description=description, VpcId=vpc or ec2.vpc, **more)
    return str(made["GroupId"])


def new_interface(ec2: LocalEc2, *groups: str) -> str:
    """The id of a network interface in the VPC."""
    number = next(_names)
    subnet = ec2.client.create_subnet(VpcId=ec2.vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"]
    made = ec2.client.create_network_interface(SubnetId=subnet, Groups=list(groups))
    return str(made["NetworkInterface"]["NetworkInterfaceId"])


def new_list(ec2: LocalEc2, entries: int, family: str = "IPv4") -> str:
    """The id of a prefix list of so many entries at most."""
    made = ec2.client.create_managed_prefix_list(
        PrefixListName=f"list {next(_names)}", MaxEntries=entries, AddressFamily=family
    )
    return str(made["PrefixList"]["PrefixListId"])


def add(ec2: LocalEc2, group: str, *sources: str, service: str = "tcp/25", direction: str = "ingress") -> Any:
    """Authorize rules for networks, groups and prefix lists."""
    call = getattr(ec2.client, f"authorize_security_group_{direction}")
    return call(GroupId=group, IpPermissions=[permission(service, *sources)])


def rules(ec2: LocalEc2, group: str, direction: str = "ingress") -> dict[str, dict[str, Any]]:
    """The rules of one direction by their ids."""
    filters = [{"Name": "group-id", "Values": [group]}]
    found = ec2.client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    return {rule["SecurityGroupRuleId"]: rule for rule in found if rule["IsEgress"] == (direction == "egress")}


def attached(ec2: LocalEc2, interface: str) -> list[str]:
    """The groups of a network interface."""
    (found,) = ec2.client.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    return [group["GroupId"] for group in found["Groups"]]


def code(ec2: LocalEc2, call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    """The error code that a call ends in."""
    with pytest.raises(ec2.client.exceptions.ClientError) as raised:
        call(*arguments, **named)
    return str(raised.value.response["Error"]["Code"])
