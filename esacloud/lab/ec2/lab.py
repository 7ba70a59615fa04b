"""The lab for AWS: a moto server, with stand-ins for resources that a deployment file names.

A file has the ids of a VPC, of groups and prefix lists that rules are about, and of network interfaces. The lab creates
them on demand, empty, with the ids of the file. It also enforces the quotas of the file in its VPC, and a prefix list
has the maximum of entries that the file says.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from esacloud.aws.limits import Limits, limits
from esacloud.aws.live.calls import client_for
from esacloud.aws.model import SecurityGroupRule
from esacloud.change.live import Connection
from esacloud.deployment.model import CloudSettings, Deployment
from esacloud.lab.ec2.application import CREDENTIALS, ec2_server
from esacloud.lab.ec2.behaviour import ID_HEADER
from esacloud.lab.ec2.lag import Lag
from esacloud.lab.ec2.quotas import QUOTAS_HEADER, header
from esacloud.lab.ec2.requests import LAG_HEADER, NO_LAG
from esacloud.policy.actual import DEPLOYMENT_TAG
from esacloud.policy.lowered import Lowered

SUBNET, NETWORK = "10.0.0.0/24", "10.0.0.0/16"
_STAND_IN = "stand-in"  # how the names of what is made here begin
_ACCOUNT = {
    "aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"],
    "aws_secret_access_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
}


def serve(ready: Callable[[str], None], lag: float = 0.0) -> None:
    """Serve until the process ends; `ready` is told the address. Reads lag behind writes by `lag` seconds."""
    with ec2_server(Lag(lag)) as address:
        ready(address)
        signal.pause()


def connection(address: str) -> Connection:
    """How to reach the lab."""
    return Connection(endpoint_url=address, credentials=_ACCOUNT)


def furnish(where: Connection, deployment: Deployment, lowered: Lowered | None) -> tuple[str, ...]:
    """Make what the deployment file names and the lab lacks, under the ids of the file. Says what was made."""
    settings = deployment.clouds["aws"]
    client = client_for(where, where.region or settings.values["region"])
    with _asking(client, "*", LAG_HEADER, NO_LAG):
        return tuple(_furnish(client, settings, limits(settings.quotas), lowered))


def _furnish(client: Any, settings: CloudSettings, quotas: Limits, lowered: Lowered | None) -> Iterator[str]:
    vpc = settings.values["vpc"]
    with _asking(client, "DescribeVpcs", QUOTAS_HEADER, header(vpc, quotas)):
        found = client.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Vpcs"]
    if not found:
        with _asking(client, "CreateVpc", ID_HEADER, vpc):
            client.create_vpc(CidrBlock=NETWORK, AmazonProvidedIpv6CidrBlock=True)
        yield vpc
    groups = {name for keys in settings.interfaces.values() for name in keys.get("group", ())}
    lists: dict[str, SecurityGroupRule] = {}
    for group in lowered.native.groups if lowered else ():
        for rule in group.rules:
            if rule.source_kind == "referenced_security_group_id":
                groups.add(rule.source.rpartition("/")[2])
            elif rule.source_kind == "prefix_list_id":
                lists.setdefault(rule.source, rule)
    yield from _groups(client, vpc, groups)
    yield from _prefix_lists(client, lists)
    yield from _network_interfaces(
        client, vpc, {one for keys in settings.interfaces.values() for one in keys.get("network_interfaces", ())}
    )


def in_use(where: Connection, deployment: Deployment) -> bool:
    """Whether a group of any deployment is left in the region."""
    client = client_for(where, where.region or deployment.clouds["aws"].values["region"])
    tag = [{"Name": "tag-key", "Values": [DEPLOYMENT_TAG]}]
    with _asking(client, "*", LAG_HEADER, NO_LAG):
        return bool(client.describe_security_groups(Filters=tag)["SecurityGroups"])


def instructions(address: str) -> str:
    """How other programs connect to the lab."""
    variables = " ".join(f"{name}={value}" for name, value in CREDENTIALS.items())
    return f"""\
AWS lab at {address}: EC2, STS and IAM. It accepts any credentials. Its content is lost when it stops.

for the shell, the AWS CLI and boto3 (1.28 or newer), as environment variables:
    export AWS_ENDPOINT_URL={address} AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1 {variables}
    aws ec2 describe-security-groups

for boto3, as arguments:
    boto3.client("ec2", endpoint_url="{address}", region_name="eu-central-1",
                 aws_access_key_id="testing", aws_secret_access_key="testing")

terraform:
    provider "aws" {{
      region                      = "eu-central-1"
      access_key                  = "testing"
      secret_key                  = "testing"
      skip_credentials_validation = true
      skip_metadata_api_check     = true
      skip_region_validation      = true
      endpoints {{
        ec2 = "{address}"
        sts = "{address}"
        iam = "{address}"
      }}
    }}
"""


def _groups(client: Any, vpc: str, desired: set[str]) -> Iterator[str]:
    found = client.describe_security_groups(Filters=[{"Name": "group-id", "Values": sorted(desired)}]) if desired else {}
    for name in sorted(desired - {group["GroupId"] for group in found.get("SecurityGroups", ())}):
        with _asking(client, "CreateSecurityGroup", ID_HEADER, name):
            client.create_security_group(GroupName=f"{_STAND_IN} {name[3:]}", Description="stand-in of the lab", VpcId=vpc)
        yield name


def _prefix_lists(client: Any, desired: Mapping[str, SecurityGroupRule]) -> Iterator[str]:
    """The prefix lists of rules; a rule's `size` is the maximum of entries of its list.

    A list that was created for an earlier file gets the maximum of this one.
    """
    found = client.describe_managed_prefix_lists()["PrefixLists"] if desired else ()
    known = {one["PrefixListId"]: one for one in found}
    for name, rule in sorted(desired.items()):
        if name not in known:
            with _asking(client, "CreateManagedPrefixList", ID_HEADER, name):
                client.create_managed_prefix_list(
                    PrefixListName=f"{_STAND_IN} {name[3:]}",
                    MaxEntries=rule.size,
                    AddressFamily="IPv6" if rule.families == (6,) else "IPv4",
                )
            yield name
        elif known[name]["PrefixListName"].startswith(_STAND_IN) and known[name]["MaxEntries"] != rule.size:
            client.modify_managed_prefix_list(PrefixListId=name, MaxEntries=rule.size)


def _network_interfaces(client: Any, vpc: str, desired: set[str]) -> Iterator[str]:
    filters = [{"Name": "network-interface-id", "Values": sorted(desired)}]
    found = client.describe_network_interfaces(Filters=filters)["NetworkInterfaces"] if desired else ()
    missing = sorted(desired - {one["NetworkInterfaceId"] for one in found})
    if not missing:
        return
    subnets = client.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    subnet = subnets[0] if subnets else client.create_subnet(VpcId=vpc, CidrBlock=SUBNET)["Subnet"]
    for name in missing:
        with _asking(client, "CreateNetworkInterface", ID_HEADER, name):
            client.create_network_interface(SubnetId=subnet["SubnetId"])
        yield name


@contextmanager
def _asking(client: Any, operation: str, header: str, value: str) -> Iterator[None]:
    """Send a header to the lab with the calls of an operation; `*` means all."""

    def ask(request: Any, **_: Any) -> None:
        request.headers[header] = value

    event = "before-sign.ec2" if operation == "*" else f"before-sign.ec2.{operation}"
    client.meta.events.register(event, ask)
    try:
        yield
    finally:
        client.meta.events.unregister(event, ask)
