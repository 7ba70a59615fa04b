"""One number for what a deployment file says: the same for every spelling, order and comment of the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from esacloud.deployment.model import CloudSettings, Hostname, Interface, Peer, PeerItem, Reference, Remote, Waiver
from esacloud.packets.addresses import Network


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
