"""The remotes of an entry: the user's peer, else the table's networks, else its host names, else the role's default.

A peer for one use of a feature comes before the peer for all uses. Host names become `any`, the addresses of a lock file
or a firewall only where the file chooses that mode. A role becomes `any` by default only where the catalogue says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.catalogue.model import Entry, rows_text
from esacloud.deployment.model import (
    AnyAddress,
    Deployment,
    Dialect,
    FeatureUse,
    Hostname,
    HostnameMode,
    Peer,
    PeerItem,
)
from esacloud.errors import Place, Problem
from esacloud.packets.addresses import ANY_IPV4, ANY_IPV6, Network
from esacloud.policy.filtered import WEB
from esacloud.policy.model import Endpoint

Named = tuple[HostnameMode, tuple[str, ...]]  # host names that a remote stands for, and their mode
NamedRemote = tuple[Endpoint, Named]
NO_NAMES: Named = ("open", ())


class Remotes:
    """Finds the remotes of entries; collects problems, and which peers and names are in use."""

    def __init__(self, deployment: Deployment, dialect: Dialect, problems: list[Problem]) -> None:
        self.used_peers: set[int] = set()  # by identity: a role may have a peer for one use and a peer for all
        self.pinned_names: dict[str, Place] = {}
        self.warnings: list[Problem] = []
        self._deployment, self._dialect, self._problems = deployment, dialect, problems
        self._any = tuple(ANY_IPV4 if version == 4 else ANY_IPV6 for version in deployment.versions)

    def of(self, use: FeatureUse, entry: Entry) -> tuple[NamedRemote, ...]:
        """The remotes of an entry that this use switches on; none, with a problem, where they are unknown."""
        peer = use.peers.get(entry.role) or self._deployment.peers.get(entry.role)
        if peer is not None:
            self.used_peers.add(id(peer))
            return tuple(self._given(peer, use, entry))
        if entry.networks:
            named = self._names_beside_networks(use, entry)
            return tuple((network, named) for network in entry.networks if network.version in self._deployment.versions)
        if entry.hostnames:
            message = f"The feature {use.feature} connects to {', '.join(entry.hostnames)} ({cited(entry)}: {entry.id})"
            return tuple(self._named(entry.hostnames, use, entry, use.place, message))
        if self._deployment.catalogue.roles[entry.role].default == "any":
            return tuple((network, NO_NAMES) for network in self._any)
        self._problems.append(
            Problem(
                use.place,
                f"The feature {use.feature} needs the peer {entry.role} ({cited(entry)}: {entry.id}), "
                "but the file does not name it.",
                f"Add `peers.{entry.role}` with its networks, or remove {use.feature}.",
            )
        )
        return ()

    def _names_beside_networks(self, use: FeatureUse, entry: Entry) -> Named:
        """The rules open the networks; a firewall in the route of the packets has to permit the names too."""
        if self._deployment.mode_of(use.feature) == "filtered" and all(ports in WEB for ports in entry.ports):
            return "filtered", entry.hostnames
        return NO_NAMES

    def _given(self, peer: Peer, use: FeatureUse, entry: Entry) -> Iterator[NamedRemote]:
        for item in self._items(peer):
            remote = item.remote
            if isinstance(remote, AnyAddress):
                yield from ((network, NO_NAMES) for network in self._any)
            elif isinstance(remote, Hostname):
                message = f"The peer {peer.role} names the host {remote.name}"
                yield from self._named((remote.name,), use, entry, item.place, message)
            else:
                yield remote, NO_NAMES

    def _items(self, peer: Peer) -> list[PeerItem]:
        """The items of a peer for this cloud; a problem where there are none."""
        cloud = self._dialect.cloud
        items = [item for item in peer.items if item.cloud in (None, cloud)]
        if not items:
            message = f"The peer {peer.role} has no item for {self._dialect.title}."
            self._problems.append(Problem(peer.place, message, f"Add a network, or an item for {cloud}."))
        return items

    def _named(
        self, names: tuple[str, ...], use: FeatureUse, entry: Entry, place: Place, message: str
    ) -> Iterator[NamedRemote]:
        mode = self._deployment.mode_of(use.feature)
        if mode == "open":
            yield from ((network, (mode, names)) for network in self._any)
        elif mode == "pinned":
            self.pinned_names.update((name, place) for name in names if name not in self.pinned_names)
            if entry.rotating:
                self.warnings.append(_rotating(names, use, entry))
            for name in names:
                yield from ((network, (mode, (name,))) for network in self._addresses(name, place))
        elif mode == "filtered":
            yield from self._through_firewall(names, place, message)
        else:
            hint = (
                "Write `hostnames: open` to open those ports to any address, `pinned` or `filtered` to open less, "
                "or name the peer's networks."
            )
            self._problems.append(Problem(place, f"{message}, but a security group cannot contain a host name.", hint))

    def _addresses(self, name: str, place: Place) -> list[Network]:
        """The addresses of a name in the families in use; none, with a problem, where the lock file has none."""
        lock = self._deployment.pinned
        known = lock.addresses.get(name, ()) if lock else ()
        addresses = [network for network in known if network.version in self._deployment.versions]
        if not addresses:
            file = self._deployment.place.file
            hint = f"Run `esacloud resolve {file}`."
            if known:
                versions = ", ".join(f"IPv{version}" for version in sorted({network.version for network in known}))
                message = f"{name} has only addresses of {versions} in {lock.file if lock else ''}."
                hint = "Add that family to `families`, or choose another mode for the feature under `hostnames`."
            elif lock is None:
                message = f"{name} is pinned, but {file} has no lock file."
            else:
                message = f"{name} is pinned, but {lock.file} does not contain it."
            self._problems.append(Problem(place, message, hint))
        return addresses

    def _through_firewall(self, names: tuple[str, ...], place: Place, message: str) -> Iterator[NamedRemote]:
        firewall = self._deployment.firewall
        if firewall is None:
            hint = (
                "Write `firewall: any` for a firewall in the route of the packets, which keep their destination; "
                "for a proxy, write its networks."
            )
            self._problems.append(Problem(place, f"{message}, but the file does not name the firewall.", hint))
            return
        for item in self._items(firewall):
            if isinstance(item.remote, AnyAddress):
                yield from ((network, ("filtered", names)) for network in self._any)
            elif not isinstance(item.remote, Hostname):
                yield item.remote, ("filtered", names)


def _rotating(names: tuple[str, ...], use: FeatureUse, entry: Entry) -> Problem:
    return Problem(
        use.place,
        f"The addresses of {', '.join(names)} change often ({cited(entry)}: {entry.id}), so pinning them will break "
        f"{use.feature}.",
        f"Write `hostnames: {{{use.feature}: filtered}}` or `open`, or name its published ranges as the peer.",
        "warning",
    )


def cited(entry: Entry) -> str:
    """`table row 7`, `table rows 12, 13`, or the source of an entry that the table lacks."""
    return rows_text(entry.rows) or f"not in the table: {entry.source}"
