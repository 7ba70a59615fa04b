"""A deployment file to a `Deployment`. Checks every key and value, and reports all problems together.

Files with the same content give equal deployments, places aside, whatever their order. Nothing is read but the file, the
catalogue that it names and its files of published ranges: no clock, no environment, no network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any, cast

from esacloud.catalogue.model import Catalogue
from esacloud.deployment.cloud_settings import read_clouds
from esacloud.deployment.document import MappingNode, Node
from esacloud.deployment.interfaces import read_interfaces
from esacloud.deployment.model import (
    CloudSettings,
    Deployment,
    Dialects,
    Hostname,
    HostnameMode,
    Interface,
    Peer,
    PeerItem,
    Reference,
    Remote,
    Waiver,
)
from esacloud.deployment.names import read_release
from esacloud.deployment.peers import PeerReader
from esacloud.deployment.reader import Reader, join
from esacloud.deployment.specification import DEFAULT_MODE, FAMILIES, HOSTNAME_MODES, MODE, Key, root_keys
from esacloud.errors import InputError
from esacloud.packets.addresses import AddressError, Network, parse_network
from esacloud.text_files import decoded, read_bytes

MOST_BYTES = 8 * 1024 * 1024  # 5,000 networks take 0.2 MB
_NAME_ONE = "Name a deployment file, or create one with `esacloud init`."
# The other types of the root need what these say.
_READ_HERE = frozenset(("text", "line", "word", "words", "number", "networks", "mappings"))
_NO_ENTRIES = {"own_networks": (), "as_printed": (), "wider": ()}


def read(path: str, dialects: Dialects, text: str | None = None, catalogue: Catalogue | None = None) -> Deployment:
    """Read a deployment file.

    `dialects` are all clouds that a file may name; each is looked up only when it is needed, so a mapping may load it then.
    With `text` given the file is not opened, and `path` only serves messages and relative paths. `catalogue` replaces the
    shipped one; a catalogue that the file names comes before both.
    Raises InputError with every problem found.
    """
    reader = Reader(path, decoded(path, read_bytes(path, MOST_BYTES, _NAME_ONE)) if text is None else text)
    if not isinstance(reader.root, MappingNode):
        reader.mapping(reader.root, "", ())
        raise InputError(*reader.problems)
    catalogue = _catalogue(reader, reader.root, catalogue)
    deployment = _deployment(reader, catalogue, dialects)
    if deployment is None:
        raise InputError(*sorted(reader.problems, key=lambda problem: (problem.place.line or 0, problem.place.column or 0)))
    return deployment


def _deployment(reader: Reader, catalogue: Catalogue, dialects: Dialects) -> Deployment | None:
    """The deployment, or None where there is any problem that is not a warning."""
    keys = {key.name: key for key in root_keys(catalogue, dialects)}
    nodes = reader.nodes(keys.values(), reader.root, "")
    values = {
        name: reader.value(key, nodes[name], name) for name, key in keys.items() if name in nodes and key.type in _READ_HERE
    }
    families = [FAMILIES[name] for name in values.get("families", ())]
    versions = tuple(families) or tuple(FAMILIES.values())
    clouds, named = read_clouds(reader, nodes.get("cloud"), "cloud", dialects, tuple(catalogue.interfaces))
    peer_reader = PeerReader(reader, catalogue, named, dialects, versions)
    peers = peer_reader.peers(nodes["peers"], "peers") if "peers" in nodes else {}
    interfaces = read_interfaces(reader, nodes.get("interfaces"), "interfaces", catalogue, peer_reader)
    used = {use.feature for interface in interfaces for use in interface.features}
    hostnames, hostnames_of = _hostnames(reader, keys["hostnames"], nodes.get("hostnames"), catalogue, used)
    firewall = _firewall(reader, nodes, peer_reader)
    waivers = _waivers(reader, values.get("waivers", ()))
    if reader.failed():
        return None
    release = read_release(values[catalogue.release_key], catalogue)
    assert release is not None  # noqa: S101 - the key's check has accepted it
    plain = {
        **_NO_ENTRIES,
        **{name: value for name, value in values.items() if name not in (catalogue.release_key, "waivers")},
        "release": release,
        "catalogue": catalogue.digest,
        "hostnames": [hostnames, hostnames_of] if hostnames_of else hostnames,
        "families": versions,
    }
    return Deployment(
        name=values["name"],
        catalogue=catalogue,
        release=release,
        clouds=clouds,
        interfaces=interfaces,
        peers=peers,
        hostnames=hostnames,
        versions=versions,
        as_printed=plain["as_printed"],
        wider=plain["wider"],
        waivers=waivers,
        digest=digest_of(plain, clouds, interfaces, {**peers, "(firewall)": firewall} if firewall else peers, waivers),
        place=reader.place(reader.root, ""),
        warnings=tuple(reader.problems),
        own_networks=plain["own_networks"],
        hostnames_of=hostnames_of,
        firewall=firewall,
    )


def _catalogue(reader: Reader, root: MappingNode, given: Catalogue | None) -> Catalogue:
    """The catalogue decides which keys there are, so its own key is read first."""
    node = next((value for key, value in root.value if key.value == "catalogue"), None)
    if node is None and given is not None:
        return given
    from esacloud.catalogue.load import load

    if node is None:
        return load()
    path = reader.text(node, "catalogue", "Write the path of a catalogue file, relative to this file.")
    if path is None:
        raise InputError(*reader.problems)
    try:
        from pathlib import Path  # few files name a catalogue

        return load(str(Path(reader.file).parent / path))
    except InputError as error:
        reader.note(node, "catalogue", f"The catalogue {path!r} cannot be used.", "Correct the problems listed for it.")
        raise InputError(*reader.problems, *error.problems) from None


def _hostnames(
    reader: Reader, key: Key, node: Node | None, catalogue: Catalogue, used: set[str]
) -> tuple[HostnameMode | None, dict[str, HostnameMode]]:
    """The mode of all features, None where the file does not say, and the modes of single features."""
    if node is None:
        return None, {}
    if not isinstance(node, MappingNode):
        mode = reader.scalar(node, key.name, key.hint)
        if mode is not None and mode not in HOSTNAME_MODES:
            reader.unknown(node, key.name, MODE.noun, mode, HOSTNAME_MODES)
        return cast(HostnameMode | None, mode), {}
    modes: dict[str, HostnameMode] = {}
    for name, value in reader.mapping(node, key.name, (DEFAULT_MODE, *catalogue.features), "feature").items():
        inside = join(key.name, name)
        if (mode := reader.value(MODE, value, inside)) is not None:
            modes[name] = mode
        if name not in used and name != DEFAULT_MODE:
            message = f"{name} is not switched on, so its mode has no effect."
            reader.warn(reader.place(value, inside), message, "Remove it, or switch the feature on.")
    return modes.pop(DEFAULT_MODE, None), dict(sorted(modes.items()))


def _firewall(reader: Reader, nodes: Mapping[str, Node], peers: PeerReader) -> Peer | None:
    if "firewall" not in nodes:
        return None
    firewall = peers.peer("firewall", nodes["firewall"], "firewall")
    for item in firewall.items:
        if isinstance(item.remote, Hostname):
            message = f"{item.remote.name} is a host name, and a rule towards the firewall cannot contain one."
            reader.note(nodes["firewall"], item.place.key or "firewall", message, "Write its networks.")
    return firewall


def _waivers(reader: Reader, items: list[tuple[Node, str, dict[str, str]]]) -> tuple[Waiver, ...]:
    """The waivers, ordered by code and peer; those that lack a key have their problem noted already."""
    waivers = []
    for node, path, values in items:
        if len(values) == 4:
            with suppress(AddressError):  # the name of a peer
                values["peer"] = str(parse_network(values["peer"]))
            waivers.append(Waiver(place=reader.place(node, path), **values))
    return tuple(sorted(waivers, key=lambda waiver: (waiver.code, waiver.peer, waiver.until, waiver.reason)))


def digest_of(
    plain: Mapping[str, Any],
    clouds: Mapping[str, CloudSettings],
    interfaces: tuple[Interface, ...],
    peers: Mapping[str, Peer],
    waivers: tuple[Waiver, ...],
) -> str:
    """SHA-256, in hexadecimal, of the content in canonical JSON; `plain` are the parts that are JSON values already."""
    content = {
        **plain,
        "clouds": {name: _settings(cloud) for name, cloud in clouds.items()},
        "interfaces": {
            interface.name: {use.feature: [use.settings, _peers(use.peers)] for use in interface.features}
            for interface in interfaces
        },
        "peers": _peers(peers),
        "waivers": sorted([waiver.code, waiver.peer, waiver.reason, waiver.until] for waiver in waivers),
    }
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _settings(cloud: CloudSettings) -> list[Any]:
    return [cloud.values, cloud.tags, cloud.quotas, *([cloud.interfaces] if cloud.interfaces else ())]


def _peers(peers: Mapping[str, Peer]) -> dict[str, Any]:
    return {role: _items(peer.items) for role, peer in peers.items()} if peers else {}


def _items(items: tuple[PeerItem, ...]) -> list[Any]:
    """Plain networks as they are, then the rest in words."""
    networks: list[str] = []
    others: list[list[str]] = []
    for item in items:
        if type(item.remote) is Network and item.cloud is None and item.note is None:
            networks.append(str(item.remote))
        else:
            others.append([item.cloud or "", *_words(item.remote), item.note or ""])
    networks.sort()
    others.sort()
    return [networks, others]


def _words(remote: Remote) -> list[str]:
    if isinstance(remote, Network):
        return ["network", str(remote)]
    if isinstance(remote, Reference):
        return [remote.kind, remote.id, str(remote.size), str(remote.version)]
    return ["hostname", remote.name] if isinstance(remote, Hostname) else [type(remote).__name__]
