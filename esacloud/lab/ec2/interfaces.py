"""The security groups of network interfaces for moto 5.2.5, which takes any list of ids, known or not.

- "You must specify at least one security group, even if it's just the default security group in the VPC."
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html
  An empty list is not sent at all, so that the request names no attribute: InvalidParameterCombination, which the page of
  error codes gives for a missing parameter.
- A group that does not exist: InvalidGroup.NotFound. A group of another VPC: InvalidParameter, as that page says of a group
  and a subnet in different VPCs.
- More groups than the quota: SecurityGroupsPerInterfaceLimitExceeded, and the list stays as it was.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from esacloud.lab.ec2.quotas import check_interface


def check_groups_of_interfaces(backend_class: Any) -> None:
    """Check before moto's implementation."""
    from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces as Responses

    plain_create: Callable[..., Any] = backend_class.create_network_interface
    plain_modify: Callable[..., None] = backend_class.modify_network_interface_attribute
    plain_answer: Callable[[Any], Any] = Responses.modify_network_interface_attribute

    def create(self: Any, subnet: Any, private_ip_address: Any, *others: Any, **named: Any) -> Any:
        groups = named.get("group_ids", others[1] if len(others) > 1 else None)
        _check(self, subnet.vpc_id, groups or [])
        return plain_create(self, subnet, private_ip_address, *others, **named)

    def modify(self: Any, eni_id: str, group_ids: list[str], *others: Any, **named: Any) -> None:
        _check(self, self.get_network_interface(eni_id).subnet.vpc_id, group_ids)
        plain_modify(self, eni_id, group_ids, *others, **named)

    def answer(self: Any) -> Any:
        from moto.ec2.exceptions import InvalidParameterCombination

        if not set(self._get_params()) - {"Action", "Version", "DryRun", "NetworkInterfaceId"}:
            raise InvalidParameterCombination("No attributes specified.")
        return plain_answer(self)

    backend_class.create_network_interface = create
    backend_class.modify_network_interface_attribute = modify
    Responses.modify_network_interface_attribute = answer  # type: ignore[method-assign]


def _check(backend: Any, vpc: str, groups: list[str]) -> None:
    from moto.ec2.exceptions import InvalidParameter, InvalidSecurityGroupNotFoundError

    for name in groups:
        group = backend.get_security_group_from_id(name)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(name)
        if group.vpc_id != vpc:
            raise InvalidParameter(f"The security group {name} and the network interface belong to different networks.")
    check_interface(vpc, groups)
