"""A local Resource Manager, deployments to apply to it, and an independent eye on what its groups permit."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from support import arm as bodies

from esacloud import workflow
from esacloud.azure.inventory.read import read_groups
from esacloud.change import run, snapshot
from esacloud.change.execute import Applied, violations
from esacloud.change.live import Connection, LiveCloud
from esacloud.change.model import ChangePlan, Unmanaged
from esacloud.change.retry import Backoff
from esacloud.deployment.model import Deployment
from esacloud.lab.arm import ArmEmulator
from esacloud.lab.arm.errors import ArmError
from esacloud.lab.arm.faults import FaultKind
from esacloud.lab.arm.lag import Lag
from esacloud.lab.arm.messages import Request, Response
from esacloud.packets.sets import PacketSet

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
NO_WAIT = Backoff(sleep=lambda _: None, jitter=lambda: 0.0)
NETWORK = bodies.path("virtualNetworks", "vnet")
SUBNET, SUBNET2 = f"{NETWORK}/subnets/front", f"{NETWORK}/subnets/back"
NIC, NIC2 = bodies.path("networkInterfaces", "nic-one"), bodies.path("networkInterfaces", "nic-two")
WRITES_ONLY = ("precondition-412", "operation-fails", "operation-canceled", "operation-not-found")
READS_ONLY = ("stale",)
ENDS_THE_RUN = ("operation-fails", "operation-canceled", "forbidden-403")
TRANSIENT = (*(kind for kind in get_args(FaultKind) if kind not in ENDS_THE_RUN), "broken", "garbage", "error-after")
_numbers = itertools.count(1)


def text(
    name: str,
    dns: Iterable[str] = ("10.0.0.2",),
    features: str = "mail, dns",
    interfaces: str = "",
    azure: str = "",
    extra: str = "",
    more: str = "",
) -> str:
    """A deployment file; `more` are other interfaces than data1 with their features, as `, management: [dns]`."""
    placed = f"    interfaces: {interfaces}\n" if interfaces else ""
    return (
        f'name: {name}\nasyncos: "15.5"\ncloud:\n  azure:\n    subscription: {SUBSCRIPTION}\n    resource_group: rg-mail\n'
        f"    location: westeurope\n{placed}{azure}interfaces: {{data1: [{features}]{more}}}\nhostnames: open\n"
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


def rule(name: str = "others", **changes: Any) -> dict[str, Any]:
    """A rule of somebody else's, as the API takes it."""
    made = {"priority": 200, "destinationPortRange": "8080", "sourceAddressPrefix": "192.0.2.0/24"}
    return bodies.rule(name, **{**made, **changes})


class SpoiltEmulator(ArmEmulator):
    """An emulator whose requests about the subscription are numbered from 0, polls included, for faults at each of them.

    `faults`: number -> kind; `choose` says it for the others by number. Beside the emulator's own kinds: `broken` serves
    the request and sends an answer that breaks off, `garbage` one that is no JSON, `error-after` 500. `met`: what was met.
    `before` and `after` are called with the number of each request.
    """

    def spoil(self, faults: Mapping[int, str], choose: Callable[[int], str | None] | None = None) -> None:
        """Count anew from now on, and let these requests meet these faults."""
        self.faults, self.choose = dict(faults), choose
        self.methods: list[str] = []
        self.paths: list[str] = []
        self.met: list[tuple[int, str]] = []
        self.before: Callable[[int], None] | None = None
        self.after: Callable[[int], None] | None = None

    def _serve(self, request: Request) -> Response | None:
        if not request.path.startswith("/subscriptions/"):
            return super()._serve(request)
        number = len(self.methods)
        self.methods.append(request.method)
        self.paths.append(request.path)
        if self.before:
            self.before(number)
        kind = self.faults.get(number) or (self.choose(number) if self.choose else None)
        if kind is not None:
            self.met.append((number, kind))
        if kind in get_args(FaultKind):
            self.fail_next(None, re.escape(request.path), kind)  # type: ignore[arg-type]
        response = super()._serve(request)
        if self.after:
            self.after(number)
        if kind == "error-after":
            return Response(500, ArmError(500, "InternalServerError", "by the test").document())
        if kind == "garbage":
            page = "<html>502 Bad Gateway"
            ends_early = f"1\r\nContent-Length: {len(page)}\r\n\r\n{page}"
            return Response(200, {}, {"Connection": "close", "Content-Type": "application/json", "X-Early": ends_early})
        if kind == "broken" and response is not None:
            return Response(response.status, response.body or {}, {"Transfer-Encoding": "chunked", "Connection": "close"})
        return response

    def keep_the_past(self) -> Callable[[], None]:
        """Give what lets stale reads be answered from what they would be answered from now, whatever is written since."""
        replica = self._application.replica
        past = replica._before_write

        def put_back() -> None:
            replica._before_write = past

        return put_back

    def heed_if_none_match(self, heeds: bool) -> None:
        """Whether a write that asks that there be nothing yet is refused where something is."""
        self._store.ignores_if_none_match = not heeds

    def remember(self) -> Callable[[], None]:
        """Keep the resources as they are at rest, and give what puts them back, faults forgotten and nothing running."""
        store, running = self._store, self._application.operations.running
        with store.lock:
            for operation in tuple(running.values()):
                operation.finish()
            running.clear()
            kept = deepcopy(store.resources)

        def put_back() -> None:
            self.forget_faults()
            self.spoil({})
            with store.lock:
                self._application.operations.running.clear()
                store.resources.clear()
                store.resources.update(deepcopy(kept))
                self._application.replica.fall_behind(self._application.replica.lag)

        return put_back


