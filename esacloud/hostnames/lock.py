"""The lock file beside a deployment file: the addresses of each host name, since when, and who answered.

The lock holds everything that a policy needs, so nothing is resolved later. Its digest detects edits; each error in reading
it has a hint. Two runs with the same answers differ in two lines (`resolved` and `digest`). No clock, no network: days and
times are parameters.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from esacloud.errors import InputError, Place
from esacloud.packets.addresses import BITS, AddressError, Network, parse_network

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


LARGEST = 16 * 1024 * 1024  # bytes; 1,000 names with 20 addresses each take about 1.3 MB
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_AGAIN = "Remove the lock and run `esacloud resolve` with the deployment file."


class _DeviationError(Exception):
    """A part of the document that differs from what esacloud writes: its key and a message."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key, self.message = key, message


def read_lock(path: str, deployment: str) -> Lock | None:
    """The lock at a path, or None when there is no file. `deployment` is the name that the lock has to have.

    Raises InputError for a file that cannot be read, was edited, or belongs to another deployment.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"The lock cannot be read: {error.strerror}."
        raise InputError.at(path, message, "Check its permissions.") from None
    try:
        document = json.loads(data) if len(data) <= LARGEST else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "lock" not in document:
        raise InputError.at(path, "The file is not a lock of esacloud, or is truncated.", _AGAIN)
    if document["lock"] != FORMAT or type(document["lock"]) is not int:
        message = f"The lock has format {document['lock']!r:.40}; this version of esacloud reads format {FORMAT}."
        raise InputError.at(Place(path, key="lock"), message, f"Use the version that wrote it, or: {_AGAIN}")
    if document.get("digest") != digest_of(document):
        message = "The lock was edited after esacloud wrote it: its digest does not match its content."
        raise InputError.at(Place(path, key="digest"), message, f"Revert the edit, or: {_AGAIN}")
    try:
        lock = _lock(document)
    except _DeviationError as deviation:
        raise InputError.at(Place(path, key=deviation.key), deviation.message, _AGAIN) from None
    if lock.deployment != deployment:
        message = f"The lock is for the deployment {lock.deployment!r}; the deployment file has {deployment!r}."
        raise InputError.at(Place(path, key="deployment"), message, _AGAIN)
    return lock


def _lock(document: dict[str, Any]) -> Lock:
    names = _typed(document, "names", dict)
    return Lock(
        deployment=_typed(document, "deployment", str),
        grace_days=_typed(document, "grace_days", int),
        resolved=_time(_TIME, document, "resolved"),
        names={name: _name(value, f"names.{name}") for name, value in names.items()},
    )


def _name(value: Any, key: str) -> LockedName:
    if not isinstance(value, dict):
        raise _DeviationError(key, "The value is not an object.")
    aliases = _typed(value, "aliases", list, key)
    if not all(isinstance(alias, str) for alias in aliases):
        raise _DeviationError(f"{key}.aliases", "The list has an item that is not a host name.")
    addresses = _typed(value, "addresses", dict, key)
    return LockedName(
        addresses={_address(text, key): _known(known, f"{key}.addresses.{text}") for text, known in addresses.items()},
        aliases=tuple(aliases),
        ttl=_typed(value, "ttl", int, key),
        resolver=_typed(value, "resolver", str, key),
        changed=_time(_TIME, value, "changed", key),
    )


def _address(text: str, key: str) -> Network:
    try:
        network = parse_network(text)
    except AddressError as error:
        raise _DeviationError(f"{key}.addresses", error.message) from None
    if network.prefix != BITS[network.version]:
        raise _DeviationError(f"{key}.addresses", f"{text} is a network, not a single address.")
    return network


def _known(value: Any, key: str) -> Known:
    if not isinstance(value, dict):
        raise _DeviationError(key, "The value is not an object.")
    return Known(_time(_DAY, value, "since", key), _time(_DAY, value, "last", key) if "last" in value else None)


def _typed(document: dict[str, Any], name: str, kind: type, key: str = "") -> Any:
    value = document.get(name)
    if type(value) is not kind:
        raise _DeviationError(f"{key}.{name}" if key else name, "The value is missing or has the wrong type.")
    return value


def _time(pattern: re.Pattern[str], document: dict[str, Any], name: str, key: str = "") -> str:
    text: str = _typed(document, name, str, key)
    try:
        valid = bool(pattern.match(text)) and bool(datetime.fromisoformat(text))
    except ValueError:
        valid = False
    if not valid:
        raise _DeviationError(
            f"{key}.{name}" if key else name, f"{text!r:.60} is not a date or time as esacloud writes it."
        )
    return text
