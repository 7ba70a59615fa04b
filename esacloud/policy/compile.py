"""Catalogue and deployment to policy: the flows of all entries that are switched on.

Every flow comes from an entry; the printed inbound half of an outbound row opens only on request and never to any address;
two reasons for the same packets make one flow; the order of the file does not matter.
"""

from __future__ import annotations

from esacloud.catalogue.model import EVERY_PORT, Entry, PortRange, Transport
from esacloud.catalogue.select import select
from esacloud.deployment.model import Deployment, Dialect, FeatureUse, HostnameMode, Interface, Reference
from esacloud.errors import InputError, Place, Problem
from esacloud.packets.addresses import Network
from esacloud.policy.filtered import mode_problems
from esacloud.policy.model import Direction, Endpoint, Flow, Policy, Widened
from esacloud.policy.remotes import Named, Remotes, cited
from esacloud.policy.uncovered import opens_nothing, uncovered_rows, unused_names, unused_peers

Packets = tuple[str, Direction, Transport, PortRange, PortRange, Endpoint]  # a flow without its reasons
Reason = tuple[Entry, Named]  # the entry, and the host names that its remote stands for


def compile_policy(deployment: Deployment, dialect: Dialect) -> Policy:
    """All flows of the deployment on the dialect's cloud.

    Raises InputError with every problem: a feature without its peer, host names without a mode, a printed inbound half open
    to any address, a source port that the cloud cannot match.
    """
    return _Compiler(deployment, dialect).policy()


def pinned_names(deployment: Deployment, dialect: Dialect) -> dict[str, Place]:
    """Every host name whose addresses the lock file needs -> its place in the file, in order of the names."""
    compiler = _Compiler(deployment, dialect)
    compiler.walk()
    return dict(sorted(compiler.remotes.pinned_names.items()))


class _Compiler:
    def __init__(self, deployment: Deployment, dialect: Dialect) -> None:
        self.deployment, self.dialect = deployment, dialect
        self.problems: list[Problem] = []
        self.remotes = Remotes(deployment, dialect, self.problems)
        self.reasons: dict[Packets, list[Reason]] = {}
        self.idle: list[Problem] = []
        self.widened: dict[tuple[str, Packets], Packets] = {}  # (entry, what it became) -> what it was

    def walk(self) -> None:
        """Add the flows of all features."""
        deployment = self.deployment
        for interface in deployment.interfaces:
            for use in interface.features:
                entries = select(deployment.catalogue, deployment.release, use.feature, use.settings)
                for entry in entries:
                    self.add(interface, use, entry)
                if not entries:
                    self.idle.append(opens_nothing(deployment, use))

    def policy(self) -> Policy:
        deployment = self.deployment
        self.walk()
        switched_on = {entry.id for reasons in self.reasons.values() for entry, _ in reasons}
        warnings = [
            *unused_peers(deployment, self.remotes.used_peers),
            *unused_names(deployment, switched_on),
            *self.idle,
            *self.remotes.warnings,
        ]
        if deployment.firewall or deployment.uses("filtered") or deployment.uses("pinned"):
            for problem in mode_problems(deployment, self.reasons):
                (warnings if problem.severity == "warning" else self.problems).append(problem)
        if self.problems:
            raise InputError(*self.problems, *warnings)
        order = {name: number for number, name in enumerate(deployment.catalogue.interfaces)}
        flows = {key: _flow(key, self.reasons[key]) for key in sorted(self.reasons, key=lambda key: _canonical(key, order))}
        widened = [
            Widened(entry, _flow(exact, self.reasons[wide]), flows[wide]) for (entry, wide), exact in self.widened.items()
        ]
        return Policy(
            deployment=deployment.name,
            cloud=self.dialect.cloud,
            interfaces=tuple(sorted((interface.name for interface in deployment.interfaces), key=order.__getitem__)),
            flows=tuple(flows.values()),
            uncovered=uncovered_rows(deployment, {row for flow in flows.values() for row in flow.rows}),
            widened=tuple(sorted(widened, key=lambda widened: (widened.entry, str(widened.exact)))),
            warnings=tuple(warnings),
        )

    def add(self, interface: Interface, use: FeatureUse, entry: Entry) -> None:
        """Add the flows of one entry at one interface."""
        remotes = self.remotes.of(use, entry)
        directions: tuple[Direction, ...] = ("ingress", "egress") if entry.direction == "both" else (entry.direction,)
        if entry.id in self.deployment.as_printed:
            directions = ("ingress", "egress")
            if any(isinstance(remote, Network) and remote.prefix == 0 for remote, _ in remotes):
                self.problems.append(_inbound_from_any(self.deployment, entry))
        source_ports = entry.source_ports
        if source_ports != EVERY_PORT and not self.dialect.matches_source_ports:
            source_ports = EVERY_PORT
            if entry.id not in self.deployment.wider:
                self.problems.append(_no_source_ports(self.dialect, use, entry))
        for direction in directions:
            for transport in entry.transports:
                for ports in entry.ports:
                    for remote, named in remotes:
                        key = (interface.name, direction, transport, ports, source_ports, remote)
                        self.reasons.setdefault(key, []).append((entry, named))
                        if source_ports != entry.source_ports:
                            exact = (interface.name, direction, transport, ports, entry.source_ports, remote)
                            self.widened[entry.id, key] = exact


def _flow(key: Packets, reasons: list[Reason]) -> Flow:
    if len(reasons) == 1:
        ((entry, (mode, names)),) = reasons
        if mode == "open":
            return Flow(*key, (entry.id,), entry.rows, (entry.role,), names)
    return Flow(
        *key,
        entries=tuple(sorted({entry.id for entry, _ in reasons})),
        rows=tuple(sorted({row for entry, _ in reasons for row in entry.rows})),
        peers=tuple(sorted({entry.role for entry, _ in reasons})),
        names=_named(reasons, "open"),
        pinned=_named(reasons, "pinned"),
        filtered=_named(reasons, "filtered"),
    )


def _named(reasons: list[Reason], mode: HostnameMode) -> tuple[str, ...]:
    return tuple(sorted({name for _, (named, names) in reasons if named == mode for name in names}))


def _canonical(key: Packets, order: dict[str, int]) -> tuple[object, ...]:
    interface, direction, transport, ports, source_ports, remote = key
    if isinstance(remote, Network):
        where: tuple[object, ...] = (0, *remote)
    elif isinstance(remote, Reference):
        where = (1, remote.kind, remote.id)
    else:
        where = (2,)
    return (order[interface], direction == "egress", transport, ports, source_ports, where)


def _inbound_from_any(deployment: Deployment, entry: Entry) -> Problem:
    return Problem(
        deployment.place.at("as_printed"),
        f"The printed inbound half of {entry.id} ({cited(entry)}) would be open to every address.",
        f"Name the networks under `peers.{entry.role}`, or remove {entry.id} from `as_printed`: a stateful filter does "
        "not need the inbound half.",
    )


def _no_source_ports(dialect: Dialect, use: FeatureUse, entry: Entry) -> Problem:
    first, last = entry.source_ports
    ports = str(first) if first == last else f"{first}-{last}"
    return Problem(
        use.place,
        f"{dialect.title} cannot match the source port {ports} of {entry.id} ({cited(entry)}).",
        f"Write `wider: [{entry.id}]` to open it from every source port, or choose other settings for {use.feature}.",
    )