@dataclass
class LiveAzure:
    """`client` waits no longer than a test can, and `hasty` not even that; `backoff` is how the commands wait."""

    arm: SpoiltEmulator
    client: Any
    directory: Path
    hasty: Any = None
    watchers: list[Any] = field(default_factory=list)
    backoff: Backoff = NO_WAIT

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
        self.arm.spoil({})
        self.arm.fall_behind(Lag())
        self.arm.heed_if_none_match(True)
        self.watchers.clear()
        self.arm.failures.clear()
        self.furnish()
        for kind in ("networkSecurityGroups", "applicationSecurityGroups"):
            for one in self.arm.snapshot():
                if f"/{kind}/" in one:
                    self.send("DELETE", one)

    def others(self, group: str, *rules: dict[str, Any]) -> None:
        """Somebody else adds rules to a group."""
        for one in rules:
            self.send("PUT", f"{group}/securityRules/{one['name']}", one)

    def group(self, name: str, interface: str = "data1") -> str:
        """The id of a deployment's group."""
        return bodies.path("networkSecurityGroups", f"{name}-{interface}")

    def deployment(self, file: str) -> Deployment:
        return workflow.read_deployment("gateway.yaml", file)

    def live(self, deployment: Deployment, client: Any = None) -> LiveCloud:
        return workflow.connect(deployment, "azure", Connection(client=client or self.client, backoff=self.backoff))

    def plan(self, file: str, unmanaged: Unmanaged = "report", client: Any = None) -> tuple[LiveCloud, ChangePlan]:
        deployment = self.deployment(file)
        live = self.live(deployment, client)
        return live, run.plan(live, workflow.lower(deployment, "azure"), unmanaged)

    def carry_out(self, live: LiveCloud, plan: ChangePlan, shown: bool = False) -> Applied:
        return run.apply(live, plan, self.directory, shown=shown, backoff=self.backoff)

    def apply(self, file: str, unmanaged: Unmanaged = "report", client: Any = None) -> Applied:
        return self.carry_out(*self.plan(file, unmanaged, client))

    def destroy(self, file: str, client: Any = None) -> Applied:
        live = self.live(self.deployment(file), client)
        return self.carry_out(live, run.plan_destroy(live))

    def restore(self, path: Path | None, client: Any = None) -> Applied:
        found = snapshot.load(str(path))
        live = workflow.connect_to(found, Connection(client=client or self.client, backoff=self.backoff))
        return self.carry_out(live, run.plan_restore(live, found))

    def snapshots(self, name: str) -> list[Path]:
        """The snapshots of a deployment, the oldest first."""
        return sorted(self.directory.glob(f"snapshots/{name}-azure-*.json"))

    def picture(self) -> dict[str, Any]:
        """All there is, but for what the platform alone sets: ETags, GUIDs, how a change stands."""
        return {name: _plain(document) for name, document in self.arm.snapshot().items()}

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
            actual = read_groups(one)
            assert actual is not None
            (group,) = actual.groups
            assert not group.unknown
            members = f"application_security_group:{one['name']}-members"
            boxes = [box for rule in group.rules for box in rule.boxes]
            permitted[str(group.interface)] = PacketSet.of(
                box._replace(address_space="self") if box.address_space == members else box for box in boxes
            )
        return permitted

    @contextmanager
    def invariant(self, name: str, new: Mapping[str, PacketSet], beside: PacketSet | None = None) -> Iterator[None]:
        """Check the safety invariant after every change of the emulator's state while the block runs.

        `beside` is what somebody else opens and closes meanwhile, for which nobody here answers.
        """
        known = [one["id"] for one in self.groups(name)]
        old = self.permitted(name)
        checks = 0

        def watch(snapshot: Mapping[str, Any]) -> None:
            nonlocal checks
            checks += 1
            found = violations(old, new, self.permitted(name, snapshot, known))
            left_out = beside or PacketSet()
            assert not [one for one in found if one.too_open - left_out or one.too_closed - left_out], found

        self.watchers.append(watch)
        try:
            yield
        finally:
            self.watchers.remove(watch)
        failures, self.arm.failures[:] = list(self.arm.failures), []
        assert not failures, failures[0]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = ("etag", "resourceGuid", "provisioningState")
        return {key: _plain(item) for key, item in value.items() if key not in left_out and (key, item) != ("tags", {})}
    if isinstance(value, list):
        return sorted((_plain(item) for item in value), key=repr)
    return value


def _users(group: Mapping[str, Any]) -> bool:
    return bool(group["properties"].get("subnets") or group["properties"].get("networkInterfaces"))


@contextmanager
def live_azure(directory: Path) -> Iterator[LiveAzure]:
    """A local Resource Manager that lives as long as the block."""
    emulator = SpoiltEmulator(resource_groups={"rg-mail": "westeurope"}, polls=1)
    emulator.spoil({})
    with (
        emulator as arm,
        arm.client(read_timeout=1, connection_timeout=5) as client,
        arm.client(read_timeout=0.15, connection_timeout=5) as hasty,
    ):
        azure = LiveAzure(arm, client, directory, hasty)

        def listen(snapshot: Mapping[str, Any]) -> None:
            for watcher in azure.watchers:
                watcher(snapshot)

        arm.listen(listen)
        azure.furnish()
        yield azure
