"""The groups of a network interface in the AWS lab: at least one, and of its own VPC."""

from __future__ import annotations

from support.ec2_calls import attached, code, new_group, new_interface
from support.ec2_server import LocalEc2, local_ec2


def test_an_interface_that_names_no_group_has_the_default_one(local: LocalEc2) -> None:
    (group,) = attached(local, new_interface(local))
    (found,) = local.client.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert (found["GroupName"], found["VpcId"]) == ("default", local.vpc)


def test_the_list_of_groups_is_replaced_whole_and_never_empty(local: LocalEc2) -> None:
    first, second = new_group(local), new_group(local)
    interface = new_interface(local, first)
    call = local.client.modify_network_interface_attribute
    call(NetworkInterfaceId=interface, Groups=[second])
    assert attached(local, interface) == [second]
    assert code(local, call, NetworkInterfaceId=interface, Groups=[]) == "InvalidParameterCombination"
    assert attached(local, interface) == [second]
    call(NetworkInterfaceId=interface, Description={"Value": "other"})
    assert attached(local, interface) == [second]


def test_groups_that_are_not_there_or_of_another_vpc_are_refused(local: LocalEc2) -> None:
    group = new_group(local)
    interface = new_interface(local, group)
    other = new_group(local, local.client.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"])
    call = local.client.modify_network_interface_attribute
    for wrong, refusal in (("sg-0000000000000dead", "InvalidGroup.NotFound"), (other, "InvalidParameter")):
        assert code(local, call, NetworkInterfaceId=interface, Groups=[group, wrong]) == refusal
        assert code(local, new_interface, local, group, wrong) == refusal
    assert attached(local, interface) == [group]


def test_a_new_group_permits_all_egress_of_the_families_of_its_vpc() -> None:
    def egress(ec2: LocalEc2, vpc: str) -> list[str]:
        (found,) = ec2.client.describe_security_groups(GroupIds=[new_group(ec2, vpc)])["SecurityGroups"]
        (rule,) = found["IpPermissionsEgress"]
        assert rule["IpProtocol"] == "-1"
        return [one["CidrIp"] for one in rule["IpRanges"]] + [one["CidrIpv6"] for one in rule["Ipv6Ranges"]]

    with local_ec2() as ec2:
        four = ec2.client.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
        assert egress(ec2, four) == ["0.0.0.0/0"]
        assert egress(ec2, ec2.vpc) == ["0.0.0.0/0", "::/0"]
    with local_ec2(ipv6_default_egress=False) as ec2:
        assert egress(ec2, ec2.vpc) == ["0.0.0.0/0"]
