"""All flows of a deployment, each with the catalogue entries and table rows that ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from esacloud.catalogue.model import PortRange, Text, Transport
from esacloud.deployment.model import Reference, SelfReference
from esacloud.errors import Place, Problem
from esacloud.packets.addresses import Network
from esacloud.packets.sets import Box
from esacloud.packets.sets import Direction as Direction

Endpoint = Network | Reference | SelfReference


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic that one side opens: one interface, direction, protocol, port range and remote.

    `entries` and `rows` ask for it, ascending; two reasons for the same traffic make one flow. `peers` are the roles of the
    remote. `names` are host names that are open to any address; `pinned` are host names with this address; `filtered` are
    host names that a firewall matches. Protocols without ports have EVERY_PORT.
    """

    interface: str
    direction: Direction
    transport: Transport
    ports: PortRange
    source_ports: PortRange
    remote: Endpoint
    entries: tuple[str, ...]
    rows: tuple[int, ...]
    peers: tuple[str, ...]
    names: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    filtered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that permits packets: a flow of a policy, or a rule of a group.

    `label` names it to a person (`sgr-0123456789abcdef0`, `mail-in`); `roles` are the roles of its peers and `place` is
    where to correct it, both where known.
    """

    label: str
    boxes: tuple[Box, ...]
    roles: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A table row without a flow, and the reason.

    `entry` is None where the row never makes a rule; `feature` is the feature to switch on, None for another reason.
    """

    row: int
    entry: str | None
    why: Text
    feature: str | None = None


@dataclass(frozen=True, slots=True)
class Widened:
    """A flow that a cloud cannot match exactly and that the file allows to be wider: before and after."""

    entry: str
    exact: Flow
    wide: Flow


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that one deployment permits on one cloud.

    `flows` and `interfaces` are in canonical order, whatever order the file had. `warnings` do not stop the work.
    """

    deployment: str
    cloud: str
    interfaces: tuple[str, ...]
    flows: tuple[Flow, ...]
    uncovered: tuple[Uncovered, ...]
    widened: tuple[Widened, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """The table rows that some flow comes from, ascending."""
        return tuple(sorted({row for flow in self.flows for row in flow.rows}))
