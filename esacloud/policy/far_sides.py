"""Who stands at the far side of an entry: what the user wrote, else the table's networks, else host names, else the role.

Rules that this module obeys: a peer given for one use of a feature comes before the peer given for all; host names become
`any` only where the file says so by name; a role that is not the whole Internet by its nature never becomes it by default.
"""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.addresses import ANY_IPV4, ANY_IPV6
from esacloud.catalogue.model import Entry
from esacloud.deployment.model import AnyAddress, Deployment, Dialect, FeatureUse, Hostname, Peer, PeerItem, Reference
from esacloud.errors import Place, Problem
from esacloud.policy.model import Endpoint

FarSide = tuple[Endpoint, tuple[str, ...]]  # a far side, and the host names that it stands for


class FarSides:
    """Finds the far sides of entries, collecting problems on the way and remembering which peers were used."""

    def __init__(self, deployment: Deployment, dialect: Dialect, problems: list[Problem]) -> None:
        self.used_peers: set[int] = set()  # by identity: a role may be given once for one use and once for all
        self._deployment, self._dialect, self._problems = deployment, dialect, problems
        self._any = tuple(ANY_IPV4 if version == 4 else ANY_IPV6 for version in deployment.versions)

    def of(self, use: FeatureUse, entry: Entry) -> tuple[FarSide, ...]:
        """The far sides of an entry that this use of its feature switches on; none, with a problem, where nobody says."""
        peer = use.peers.get(entry.role) or self._deployment.peers.get(entry.role)
        if peer is not None:
            self.used_peers.add(id(peer))
            return tuple(self._given(peer))
        if entry.networks:
            return tuple((network, ()) for network in entry.networks if network.version in self._deployment.versions)
        if entry.hostnames:
            what = f"The feature {use.feature} speaks to {', '.join(entry.hostnames)} ({cited(entry)}: {entry.id})"
            return tuple(self._named(entry.hostnames, use.place, what))
        if self._deployment.catalogue.roles[entry.role].default == "any":
            return tuple((network, ()) for network in self._any)
        self._problems.append(
            Problem(
                use.place,
                f"The feature {use.feature} needs the peer {entry.role} ({cited(entry)}: {entry.id}), "
                "and the file does not name it.",
                f"Add `peers.{entry.role}` with its networks, or take {use.feature} out.",
            )
        )
        return ()

    def _given(self, peer: Peer) -> Iterator[FarSide]:
        items = [item for item in peer.items if self._is_for_us(item)]
        for item in items:
            far = item.far
            if isinstance(far, AnyAddress):
                yield from ((network, ()) for network in self._any)
            elif isinstance(far, Hostname):
                yield from self._named((far.name,), item.place, f"The peer {peer.role} names the host {far.name}")
            else:
                yield far, ()
        if not items:
            cloud = self._dialect.cloud
            what = f"The peer {peer.role} says nothing for {self._dialect.title}."
            self._problems.append(Problem(peer.place, what, f"Add a network, or an item for {cloud}."))

    def _is_for_us(self, item: PeerItem) -> bool:
        cloud = item.far.cloud if isinstance(item.far, Reference) else item.cloud
        return cloud in (None, self._dialect.cloud)

    def _named(self, names: tuple[str, ...], place: Place, what: str) -> Iterator[FarSide]:
        if self._deployment.hostnames is None:
            mend = "Write `hostnames: open` to open those ports to any address, or give the peer's networks."
            self._problems.append(Problem(place, f"{what}, and no security group can hold a name.", mend))
        else:
            yield from ((network, names) for network in self._any)


def cited(entry: Entry) -> str:
    """`table row 7`, `table rows 12, 13`, or where an entry that the table lacks comes from."""
    if not entry.rows:
        return f"not in the table: {entry.source}"
    return f"table row{'s' if len(entry.rows) > 1 else ''} {', '.join(map(str, entry.rows))}"
