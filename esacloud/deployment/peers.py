"""The peers of a file: who plays which role, item by item, and what an item says to one cloud alone.

An item is a far side, a file of published ranges with the service that is meant, or a mapping of cloud names to far sides:
`{aws: sg-…, azure: …}`. The same item twice is a warning.
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.catalogue.model import Catalogue
from esacloud.deployment.document import MappingNode, Node, ScalarNode, SequenceNode
from esacloud.deployment.model import Dialect, Peer, PeerItem, Reference, Remote
from esacloud.deployment.reader import Reader, join
from esacloud.deployment.refusals import Dialects
from esacloud.deployment.remotes import RemoteReader
from esacloud.errors import Problem, one_of
from esacloud.packets.addresses import Version

LONGEST_NOTE = 200
RANGES = "ranges"  # the key of an item that stands for what a file of published ranges has
RANGES_KEYS = {
    RANGES: "Write the path of a file of published ranges, seen from this file.",
    "service": "Write the service as the file spells it.",
    "region": "Write the region as the file spells it.",
    "note": "Say in a few words what the item is.",
}


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

    def peers(self, node: Node, key: str) -> dict[str, Peer]:
        """The peers by role, in order of the alphabet."""
        fields = self.reader.mapping(node, key, self.roles, "role")
        return {role: self.peer(role, fields[role], join(key, role)) for role in sorted(fields)}

    def peer(self, role: str, node: Node, key: str) -> Peer:
        """One peer: an item, or a list of items."""
        items: list[PeerItem] = []
        if not isinstance(node, SequenceNode):
            self._item(node, key, None, self.named, items)
        elif not node.value:
            self.reader.note(node, key, f"The peer {role} names nobody.", "Write a network, or take the role out.")
        else:
            for index, child in enumerate(node.value):
                self._item(child, f"{key}[{index}]", None, self.named, items)
        return Peer(role, self._without_doubles(items), self.reader.place(node, key))

    def _without_doubles(self, items: list[PeerItem]) -> tuple[PeerItem, ...]:
        if len({(item.remote, item.cloud) for item in items}) == len(items):
            return tuple(items)
        seen: dict[tuple[Remote, str | None], PeerItem] = {}
        for item in items:
            first = seen.setdefault((item.remote, item.cloud), item)
            if first is not item:
                message = f"This item is the same as {first.place.key} in line {first.place.line}."
                self.reader.problems.append(Problem(item.place, message, "Take one of them out.", "warning"))
        return tuple(seen.values())

    def _item(self, node: Node, key: str, cloud: str | None, here: Mapping[str, Dialect], items: list[PeerItem]) -> None:
        """Read one item that speaks to the clouds `here`; `cloud` is the one under whose name it stands."""
        note = None
        if isinstance(node, ScalarNode):
            remote = self.remote.bare(node, key, here)
        elif isinstance(node, MappingNode):
            if cloud is None and any(name.value in self.known for name, _ in node.value):
                self._item_per_cloud(node, key, items)
                return
            if any(name.value == RANGES for name, _ in node.value):
                self._ranges(node, key, cloud, items)
                return
            remote, fields = self.remote.described(node, key, here)
            if "note" in fields:
                note = self.reader.line(
                    fields["note"], join(key, "note"), LONGEST_NOTE, "Say in a few words what the item is."
                )
        else:
            self.reader.note(node, key, "The item is a list of its own.", "Write its items in the list around it.")
            return
        if remote is not None:
            items.append(
                PeerItem(
                    remote, remote.cloud if isinstance(remote, Reference) else cloud, self.reader.place(node, key), note
                )
            )

    def _ranges(self, node: MappingNode, key: str, cloud: str | None, items: list[PeerItem]) -> None:
        """An item for each network that a file of published ranges has for a service."""
        from pathlib import Path

        from esacloud.deployment.ranges import RangesError, networks_in

        reader, fields = self.reader, self.reader.mapping(node, key, RANGES_KEYS)
        if "service" not in fields:
            reader.missing(node, join(key, "service"), "Write the service whose networks are meant, as the file spells it.")
            return
        texts = {name: reader.line(fields[name], join(key, name), LONGEST_NOTE, RANGES_KEYS[name]) for name in fields}
        if None in texts.values():
            return
        path = Path(reader.file).parent / (texts[RANGES] or "")
        try:
            networks = networks_in(path, texts["service"] or "", texts.get("region"), self.versions)
        except RangesError as error:
            reader.note(fields[error.key], join(key, error.key), error.message, error.hint)
            return
        items.extend(PeerItem(network, cloud, reader.place(node, key), texts.get("note")) for network in networks)

    def _item_per_cloud(self, node: MappingNode, key: str, items: list[PeerItem]) -> None:
        for cloud, value in self.reader.mapping(node, key, self.known, "cloud").items():
            inside, here = join(key, cloud), {name: dialect for name, dialect in self.named.items() if name == cloud}
            if not here:
                message = f"The item says something to {cloud}, and the file names {one_of(sorted(self.named))} alone."
                self.reader.note(value, inside, message, f"Add `cloud.{cloud}`, or take this out.")
            elif isinstance(value, SequenceNode):
                for index, child in enumerate(value.value):
                    self._item(child, f"{inside}[{index}]", cloud, here, items)
            else:
                self._item(value, inside, cloud, here, items)
