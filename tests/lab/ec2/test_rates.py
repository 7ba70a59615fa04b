"""The AWS lab counts requests as EC2 does, where it is asked to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from support.ec2_server import REGION, LocalEc2, local_ec2

from esacloud.aws.live.rates import published
from esacloud.change.pace import Rate
from esacloud.lab.ec2.application import CREDENTIALS
from esacloud.lab.ec2.rates import Buckets


class Clock:
    """Seconds that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def served(buckets: Buckets, action: str, most: int = 1000) -> int:
    """How many requests are served until one is refused."""
    return next(number for number in range(most) if buckets.over(action))


def test_each_action_has_the_bucket_that_ec2_publishes() -> None:
    clock = Clock()
    buckets = Buckets(clock=clock)
    for action in ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "CreateTags", "DescribeSecurityGroups"):
        assert served(buckets, action) == published(action).burst
    clock.now += 2
    assert served(buckets, "AuthorizeSecurityGroupIngress") == 10
    clock.now += 1000
    assert served(buckets, "AuthorizeSecurityGroupIngress") == 50
    assert buckets.refused == 6


def test_one_bucket_may_serve_everything_that_changes() -> None:
    buckets = Buckets(shared=Rate(5, 1), clock=Clock())
    assert served(buckets, "CreateSecurityGroup") == 5
    assert buckets.over("ModifyNetworkInterfaceAttribute")
    assert not buckets.over("DescribeSecurityGroups")


def test_actions_without_a_rate_are_not_counted() -> None:
    buckets = Buckets(lambda _: None)
    assert not any(buckets.over("CreateSecurityGroup") for _ in range(1000))


def tries(ec2: LocalEc2, count: int) -> list[str]:
    """What so many clients at once are told, each without a second try."""
    import boto3
    from botocore.config import Config

    account = {key.lower(): value for key, value in CREDENTIALS.items()}
    once = Config(retries={"total_max_attempts": 1})

    def one(number: int) -> str:
        client = boto3.session.Session().client("ec2", endpoint_url=ec2.url, region_name=REGION, config=once, **account)
        try:
            client.create_security_group(GroupName=f"rates {number}", Description="test", VpcId=ec2.vpc)
        except client.exceptions.ClientError as error:
            return f"{error.response['ResponseMetadata']['HTTPStatusCode']} {error.response['Error']['Code']}"
        return "made"

    with ThreadPoolExecutor(4) as pool:
        return sorted(pool.map(one, range(count)))


def test_the_server_refuses_what_is_over_and_does_nothing_of_it() -> None:
    buckets = Buckets(lambda action: Rate(3, 0) if action == "CreateSecurityGroup" else None)
    with local_ec2(rates=buckets) as ec2:
        assert tries(ec2, 5) == ["503 RequestLimitExceeded"] * 2 + ["made"] * 3
        filters = [{"Name": "group-name", "Values": ["rates *"]}, {"Name": "vpc-id", "Values": [ec2.vpc]}]
        assert len(ec2.client.describe_security_groups(Filters=filters)["SecurityGroups"]) == 3
    assert buckets.refused == 2


def test_without_rates_nothing_is_refused() -> None:
    with local_ec2() as ec2:
        for _ in range(120):
            ec2.client.describe_vpcs()
