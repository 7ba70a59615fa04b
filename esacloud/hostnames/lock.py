"""The lock file beside a deployment file: the addresses of each host name, since when, and who answered.

The lock holds everything that a policy needs, so nothing is resolved later. Its digest detects edits. Two runs with the
same answers differ in two lines (`resolved` and `digest`). No clock, no network: days and times are parameters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from esacloud.packets.addresses import Network

FORMAT = 1
SUFFIX = ".lock.json"


@dataclass(frozen=True, slots=True)
class Known:
    """One address of a name: the day it was first in the answer and, once it is not, the last day it was."""

    since: str
    last: str | None = None


@dataclass(frozen=True, slots=True)
class LockedName:
    """One name in the lock.

    - `addresses`: every address that counts, ascending; one that left the answer counts until its grace period ends.
    - `aliases`: the CNAME chain, in order, ending in the name that has the addresses.
    - `ttl`: seconds; the maximum seen, because a cache counts down.
    - `resolver`: the server that answered; `changed`: when the answer last changed, in UTC.
    """

    addresses: Mapping[Network, Known]
    aliases: tuple[str, ...]
    ttl: int
    resolver: str
    changed: str


@dataclass(frozen=True, slots=True)
class Lock:
    """A whole lock file. `resolved` is when the names were last resolved, in UTC: 2026-11-24T03:00:00Z."""

    deployment: str
    grace_days: int
    resolved: str
    names: Mapping[str, LockedName] = field(default_factory=dict)

    def addresses(self) -> dict[str, tuple[Network, ...]]:
        """Host name -> its addresses, both in order."""
        return {name: tuple(sorted(locked.addresses)) for name, locked in sorted(self.names.items())}


def lock_path(deployment_file: str) -> str:
    """The path of the lock that belongs to a deployment file."""
    return deployment_file + SUFFIX


def lock_text(lock: Lock) -> str:
    """The text of the file: keys in a fixed order, names and addresses sorted, one address a line."""
    document = _document(lock)
    document["digest"] = digest_of(document)
    names = ",\n".join(_name_text(name, locked) for name, locked in document["names"].items())
    lines = [f"  {_json(key)}: {_json(value)}" for key, value in document.items() if key != "names"]
    lines.insert(-1, '  "names": ' + (f"{{\n{names}\n  }}" if names else "{}"))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _document(lock: Lock) -> dict[str, Any]:
    return {
        "lock": FORMAT,
        "deployment": lock.deployment,
        "grace_days": lock.grace_days,
        "resolved": lock.resolved,
        "names": {name: _locked(lock.names[name]) for name in sorted(lock.names)},
    }


def _locked(locked: LockedName) -> dict[str, Any]:
    return {
        "aliases": list(locked.aliases),
        "ttl": locked.ttl,
        "resolver": locked.resolver,
        "changed": locked.changed,
        "addresses": {
            str(network).partition("/")[0]: {"since": known.since, **({"last": known.last} if known.last else {})}
            for network, known in sorted(locked.addresses.items())
        },
    }


def _name_text(name: str, locked: Mapping[str, Any]) -> str:
    lines = [f"      {_json(key)}: {_json(value)}" for key, value in locked.items() if key != "addresses"]
    addresses = ",\n".join(f"        {_json(address)}: {_json(known)}" for address, known in locked["addresses"].items())
    lines.append('      "addresses": ' + (f"{{\n{addresses}\n      }}" if addresses else "{}"))
    return f"    {_json(name)}: {{\n" + ",\n".join(lines) + "\n    }"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def digest_of(document: Mapping[str, Any]) -> str:
    """The SHA-256, in hexadecimal, of a lock's canonical JSON without the key `digest`."""
    content = {key: value for key, value in document.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
