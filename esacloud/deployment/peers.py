"""The peers of a file: who plays which role, item by item, and what an item says to one cloud alone.

An item is a remote, a service in a file of published ranges, or a mapping from clouds to remotes: `{aws: sg-…, azure: …}`.
A repeated item is a warning.
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.catalogue.model import Catalogue
from esacloud.deployment.document import MappingNode, Node, ScalarNode, SequenceNode
from esacloud.deployment.model import Dialect, Dialects, Peer, PeerItem, Reference, Remote
from esacloud.deployment.reader import Reader, join
from esacloud.deployment.remotes import RemoteReader
from esacloud.deployment.specification import NOTE, RANGES, RANGES_KEYS
from esacloud.errors import one_of
from esacloud.packets.addresses import Version


class PeerReader:
    """Reads the peers of one file. `named` are the dialects of the clouds in the file, `known` all that there are."""

    def __init__(
        self,
        reader: Reader,
        catalogue: Catalogue,
        named: Mapping[str, Dialect],
        known: Dialects,
        versions: tuple[Version, ...],
    ) -> None:
        self.reader, self.roles, self.named, self.known = reader, catalogue.roles, named, known
        self.remote, self.versions = RemoteReader(reader, known, versions), versions

    def peers(self, node: Node, path: str) -> dict[str, Peer]:
        """The peers by role, in alphabetical order."""
        fields = self.reader.mapping(node, path, self.roles, "role")
        return {role: self.peer(role, fields[role], join(path, role)) for role in sorted(fields)}

    def peer(self, role: str, node: Node, path: str) -> Peer:
        """One peer: an item, or a list of items."""
        items: list[PeerItem] = []
        self._items(node, path, None, self.named, items)
        if isinstance(node, SequenceNode) and not node.value:
            self.reader.note(node, path, f"The peer {role} is empty.", "Write a network, or remove the role.")
        return Peer(role, self._without_repeated(items), self.reader.place(node, path))

    def _without_repeated(self, items: list[PeerItem]) -> tuple[PeerItem, ...]:
        if len({(item.remote, item.cloud) for item in items}) == len(items):
            return tuple(items)
        first: dict[tuple[Remote, str | None], PeerItem] = {}
        for item in items:
            same = first.setdefault((item.remote, item.cloud), item)
            if same is not item:
                message = f"This item is the same as {same.place.key} in line {same.place.line}."
                self.reader.warn(item.place, message, "Remove one of them.")
        return tuple(first.values())

    def _items(self, node: Node, path: str, cloud: str | None, here: Mapping[str, Dialect], items: list[PeerItem]) -> None:
        if isinstance(node, SequenceNode):
            for index, child in enumerate(node.value):
                self._item(child, f"{path}[{index}]", cloud, here, items)
        else:
            self._item(node, path, cloud, here, items)

    def _item(self, node: Node, path: str, cloud: str | None, here: Mapping[str, Dialect], items: list[PeerItem]) -> None:
        """Read one item for the clouds `here`; `cloud` is the cloud under whose name it stands."""
        note = None
        if isinstance(node, ScalarNode):
            remote = self.remote.bare(node, path, here)
        elif isinstance(node, MappingNode):
            names = {name.value for name, _ in node.value}
            if cloud is None and not names.isdisjoint(self.known):
                self._item_per_cloud(node, path, items)
                return
            if RANGES in names:
                self._ranges(node, path, cloud, items)
                return
            remote, fields = self.remote.described(node, path, here)
            if NOTE.name in fields:
                note = self.reader.value(NOTE, fields[NOTE.name], join(path, NOTE.name))
        else:
            self.reader.note(node, path, "This item is a list.", "Write its items in the list around it.")
            return
        if remote is not None:
            only = remote.cloud if isinstance(remote, Reference) else cloud
            items.append(PeerItem(remote, only, self.reader.place(node, path), note))

    def _ranges(self, node: MappingNode, path: str, cloud: str | None, items: list[PeerItem]) -> None:
        """An item for each network that a file of published ranges has for a service."""
        from pathlib import Path

        from esacloud.deployment.ranges import RangesError, networks_in

        reader = self.reader
        before = len(reader.problems)
        values = reader.values(RANGES_KEYS, node, path)
        if len(reader.problems) > before:
            return
        file = Path(reader.file).parent / values[RANGES]
        try:
            networks = networks_in(file, values["service"], values.get("region"), self.versions)
        except RangesError as error:
            about = next(value for key, value in node.value if key.value == error.key)
            reader.note(about, join(path, error.key), error.message, error.hint)
            return
        items.extend(PeerItem(network, cloud, reader.place(node, path), values.get("note")) for network in networks)

    def _item_per_cloud(self, node: MappingNode, path: str, items: list[PeerItem]) -> None:
        for cloud, value in self.reader.mapping(node, path, self.known, "cloud").items():
            inside, here = join(path, cloud), {name: dialect for name, dialect in self.named.items() if name == cloud}
            if here:
                self._items(value, inside, cloud, here, items)
            else:
                message = f"This item is for {cloud}, and the file names only {one_of(sorted(self.named))}."
                self.reader.note(value, inside, message, f"Add `cloud.{cloud}`, or remove this item.")
