"""A local EC2 behind a proxy, deployments to apply to it, and an independent eye on what its groups permit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from support.faulty_proxy import FaultyProxy, faulty_proxy

from esacloud import workflow
from esacloud.aws.inventory.describe import read as read_described
from esacloud.change import run, snapshot
from esacloud.change.execute import Applied, violations
from esacloud.change.live import Connection, LiveCloud
from esacloud.change.model import ChangePlan, Unmanaged
from esacloud.change.retry import Backoff
from esacloud.deployment.model import Deployment
from esacloud.lab.ec2.application import ec2_server
from esacloud.lab.ec2.lab import furnish
from esacloud.packets.sets import PacketSet

REGION, VPC, ENI, ENI2 = "eu-central-1", "vpc-0a1b2c3d4e5f60718", "eni-0123456789abcdef0", "eni-0123456789abcdef1"
ACCOUNT = "123456789012"  # moto's
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
    more: str = "",
) -> str:
    """A deployment file; `more` are other interfaces than data1 with their features, as `, management: [dns]`."""
    attachments = f"    interfaces: {{data1: {{network_interfaces: [{', '.join(attached)}]}}}}\n" if attached else ""
    return (
        f'name: {name}\nasyncos: "15.5"\ncloud:\n  aws:\n    region: {REGION}\n    vpc: {VPC}\n{attachments}{aws}'
        f"interfaces: {{data1: [{features}]{more}}}\nhostnames: open\n"
        f"peers: {{mail-senders: [any], mail-receivers: [any], dns-servers: [{', '.join(dns)}], "
        f"cluster-members: [self]}}\n{extra}"
    )


def new_name() -> str:
    """A deployment's name that no other test has."""
    return f"gateway-{next(_numbers)}"


