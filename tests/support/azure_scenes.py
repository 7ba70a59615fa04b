"""Changes to spoil, each from a state that is there to another: made once, and taken back to its start at will."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from support import arm as bodies
from support.killing import time_passes
from support.live_azure import NIC, NIC2, SUBNET, SUBNET2, LiveAzure, attach, new_name, rule, text

from esacloud.change.execute import Applied
from esacloud.packets.sets import PacketSet

CLUSTER, ONE = "mail, dns, cluster", attach(NIC)
MORE = ", management: [dns, cluster]"
PLACED = f"{{data1: {{network_interfaces: [{NIC}]}}, management: {{network_interfaces: [{NIC2}], subnets: [{SUBNET2}]}}}}"
OVER = f"{{data1: {{group: others, network_interfaces: [{NIC}]}}}}"


def _change(name: str) -> tuple[str, str]:
    old = text(name, ["10.0.0.2", "fd00::2", "{application_security_group: asg-one}"], CLUSTER, ONE)
    return old, text(name, ["10.0.0.3", "fd00::3", "{service_tag: AzureMonitor}"], "mail, dns", attach(NIC, SUBNET2))


# name -> (old file or None, new file or None for destroy), of the deployment's name
SCENES: dict[str, Callable[[str], tuple[str | None, str | None]]] = {
    "fresh": lambda name: (None, text(name, features=CLUSTER, interfaces=attach(NIC, SUBNET2))),
    "change": _change,
    "two interfaces": lambda name: (
        text(name, features=CLUSTER, interfaces=ONE),
        text(name, ["10.0.0.3"], CLUSTER, PLACED, more=MORE),
    ),
    "adopted": lambda name: (None, text(name, features="mail, dns", interfaces=OVER)),
    "given back": lambda name: (text(name, features="mail, dns", interfaces=OVER), None),
    "destroy": lambda name: (text(name, features=CLUSTER, interfaces=attach(NIC, SUBNET)), None),
    "restore": _change,
    "restore what was destroyed": lambda name: (text(name, features=CLUSTER, interfaces=ONE), None),
    "restore to nothing": lambda name: (None, text(name, features=CLUSTER, interfaces=ONE)),
}
# Those that the issue names; in CI more of their cases are tried.
MAIN = ("fresh", "change", "destroy", "restore")


@dataclass
class Scene:
    """One change: `go` makes it, `start` undoes it. `desired` is what is permitted then, `end` all there is."""

    azure: LiveAzure
    kind: str
    name: str = field(default_factory=new_name)

    def __post_init__(self) -> None:
        azure = self.azure
        azure.clean()
        azure.send("PUT", bodies.path("applicationSecurityGroups", "asg-one"), {"location": "westeurope"})
        azure.send("PUT", bodies.path("networkSecurityGroups", "others"), bodies.nsg(rule("old", priority=300)))
        self.old, self.new = SCENES[self.kind](self.name)
        if self.old:
            azure.apply(self.old, "purge")
        self.path = None
        if self.kind.startswith("restore"):
            if self.old:
                azure.others(azure.group(self.name), rule())
            self.path = (azure.apply(self.new, "purge") if self.new else azure.destroy(self.old or "")).snapshot
        self.before, self.picture = azure.permitted(self.name), azure.picture()
        self._back = azure.arm.remember()
        self.start()
        self.go()
        self.methods = list(azure.arm.methods)
        self.desired: Mapping[str, PacketSet] = azure.permitted(self.name)
        self.end = azure.picture()
        self.start()

    def start(self) -> None:
        """Back to before the change, without faults, long after the last run."""
        self._back()
        time_passes(self.azure.directory, self.name)

    def go(self, client: Any = None) -> Applied:
        """Make the change."""
        if self.path:
            return self.azure.restore(self.path, client)
        return self.azure.apply(self.new, "purge", client) if self.new else self.azure.destroy(self.old or "", client)

    def group(self) -> str:
        """The id of the group of data1."""
        over = "others" if "group: others" in f"{self.old} {self.new}" else None
        return bodies.path("networkSecurityGroups", over) if over else self.azure.group(self.name)
