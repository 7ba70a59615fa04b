"""A local Resource Manager, deployments to apply to it, and an independent eye on what its groups permit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import arm as bodies

from esacloud import workflow
from esacloud.azure import show
from esacloud.change import run
from esacloud.change.execute import Applied
from esacloud.change.law import breaches
from esacloud.deployment.model import Deployment
from esacloud.lab.arm import ArmEmulator
from esacloud.live.cloud import Connection, LiveCloud
from esacloud.live.model import ChangePlan, Foreign
from esacloud.live.retry import Backoff
from esacloud.packets import PacketSet

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
NO_WAIT = Backoff(sleep=lambda _: None, jitter=lambda: 0.0)
NETWORK = bodies.path("virtualNetworks", "vnet")
SUBNET, SUBNET2 = f"{NETWORK}/subnets/front", f"{NETWORK}/subnets/back"
NIC, NIC2 = bodies.path("networkInterfaces", "nic-one"), bodies.path("networkInterfaces", "nic-two")
_numbers = itertools.count(1)


def text(
    name: str,
    dns: Iterable[str] = ("10.0.0.2",),
    features: str = "mail, dns",
    interfaces: str = "",
    azure: str = "",
    extra: str = "",
) -> str:
    """A deployment file."""
    placed = f"    interfaces: {interfaces}\n" if interfaces else ""
    return (
        f'name: {name}\nasyncos: "15.5"\ncloud:\n  azure:\n    subscription: {SUBSCRIPTION}\n    resource_group: rg-mail\n'
        f"    location: westeurope\n{placed}{azure}interfaces: {{data1: [{features}]}}\nhostnames: open\n"
        f"peers: {{mail-senders: [any], mail-receivers: [any], dns-servers: [{', '.join(dns)}], cluster-members: [self]}}\n"
        f"{extra}"
    )


def new_name() -> str:
    """A deployment's name that no other test has."""
    return f"gateway-{next(_numbers)}"


def attach(*ids: str) -> str:
    """What the file says under `cloud.azure.interfaces` to attach data1 to network interfaces and subnets."""
    nics, subnets = ([one for one in ids if ("/subnets/" in one) == inside] for inside in (False, True))
    return f"{{data1: {{network_interfaces: [{', '.join(nics)}], subnets: [{', '.join(subnets)}]}}}}"


def rule(name: str = "theirs", **changes: Any) -> dict[str, Any]:
    """A rule of somebody else's, as the API takes it."""
    made = {"priority": 200, "destinationPortRange": "8080", "sourceAddressPrefix": "192.0.2.0/24"}
    return bodies.rule(name, **{**made, **changes})