@dataclass
class LiveEc2:
    """`client` goes straight to the server; `faulty` and `hasty` go through the proxy and do not wait long.

    `adopted`: ids of groups that a deployment's file names -> the interface, seen before they have tags.
    """

    url: str
    proxy: FaultyProxy
    client: Any
    faulty: Any
    hasty: Any
    directory: Path
    furnished: bool = False
    adopted: dict[str, str] = field(default_factory=dict)

    def deployment(self, file: str) -> Deployment:
        return workflow.read_deployment("gateway.yaml", file)

    def furnish(self) -> None:
        if not self.furnished:  # what these deployments name is always the same
            everything = text("furnishing", [GROUP, f"{{prefix_list: {LIST}, max_entries: 5}}"], attached=[ENI, ENI2])
            deployment = workflow.read_deployment("furnishing.yaml", everything)
            furnish(Connection(client=self.client), deployment, workflow.lower(deployment, "aws"))
            _empty_default_groups()
            self.furnished = True

    def live(self, deployment: Deployment, client: Any = None) -> LiveCloud:
        connection = Connection(client=client or self.client, backoff=NO_WAIT)
        return workflow.connect(deployment, "aws", connection)

    def plan(self, file: str, unmanaged: Unmanaged = "report", client: Any = None) -> tuple[LiveCloud, ChangePlan]:
        deployment = self.deployment(file)
        lowered = workflow.lower(deployment, "aws")
        self.furnish()
        live = self.live(deployment, client)
        return live, run.plan(live, lowered, unmanaged)

    def carry_out(self, live: LiveCloud, plan: ChangePlan, shown: bool = False) -> Applied:
        return run.apply(live, plan, self.directory, shown=shown, backoff=NO_WAIT)

    def apply(self, file: str, unmanaged: Unmanaged = "report", client: Any = None) -> Applied:
        return self.carry_out(*self.plan(file, unmanaged, client))

    def destroy(self, file: str, client: Any = None) -> Applied:
        self.furnish()
        live = self.live(self.deployment(file), client)
        return self.carry_out(live, run.plan_destroy(live))

    def restore(self, path: Path | str | None, client: Any = None) -> Applied:
        found = snapshot.load(str(path))
        live = workflow.connect_to(found, Connection(client=client or self.client, backoff=NO_WAIT))
        return self.carry_out(live, run.plan_restore(live, found))

    def snapshots(self, name: str) -> list[Path]:
        """The snapshots of a deployment, the oldest first."""
        return sorted(self.directory.glob(f"snapshots/{name}-aws-*.json"))

    def groups(self, name: str) -> list[dict[str, Any]]:
        """The groups of a deployment as EC2 describes them."""
        tag = {"Name": "tag:esacloud:deployment", "Values": [name]}
        found: list[dict[str, Any]] = self.client.describe_security_groups(Filters=[tag])["SecurityGroups"]
        return sorted(found, key=lambda group: str(group["GroupName"]))

    def state(self, name: str) -> list[dict[str, Any]]:
        """The same without a call: read from the server's own memory, one permission a rule, with what carries the group.

        An adopted group is among them before it has tags, with those of its interface.
        """
        backend = _backend()
        carried: dict[str, list[str]] = {}
        for one in backend.enis.values():
            for group in one.group_set:
                carried.setdefault(group.id, []).append(one.id)
        found = []
        for group in [group for of_it in backend.groups.values() for group in of_it.values()]:
            tags = dict(backend.tags.get(group.id, {}))
            over = self.adopted.get(group.id)
            if "esacloud:lock" in tags:  # nothing ever carries it
                continue
            if tags.get("esacloud:deployment") == name or over:
                tags = {"esacloud:interface": str(over), **tags} if over else tags
                found.append(
                    {
                        "GroupId": group.id,
                        "GroupName": group.name,
                        "Description": group.description,
                        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                        "IpPermissions": list(map(_permission, group.ingress_rules)),
                        "IpPermissionsEgress": list(map(_permission, group.egress_rules)),
                        "Attachments": sorted(carried.get(group.id, ())),
                    }
                )
        return sorted(found, key=lambda group: str(group["GroupName"]))

    def picture(self, name: str) -> dict[str, Any]:
        """All there is of a deployment, ids of its groups apart: descriptions, tags, rules, and what carries them."""
        found = self.state(name)
        names = {group["GroupId"]: group["GroupName"] for group in found}

        def rules(permissions: list[dict[str, Any]]) -> list[str]:
            shown = repr(sorted(map(repr, permissions)))
            for group, its_name in names.items():
                shown = shown.replace(group, its_name)
            return sorted(shown.split(", {'IpProtocol"))

        return {
            group["GroupName"]: (
                group["Description"],
                {tag["Key"]: tag["Value"] for tag in group["Tags"]},
                rules(group["IpPermissions"]),
                rules(group["IpPermissionsEgress"]),
                group["Attachments"],
            )
            for group in found
        }

    def permitted(self, name: str, known: Iterable[str] | None = None) -> dict[str, PacketSet]:
        """What a deployment's groups permit, through the audit's reader; with `known`, of those and of what is attached."""
        found = self.state(name)
        if known is not None:
            found = [group for group in found if group["GroupId"] in known or group["Attachments"]]
        actual = read_described({"SecurityGroups": found})
        assert actual is not None
        assert not [group.unknown for group in actual.groups if group.unknown]
        boxes: dict[str, list[Any]] = {}
        own = {
            (f"security_group:{group['GroupId']}", tag["Value"])  # what a further group calls the first of its interface
            for group in found
            for tag in group["Tags"]
            if tag["Key"] == "esacloud:interface"
        }
        for group in actual.groups:
            assert group.interface is not None
            boxes.setdefault(group.interface, []).extend(
                box._replace(address_space="self") if (box.address_space, group.interface) in own else box
                for rule in group.rules
                for box in rule.boxes
            )
        return {interface: PacketSet.of(of_it) for interface, of_it in boxes.items()}

    @contextmanager
    def invariant(
        self,
        name: str,
        new: Mapping[str, PacketSet],
        *,
        opened: PacketSet | None = None,
        closed: PacketSet | None = None,
        carried: bool = False,
    ) -> Iterator[None]:
        """Check the safety invariant after every call through the proxy while the block runs.

        `carried` counts only groups that a network interface carries; without it one that was there at first counts always.
        `opened` and `closed` are what somebody else does meanwhile at any interface, for which nobody here answers.
        """
        known = set() if carried else {group["GroupId"] for group in self.state(name)}
        old, nothing = self.permitted(name, known), PacketSet()

        def watch() -> None:
            found = violations(old, new, self.permitted(name, known))
            assert not [
                violation
                for violation in found
                if violation.too_open - (opened or nothing) or violation.too_closed - (closed or nothing)
            ], found

        with self._watched(watch):
            yield
        watch()

    @contextmanager
    def _watched(self, watch: Callable[[], None]) -> Iterator[None]:
        """Call `watch` after every call through the proxy while the block runs; what it asserts is raised at the end."""
        self.proxy.watch = watch
        try:
            yield
        finally:
            self.proxy.watch = None
        assert not self.proxy.violations, "\n".join(self.proxy.violations)

    def passes(self) -> dict[str, PacketSet]:
        """What each network interface permits: all groups on it together, from the server's own memory."""
        backend = _backend()
        found = {}
        for one in backend.enis.values():
            groups = [
                {
                    "GroupId": group.id,
                    "GroupName": group.name,
                    "IpPermissions": list(map(_permission, group.ingress_rules)),
                    "IpPermissionsEgress": list(map(_permission, group.egress_rules)),
                }
                for group in one.group_set
            ]
            actual = read_described({"SecurityGroups": groups})
            boxes = (box for group in (actual.groups if actual else ()) for rule in group.rules for box in rule.boxes)
            found[str(one.id)] = PacketSet.of(boxes)
        return found

    @contextmanager
    def keeps_every_interface(self, new: Mapping[str, PacketSet]) -> Iterator[None]:
        """Check the safety invariant at every network interface after every call through the proxy while the block runs."""
        old = self.passes()

        def watch() -> None:
            found = violations(old, new, self.passes())
            assert not found, found

        with self._watched(watch):
            yield

    def carry(self, name: str, *groups: str) -> None:
        """Somebody adds groups to a network interface by hand."""
        every = list(dict.fromkeys((*self.carried(name), *groups)))
        self.client.modify_network_interface_attribute(NetworkInterfaceId=name, Groups=every)

    def carried(self, name: str) -> list[str]:
        """The ids of the groups on a network interface."""
        (found,) = self.client.describe_network_interfaces(NetworkInterfaceIds=[name])["NetworkInterfaces"]
        return [group["GroupId"] for group in found["Groups"]]

    def remember(self) -> Callable[[], None]:
        """Keep the groups, their tags and what carries them, and give what puts all that back, without faults."""
        backend = _backend()
        groups = [
            (vpc, group, deepcopy(group.ingress_rules), deepcopy(group.egress_rules))
            for vpc, of_it in backend.groups.items()
            for group in of_it.values()
        ]
        tags = deepcopy(dict(backend.tags))
        carried = {name: list(one._group_set) for name, one in backend.enis.items()}

        def put_back() -> None:
            self.proxy.reset()
            with self.proxy.lock:
                for of_it in backend.groups.values():
                    of_it.clear()
                for vpc, group, ingress, egress in groups:
                    group.ingress_rules, group.egress_rules = deepcopy(ingress), deepcopy(egress)
                    backend.groups[vpc][group.id] = group
                backend.tags.clear()
                backend.tags.update(deepcopy(tags))
                for name, one in backend.enis.items():
                    one._group_set = list(carried[name])

        return put_back


