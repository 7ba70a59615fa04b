"""The local EC2: it answers with what it was given."""

from __future__ import annotations

from support.ec2_server import local_ec2


def test_a_rule_keeps_its_description_whatever_its_source_is() -> None:
    with local_ec2() as ec2:
        group = ec2.client.create_security_group(GroupName="a", Description="a", VpcId=ec2.vpc)["GroupId"]
        port = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25}
        ec2.client.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {**port, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a network"}]},
                {**port, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32", "Description": "an IPv6 network"}]},
                {**port, "UserIdGroupPairs": [{"GroupId": group, "Description": "a group"}]},
                {**port, "PrefixListIds": [{"PrefixListId": "pl-00000001", "Description": "a prefix list"}]},
            ],
        )
        filters = [{"Name": "group-id", "Values": [group]}]
        rules = ec2.client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        descriptions = {rule.get("Description") for rule in rules if not rule["IsEgress"]}
        assert descriptions == {"a network", "an IPv6 network", "a group", "a prefix list"}


def test_a_description_can_be_changed_afterwards() -> None:
    with local_ec2() as ec2:
        group = ec2.client.create_security_group(GroupName="b", Description="b", VpcId=ec2.vpc)["GroupId"]
        pair = {"GroupId": group, "Description": "before"}
        made = ec2.client.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "UserIdGroupPairs": [pair]}],
        )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        changed = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "ReferencedGroupId": group, "Description": "after"}
        ec2.client.modify_security_group_rules(
            GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": made, "SecurityGroupRule": changed}]
        )
        (rule,) = ec2.client.describe_security_group_rules(SecurityGroupRuleIds=[made])["SecurityGroupRules"]
        assert rule["Description"] == "after"