@dataclass
class LiveAzure:
    """`client` waits no longer than a test can."""

    arm: ArmEmulator
    client: Any
    directory: Path
    watchers: list[Any] = field(default_factory=list)

    def furnish(self) -> None:
        """A network with two subnets, and a network interface in each."""
        self.send("PUT", NETWORK, bodies.network(front=None, back=None))
        self.send("PUT", NIC, bodies.interface(SUBNET))
        self.send("PUT", NIC2, bodies.interface(SUBNET2))

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """What somebody else does, and that it works."""
        answer = self.arm.send(method, path, body)
        assert answer.status < 300, answer
        return answer.body

    def clean(self) -> None:
        """Nothing left of earlier tests: no faults, no watchers, no groups."""
        self.arm.forget_faults()
        self.watchers.clear()
        self.arm.failures.clear()
        self.furnish()
        for kind in ("networkSecurityGroups", "applicationSecurityGroups"):
            for one in self.arm.snapshot():
                if f"/{kind}/" in one:
                    self.send("DELETE", one)

    def theirs(self, group: str, *rules: dict[str, Any]) -> None:
        """Somebody else adds rules to a group."""
        for one in rules:
            self.send("PUT", f"{group}/securityRules/{one['name']}", one)

    def group(self, name: str, interface: str = "data1") -> str:
        """The id of a deployment's group."""
        return bodies.path("networkSecurityGroups", f"{name}-{interface}")

    def deployment(self, file: str) -> Deployment:
        return workflow.read_deployment("gateway.yaml", file)

    def live(self, deployment: Deployment) -> LiveCloud:
        return run.connect(deployment, "azure", Connection(client=self.client, backoff=NO_WAIT))

    def plan(self, file: str, foreign: Foreign = "report") -> tuple[LiveCloud, ChangePlan]:
        deployment = self.deployment(file)
        live = self.live(deployment)
        return live, run.plan(live, workflow.lower(deployment, "azure"), foreign)

    def carry_out(self, live: LiveCloud, plan: ChangePlan, shown: bool = False) -> Applied:
        return run.apply(live, plan, self.directory, shown=shown, backoff=NO_WAIT)

    def apply(self, file: str, foreign: Foreign = "report") -> Applied:
        return self.carry_out(*self.plan(file, foreign))

    def destroy(self, file: str) -> Applied:
        live = self.live(self.deployment(file))
        return self.carry_out(live, run.plan_destroy(live))

    def restore(self, path: Path | None) -> Applied:
        from esacloud.change import snapshot

        found = snapshot.load(str(path))
        live = run.connect_to(found, Connection(client=self.client, backoff=NO_WAIT))
        return self.carry_out(live, run.plan_restore(live, found))

    def document(self, path: str) -> dict[str, Any] | None:
        """A resource as it is, or None."""
        return {one.lower(): document for one, document in self.arm.snapshot().items()}.get(path.lower())

    def groups(self, name: str, snapshot: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The network security groups of a deployment as the API shows them."""
        shown = self.arm.snapshot() if snapshot is None else snapshot
        return [
            one
            for one in shown.values()
            if one["type"] == "Microsoft.Network/networkSecurityGroups"
            and (one.get("tags") or {}).get("esacloud:deployment") == name
        ]

    def permitted(
        self, name: str, snapshot: Mapping[str, Any] | None = None, known: Iterable[str] | None = None
    ) -> dict[str, PacketSet]:
        """What a deployment's groups permit, through the audit's reader; with `known`, of those and of what is attached."""
        found = self.groups(name, snapshot)
        if known is not None:
            found = [one for one in found if one["id"] in set(known) or _users(one)]
        permitted = {}
        for one in found:
            actual = show.read(one)
            assert actual is not None
            (group,) = actual.groups
            assert not group.unknown
            members = f"application_security_group:{one['name']}-members"
            boxes = [box for rule in group.rules for box in rule.boxes]
            permitted[str(group.interface)] = PacketSet.of(
                box._replace(realm="self") if box.realm == members else box for box in boxes
            )
        return permitted

    @contextmanager
    def law(self, name: str, new: Mapping[str, PacketSet]) -> Iterator[None]:
        """Check the law after every change of the emulator's state while the block runs."""
        known = [one["id"] for one in self.groups(name)]
        old = self.permitted(name)
        checks = 0

        def watch(snapshot: Mapping[str, Any]) -> None:
            nonlocal checks
            checks += 1
            found = breaches(old, new, self.permitted(name, snapshot, known))
            assert not found, found

        self.watchers.append(watch)
        try:
            yield
        finally:
            self.watchers.remove(watch)
        failures, self.arm.failures[:] = list(self.arm.failures), []
        assert not failures, failures[0]


def _users(group: Mapping[str, Any]) -> bool:
    return bool(group["properties"].get("subnets") or group["properties"].get("networkInterfaces"))


@contextmanager
def live_azure(directory: Path) -> Iterator[LiveAzure]:
    """A local Resource Manager that lives as long as the block."""
    emulator = ArmEmulator(resource_groups={"rg-mail": "westeurope"}, polls=1)
    with emulator as arm, arm.client(read_timeout=0.4, connection_timeout=5) as client:
        azure = LiveAzure(arm, client, directory)

        def listen(snapshot: Mapping[str, Any]) -> None:
            for watcher in azure.watchers:
                watcher(snapshot)

        arm.listen(listen)
        azure.furnish()
        yield azure