def _backend() -> Any:
    from moto.backends import get_backend

    return get_backend("ec2")[ACCOUNT][REGION]


def _empty_default_groups() -> None:
    """Take the rules out of the default groups, which every network interface of the lab carries.

    They permit all egress, so that `LiveEc2.passes` would be the same whatever other groups permit.
    """
    for groups in _backend().groups.values():
        for group in groups.values():
            if group.name == "default":
                group.ingress_rules, group.egress_rules = [], []


def _permission(rule: Any) -> dict[str, Any]:
    """A rule of moto's as EC2 describes one."""
    made: dict[str, Any] = {"IpProtocol": rule.ip_protocol}
    if rule.from_port is not None:
        made |= {"FromPort": rule.from_port, "ToPort": rule.to_port}
    described = {"Description": rule.description} if rule.description else {}
    for key, kind in (("CidrIp", "IpRanges"), ("CidrIpv6", "Ipv6Ranges")):
        if key in rule.ip_range:
            made[kind] = [{key: rule.ip_range[key], **described}]
    if rule.prefix_list_id:
        made["PrefixListIds"] = [{"PrefixListId": str(rule.prefix_list_id), **described}]
    if rule.source_group:
        made["UserIdGroupPairs"] = [{"GroupId": rule.source_group["GroupId"], **described}]
    return made


def _look_up_modules_once() -> None:
    """moto looks at the disk for its modules at each request, which takes longer than the request."""
    from moto import backends

    if not isinstance(backends.list_of_moto_modules, partial):
        backends.list_of_moto_modules = partial(tuple, tuple(backends.list_of_moto_modules()))


@contextmanager
def live_ec2(directory: Path) -> Iterator[LiveEc2]:
    """A local EC2 that lives as long as the block."""
    import boto3
    from botocore.config import Config

    def client(url: str, patience: float) -> Any:
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=patience)
        account = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client("ec2", endpoint_url=url, region_name=REGION, config=config, **account)

    _look_up_modules_once()
    with ec2_server() as url, faulty_proxy() as proxy:
        yield LiveEc2(url, proxy, client(url, 60), client(proxy.url, 0.8), client(proxy.url, 0.1), directory)
