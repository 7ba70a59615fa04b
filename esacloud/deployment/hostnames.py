"""How host names become addresses: `hostnames`, for all features or for each; `firewall`, the way to what matches names.

No security group can hold a name. So the file chooses, and without a choice a feature with host names is refused later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from esacloud.deployment.document import MappingNode, Node
from esacloud.deployment.model import Hostname, HostnameMode, Peer
from esacloud.deployment.peers import PeerReader
from esacloud.deployment.reader import Reader, join
from esacloud.errors import Problem, one_of

HOSTNAME_MODES: dict[str, str] = {
    "open": "Their ports are opened to any address.",
    "pinned": "Their ports are opened to the addresses in the lock file that `esacloud resolve` writes.",
    "filtered": "Their ports are opened towards a firewall that matches names, whose rules the module holds.",
}
DEFAULT = "default"
_FORM = f"Write {one_of(tuple(HOSTNAME_MODES))}, or a mapping as {{{DEFAULT}: pinned, file-reputation: open}}."


def read_hostnames(
    reader: Reader, fields: Mapping[str, Node], features: Collection[str], used: Collection[str]
) -> tuple[HostnameMode | None, dict[str, HostnameMode]]:
    """The way for all features, None where the file does not say, and those of single features.

    `features` are all that there are; `used` are those that are switched on.
    """
    node = fields.get("hostnames")
    if not isinstance(node, MappingNode):
        return (None if node is None else _way(reader, node, "hostnames", _FORM)), {}
    ways: dict[str, HostnameMode] = {}
    for name, value in reader.mapping(node, "hostnames", (DEFAULT, *features), "feature").items():
        inside = join("hostnames", name)
        way = _way(reader, value, inside, f"Write {one_of(tuple(HOSTNAME_MODES))}.")
        if name not in used and name != DEFAULT:
            message = f"{name} is not switched on, so naming it changes nothing."
            reader.problems.append(
                Problem(reader.place(value, inside), message, "Take it out, or switch it on.", "warning")
            )
        if way is not None:
            ways[name] = way
    return ways.pop(DEFAULT, None), dict(sorted(ways.items()))


def _way(reader: Reader, node: Node, key: str, hint: str) -> HostnameMode | None:
    text = reader.scalar(node, key, hint)
    if text is not None and text not in HOSTNAME_MODES:
        reader.unknown(node, key, "way for host names", text, HOSTNAME_MODES)
        return None
    return cast(HostnameMode | None, text)


def read_firewall(reader: Reader, fields: Mapping[str, Node], peers: PeerReader) -> Peer | None:
    """The far sides of packets to names that a firewall matches; written as the far sides of a peer are."""
    if "firewall" not in fields:
        return None
    firewall = peers.peer("firewall", fields["firewall"], "firewall")
    for item in firewall.items:
        if isinstance(item.remote, Hostname):
            message = f"{item.remote.name} is a host name, and a rule towards the firewall can hold none."
            reader.note(fields["firewall"], item.place.key or "firewall", message, "Write its networks.")
    return firewall
