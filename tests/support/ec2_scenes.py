"""Changes to spoil, each from a state that is there to another: made once, and taken back to its start at will."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.described import permission
from support.killing import time_passes
from support.live_ec2 import ENI, ENI2, GROUP, LIST, VPC, LiveEc2, new_name, text

from esacloud import workflow
from esacloud.change import run, snapshot
from esacloud.change.execute import Applied
from esacloud.change.live import Connection
from esacloud.packets.sets import PacketSet

MANY = [f"10.1.0.{number}" for number in range(1, 20)]
QUOTA = "    quotas: {rules_per_group: 8}\n"
TWO = ", management: [dns, cluster]"
CLUSTER = "mail, dns, cluster"
PLACED = f"    interfaces: {{data1: {{network_interfaces: [{ENI}]}}, management: {{network_interfaces: [{ENI2}]}}}}\n"


def _change(name: str) -> tuple[str, str]:
    old = text(name, ["10.0.0.2", GROUP, "fd00::2"], CLUSTER, attached=[ENI])
    return old, text(name, ["10.0.0.3", f"{{prefix_list: {LIST}, max_entries: 5}}", "fd00::3"], attached=[ENI])


def _two_interfaces(name: str) -> tuple[str, str]:
    return text(name, features=CLUSTER), text(name, ["10.0.0.3"], CLUSTER, more=TWO, aws=PLACED)


# name -> (old file or None, new file or None for destroy), of the deployment's name
SCENES: dict[str, Callable[[str], tuple[str | None, str | None]]] = {
    "fresh": lambda name: (None, text(name, features=CLUSTER, attached=[ENI])),
    "change": _change,
    "no room": lambda name: (text(name, MANY[:3], aws=QUOTA), text(name, MANY[3:6], aws=QUOTA)),
    "second group": lambda name: (
        text(name, MANY[:2], aws=QUOTA, attached=[ENI]),
        text(name, MANY[:13:2], aws=QUOTA, attached=[ENI]),
    ),
    "second group goes": lambda name: (
        text(name, MANY[:13:2], aws=QUOTA, attached=[ENI]),
        text(name, MANY[:2], aws=QUOTA, attached=[ENI]),
    ),
    "two interfaces": _two_interfaces,
    "adopted": lambda name: (None, text(name, aws="    interfaces: {data1: {group: EXISTING}}\n")),
    "released": lambda name: (text(name, aws="    interfaces: {data1: {group: EXISTING}}\n"), None),
    "destroy": lambda name: (text(name, features=CLUSTER, attached=[ENI, ENI2]), None),
    "restore": _change,
    "restore what was destroyed": lambda name: (text(name, features=CLUSTER, attached=[ENI]), None),
    "restore to nothing": lambda name: (None, text(name, features=CLUSTER, attached=[ENI])),
}


# The most usual ones: of these a larger sample of all faults is tried.
MAIN = ("fresh", "change", "no room", "destroy", "restore")


@dataclass
class Scene:
    """One change: `go` makes it, `start` undoes it. `desired` is what is permitted then, `end` all there is."""

    ec2: LiveEc2
    kind: str
    name: str = field(default_factory=new_name)

    def __post_init__(self) -> None:
        ec2 = self.ec2
        ec2.proxy.reset()
        ec2.furnish()
        self.empty = ec2.remember()
        files = SCENES[self.kind](self.name)
        self.old, self.new = (one and one.replace("EXISTING", self._existing_group()) for one in files)
        self.carried = "eni-" in f"{self.old} {self.new}"
        if self.old:
            ec2.apply(self.old, "purge")
        self.path = None
        if self.kind.startswith("restore"):
            self._unmanaged()
            self.path = (ec2.apply(self.new, "purge") if self.new else ec2.destroy(self.old or "")).snapshot
        known = () if self.carried else None  # where the file attaches, what nothing carries is not felt
        self.before, self.picture = ec2.permitted(self.name, known), ec2.picture(self.name)
        self._back = ec2.remember()
        self.go(ec2.faulty)
        self.calls = list(ec2.proxy.calls)
        self.desired: Mapping[str, PacketSet] = ec2.permitted(self.name, known)
        self.end = ec2.picture(self.name)
        self.start()

    def start(self) -> None:
        """Back to before the change, without faults, long after the last run."""
        self._back()
        time_passes(self.ec2.directory, self.name)

    def go(self, client: Any = None) -> Applied:
        """Make the change."""
        if self.path:
            return self.ec2.restore(self.path, client)
        return self.ec2.apply(self.new, "purge", client) if self.new else self.ec2.destroy(self.old or "", client)

    def plan(self, client: Any = None) -> tuple[Any, run.ChangePlan]:
        """The change, not made."""
        if self.path:
            found = snapshot.load(str(self.path))
            live: Any = workflow.connect_to(found, Connection(client=client or self.ec2.client))
            return live, run.plan_restore(live, found)
        if self.new:
            return self.ec2.plan(self.new, "purge", client)
        live = self.ec2.live(self.ec2.deployment(self.old or ""), client)
        return live, run.plan_destroy(live)

    def leave(self) -> None:
        """Nothing of it is left for other tests."""
        self.empty()
        self.ec2.adopted.clear()

    def _existing_group(self) -> str:
        if self.kind not in ("adopted", "released"):
            return ""
        if not self.ec2.adopted:
            made = self.ec2.client.create_security_group(
                GroupName=f"existing {self.name}", Description="existing", VpcId=VPC
            )
            self.ec2.adopted[made["GroupId"]] = "data1"
        return next(iter(self.ec2.adopted))

    def _unmanaged(self) -> None:
        for group in self.ec2.groups(self.name)[:1]:
            there = [permission("tcp/8080", "192.0.2.0/24")]
            self.ec2.client.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=there)
