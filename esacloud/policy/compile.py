"""Catalogue and deployment to policy: the flows of all entries that are switched on.

Every flow comes from an entry; the printed inbound half of an outbound row opens only on request and never to any address;
two reasons for the same packets make one flow; the order of the file does not matter. What has no effect is listed with the
reason: table rows without a flow, unused peers, entries that are not switched on.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from functools import cache

from esacloud.catalogue.model import EVERY_PORT, Entry, PortRange, Text, Transport
from esacloud.catalogue.select import select, why_not
from esacloud.deployment.model import Deployment, Dialect, FeatureUse, HostnameMode, Interface
from esacloud.errors import InputError, Place, Problem, one_of
from esacloud.packets.addresses import Network
from esacloud.packets.spans import range_text
from esacloud.policy.filtered import mode_problems
from esacloud.policy.model import Direction, Endpoint, Flow, Policy, Uncovered, Widened
from esacloud.policy.packets import remote_order
from esacloud.policy.remotes import Named, Remotes, cited

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
        directions = entry.directions
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
    return (order[interface], direction == "egress", transport, ports, source_ports, remote_order(remote))


def _inbound_from_any(deployment: Deployment, entry: Entry) -> Problem:
    return Problem(
        deployment.place.at("as_printed"),
        f"The printed inbound half of {entry.id} ({cited(entry)}) would be open to every address.",
        f"Name the networks under `peers.{entry.role}`, or remove {entry.id} from `as_printed`: a stateful filter does "
        "not need the inbound half.",
    )


def _no_source_ports(dialect: Dialect, use: FeatureUse, entry: Entry) -> Problem:
    return Problem(
        use.place,
        f"{dialect.title} cannot match the source port {range_text(entry.source_ports)} of {entry.id} ({cited(entry)}).",
        f"Write `wider: [{entry.id}]` to open it from every source port, or choose other settings for {use.feature}.",
    )


def uncovered_rows(deployment: Deployment, covered: Set[int]) -> tuple[Uncovered, ...]:
    """Every table row that is not in `covered`, with the reason, including rows that never make a rule."""
    uses = {use.feature: use for interface in deployment.interfaces for use in interface.features}
    out = []
    for row in deployment.catalogue.rows:
        if row.no_rule is not None:
            out.append(Uncovered(row.number, None, row.no_rule))
        elif row.number not in covered:
            entry = deployment.catalogue.of_row[row.number][0]
            use = uses.get(entry.feature)
            if use is None:
                out.append(Uncovered(row.number, entry.id, _off(entry.feature), entry.feature))
            else:
                out.append(Uncovered(row.number, entry.id, why_not(entry, deployment.release, use.settings) or _NO_ADDRESS))
    return tuple(out)


@cache
def _off(feature: str) -> Text:
    return Text(f"the feature {feature} is not switched on", f"功能 {feature} 未启用")


_NO_ADDRESS = Text("its remote has no address of the families in use", "对端没有所用地址族的地址")


def unused_peers(deployment: Deployment, used: Set[int]) -> Iterator[Problem]:
    """A warning for each peer that no feature in use needs; `used` are the identities of the others."""
    given = [*deployment.peers.values()]
    given += [peer for interface in deployment.interfaces for use in interface.features for peer in use.peers.values()]
    for peer in given:
        if id(peer) not in used:
            features = sorted({entry.feature for entry in deployment.catalogue.entries if entry.role == peer.role})
            message = f"No feature in use needs the peer {peer.role}."
            hint = f"Remove it, or switch on {one_of(features)}, with the settings that need it."
            yield Problem(peer.place, message, hint, "warning")


def unused_names(deployment: Deployment, switched_on: Set[str]) -> Iterator[Problem]:
    """A warning for each entry under `as_printed` or `wider` that is in no flow."""
    for key, ids in (("as_printed", deployment.as_printed), ("wider", deployment.wider)):
        for entry_id in ids:
            if entry_id not in switched_on:
                message = f"{entry_id} is not switched on, so naming it has no effect."
                place = deployment.place.at(key)
                yield Problem(place, message, "Remove it, or switch its feature on.", "warning")


def opens_nothing(deployment: Deployment, use: FeatureUse) -> Problem:
    """The warning for a feature that opens nothing, because of its settings or the release."""
    # The entry that the settings choose gives the best reason: the release.
    entries = deployment.catalogue.of_feature[use.feature]
    entry = max(entries, key=lambda entry: all(use.settings[name] in on for name, on in entry.when.items()))
    why = why_not(entry, deployment.release, use.settings) or _NO_ADDRESS
    message = f"The feature {use.feature} opens nothing here: {why.en}."
    return Problem(use.place, message, "Change that, or remove the feature.", "warning")
