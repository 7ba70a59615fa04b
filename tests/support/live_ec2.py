"""A local EC2 behind a proxy, deployments to apply to it, and an independent eye on what its groups permit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.faulty_proxy import FaultyProxy, faulty_proxy

from esacloud import workflow
from esacloud.aws.describe import read as read_described
from esacloud.change import run
from esacloud.change.execute import Applied
from esacloud.change.law import breaches
from esacloud.deployment.model import Deployment
from esacloud.lab.ec2 import ec2_server
from esacloud.lab.ec2_lab import furnish
from esacloud.live.cloud import Connection, LiveCloud
from esacloud.live.model import ChangePlan, Foreign
from esacloud.live.retry import Backoff
from esacloud.packets import PacketSet

REGION, VPC, ENI, ENI2 = "eu-central-1", "vpc-0a1b2c3d4e5f60718", "eni-0123456789abcdef0", "eni-0123456789abcdef1"
GROUP, LIST = "sg-0123456789abcdef0", "pl-0123456789abcdef0"
NO_WAIT = Backoff(sleep=lambda _: None, jitter=lambda: 0.0)
_numbers = itertools.count(1)


def text(
    name: str,
    dns: Iterable[str] = ("10.0.0.2",),
    features: str = "mail, dns",
    attached: Iterable[str] = (),
    extra: str = "",
    aws: str = "",
) -> str:
    """A deployment file."""
    carriers = f"    interfaces: {{data1: {{network_interfaces: [{', '.join(attached)}]}}}}\n" if attached else ""
    return (
        f'name: {name}\nasyncos: "15.5"\ncloud:\n  aws:\n    region: {REGION}\n    vpc: {VPC}\n{carriers}{aws}'
        f"interfaces: {{data1: [{features}]}}\nhostnames: open\n"
        f"peers: {{mail-senders: [any], mail-receivers: [any], dns-servers: [{', '.join(dns)}], "
        f"cluster-members: [self]}}\n{extra}"
    )


def new_name() -> str:
    """A deployment's name that no other test has."""
    return f"gateway-{next(_numbers)}"


@dataclass
class LiveEc2:
    """`client` goes straight to the server; `faulty` goes through the proxy and does not wait long."""

    url: str
    proxy: FaultyProxy
    client: Any
    faulty: Any
    directory: Path
    furnished: bool = False

    def deployment(self, file: str) -> Deployment:
        return workflow.read_deployment("gateway.yaml", file)

    def furnish(self) -> None:
        if not self.furnished:  # what these deployments name is always the same
            everything = text("furnishing", [GROUP, f"{{prefix_list: {LIST}, max_entries: 5}}"], attached=[ENI, ENI2])
            deployment = workflow.read_deployment("furnishing.yaml", everything)
            furnish(Connection(client=self.client), deployment, workflow.lower(deployment, "aws"))
            self.furnished = True

    def live(self, deployment: Deployment, client: Any = None) -> LiveCloud:
        connection = Connection(client=client or self.client, backoff=NO_WAIT)
        return run.connect(deployment, "aws", connection)

    def plan(self, file: str, foreign: Foreign = "report", client: Any = None) -> tuple[LiveCloud, ChangePlan]:
        deployment = self.deployment(file)
        lowered = workflow.lower(deployment, "aws")
        self.furnish()
        live = self.live(deployment, client)
        return live, run.plan(live, lowered, foreign)

    def carry_out(self, live: LiveCloud, plan: ChangePlan, shown: bool = False) -> Applied:
        return run.apply(live, plan, self.directory, shown=shown, backoff=NO_WAIT)

    def apply(self, file: str, foreign: Foreign = "report", client: Any = None) -> Applied:
        return self.carry_out(*self.plan(file, foreign, client))

    def destroy(self, file: str, client: Any = None) -> Applied:
        live = self.live(self.deployment(file), client)
        return self.carry_out(live, run.plan_destroy(live))

    def groups(self, name: str) -> list[dict[str, Any]]:
        """The groups of a deployment as EC2 describes them."""
        tag = {"Name": "tag:esacloud:deployment", "Values": [name]}
        found: list[dict[str, Any]] = self.client.describe_security_groups(Filters=[tag])["SecurityGroups"]
        return sorted(found, key=lambda group: str(group["GroupName"]))

    def permitted(self, name: str, known: Iterable[str] | None = None) -> dict[str, PacketSet]:
        """What a deployment's groups permit, through the audit's reader; with `known`, of those and of what is attached."""
        found = self.groups(name)
        if known is not None:
            carriers = self.client.describe_network_interfaces()["NetworkInterfaces"]
            carried = {group["GroupId"] for one in carriers for group in one["Groups"]}
            found = [group for group in found if group["GroupId"] in {*known, *carried}]
        actual = read_described({"SecurityGroups": found})
        assert actual is not None
        assert not [group.unknown for group in actual.groups if group.unknown]
        boxes: dict[str, list[Any]] = {}
        for group in actual.groups:
            assert group.interface is not None
            boxes.setdefault(group.interface, []).extend(box for rule in group.rules for box in rule.boxes)
        return {interface: PacketSet.of(of_it) for interface, of_it in boxes.items()}

    @contextmanager
    def law(self, name: str, new: Mapping[str, PacketSet]) -> Iterator[None]:
        """Check the law after every call through the proxy while the block runs."""
        known = {group["GroupId"] for group in self.groups(name)}
        old = self.permitted(name)

        def watch() -> None:
            assert not breaches(old, new, self.permitted(name, known))

        self.proxy.watch = watch
        try:
            yield
        finally:
            self.proxy.watch = None
        assert not self.proxy.broken_laws
        watch()


@contextmanager
def live_ec2(directory: Path) -> Iterator[LiveEc2]:
    """A local EC2 that lives as long as the block."""
    import boto3
    from botocore.config import Config

    def client(url: str, patience: float) -> Any:
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=patience)
        account = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client("ec2", endpoint_url=url, region_name=REGION, config=config, **account)

    with ec2_server() as url, faulty_proxy(url) as proxy:
        yield LiveEc2(url, proxy, client(url, 60), client(proxy.url, 0.25), directory)
