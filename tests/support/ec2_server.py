"""A local EC2 with a VPC in it, and what its security groups permit, read with boto3 and evaluated here."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from esacloud.aws.evaluate import packets
from esacloud.aws.model import SecurityGroup, SecurityGroupRule, SourceKind
from esacloud.lab.ec2.application import CREDENTIALS, ec2_server
from esacloud.lab.ec2.lag import Lag
from esacloud.lab.ec2.rates import Buckets
from esacloud.packets.sets import Direction, PacketSet

REGION = "eu-central-1"
_REFERENCE = re.compile(r"\b(sg|pl)-[0-9a-f]{17}\b")


@dataclass
class LocalEc2:
    """`url` is where it listens; `vpc` has both address families, so its new groups begin with two egress rules."""

    url: str
    client: Any
    vpc: str
    configuration: Path  # of the AWS SDKs, with the address as the endpoint of every service
    made: dict[str, str] = field(default_factory=dict)  # references of deployment files -> what stands for them here

    @property
    def environment(self) -> dict[str, str]:
        return {**CREDENTIALS, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}

    def provider(self) -> dict[str, Any]:
        """The settings of terraform's AWS provider for this server.

        The address is in a configuration file: to validate `endpoints` the provider computes four seconds, every time.
        """
        return {
            "region": REGION,
            "shared_config_files": [str(self.configuration)],
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "skip_region_validation": True,
        }

    def with_real_references(self, text: str) -> str:
        """A deployment file with this VPC and, in place of its references, security groups and prefix lists made here."""
        for match in _REFERENCE.finditer(text):
            if match[0] not in self.made:
                self.made[match[0]] = self._security_group(match[0]) if match[1] == "sg" else self._prefix_list(match[0])
        text = re.sub(r"\bvpc-[0-9a-f]+\b", self.vpc, text)
        return _REFERENCE.sub(lambda match: self.made[match[0]], text)

    def _security_group(self, name: str) -> str:
        made = self.client.create_security_group(GroupName=f"elsewhere {name}", Description="elsewhere", VpcId=self.vpc)
        return str(made["GroupId"])

    def _prefix_list(self, name: str) -> str:
        made = self.client.create_managed_prefix_list(PrefixListName=name, MaxEntries=10, AddressFamily="IPv4")
        return str(made["PrefixList"]["PrefixListId"])

    def groups(self, key: str, value: str) -> list[dict[str, Any]]:
        """The groups with a tag, as DescribeSecurityGroups answers."""
        tag = {"Name": f"tag:{key}", "Values": [value]}
        found = self.client.describe_security_groups(Filters=[tag])["SecurityGroups"]
        return sorted(found, key=lambda group: str(group["GroupName"]))

    def permitted(self, found: list[dict[str, Any]]) -> dict[str, PacketSet]:
        """What the groups of one deployment permit, by interface."""
        interface = {group["GroupId"]: tags(group)["esacloud:interface"] for group in found}
        return packets(
            SecurityGroup(
                group["GroupName"], interface[group["GroupId"]], group["Description"], tuple(_rules(group, interface))
            )
            for group in found
        )


@contextmanager
def local_ec2(
    lag: Lag | None = None, rates: Buckets | None = None, ipv6_default_egress: bool | None = None
) -> Iterator[LocalEc2]:
    """A local EC2 that lives as long as the block."""
    import boto3

    with ec2_server(lag, rates, ipv6_default_egress) as url, tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "config")
        configuration.write_text(f"[default]\nendpoint_url = {url}\n", encoding="utf-8")
        client = boto3.client(
            "ec2", endpoint_url=url, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        vpc = client.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
        yield LocalEc2(url, client, vpc, configuration)


def tags(group: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in group.get("Tags", ())}


def _rules(group: dict[str, Any], interface: dict[str, str]) -> Iterator[SecurityGroupRule]:
    own = interface[group["GroupId"]]
    for direction, permissions in (("ingress", group["IpPermissions"]), ("egress", group["IpPermissionsEgress"])):
        for permission in permissions:
            for kind, source in _sources(permission):
                if interface.get(source) == own:
                    kind, source = "self", ""
                yield _rule(direction, permission, kind, source)  # type: ignore[arg-type]


def _sources(permission: dict[str, Any]) -> Iterator[tuple[SourceKind, str]]:
    for one in permission["IpRanges"]:
        yield "cidr_ipv4", one["CidrIp"]
    for one in permission["Ipv6Ranges"]:
        yield "cidr_ipv6", one["CidrIpv6"]
    for one in permission["PrefixListIds"]:
        yield "prefix_list_id", one["PrefixListId"]
    for one in permission["UserIdGroupPairs"]:
        yield "referenced_security_group_id", one["GroupId"]


def _rule(direction: Direction, permission: dict[str, Any], kind: SourceKind, source: str) -> SecurityGroupRule:
    protocol, ports = permission["IpProtocol"], (permission.get("FromPort"), permission.get("ToPort"))
    return SecurityGroupRule(direction, protocol, *ports, kind, source, "", (), (), 1, "")
