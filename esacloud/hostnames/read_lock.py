"""Reading a lock file: its shape, its digest, and whose it is. What is wrong is told with what to do about it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from esacloud.errors import InputError, Place, Problem
from esacloud.hostnames.lock import FORMAT, Known, Lock, LockedName, digest_of
from esacloud.packets.addresses import BITS, AddressError, Network, parse_network

LARGEST = 16 * 1024 * 1024  # bytes; 1,000 names with 20 addresses each take about 1.3 MB
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_ANEW = "Make it anew: remove it, and run `esacloud resolve` with the deployment file."


class _DeviationError(Exception):
    """A part of the document that is not as esacloud writes it: its key, and what is wrong with it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key, self.message = key, message


def read_lock(path: str, deployment: str) -> Lock | None:
    """The lock at a path, or None where there is no file. `deployment` is the name that it has to be for.

    Raises InputError for a file that cannot be read, was edited by hand, or belongs to another deployment.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = Problem(Place(path), f"The lock cannot be read: {error.strerror}.", "Check its permissions.")
        raise InputError(problem) from None
    try:
        document = json.loads(data) if len(data) <= LARGEST else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "lock" not in document:
        raise InputError(Problem(Place(path), "The file is no lock of esacloud, or only the beginning of one.", _ANEW))
    if document["lock"] != FORMAT or type(document["lock"]) is not int:
        message = f"The lock has the format {document['lock']!r:.40}, and this version of esacloud reads {FORMAT}."
        raise InputError(Problem(Place(path, key="lock"), message, "Use the version that wrote it, or make it anew."))
    if document.get("digest") != digest_of(document):
        message = "The lock was edited since esacloud wrote it: its digest is not that of its content."
        raise InputError(Problem(Place(path, key="digest"), message, f"Bring the file back as it was, or: {_ANEW}"))
    try:
        lock = _lock(document)
    except _DeviationError as deviation:
        raise InputError(Problem(Place(path, key=deviation.key), deviation.message, _ANEW)) from None
    if lock.deployment != deployment:
        message = f"The lock is for the deployment {lock.deployment!r}, and the file beside it is {deployment!r}."
        raise InputError(Problem(Place(path, key="deployment"), message, _ANEW))
    return lock


def _lock(document: dict[str, Any]) -> Lock:
    names = _typed(document, "names", dict)
    return Lock(
        deployment=_typed(document, "deployment", str),
        grace_days=_typed(document, "grace_days", int),
        resolved=_like(_TIME, document, "resolved"),
        names={name: _name(said, f"names.{name}") for name, said in names.items()},
    )


def _name(said: Any, key: str) -> LockedName:
    if not isinstance(said, dict):
        raise _DeviationError(key, "This is no name with its addresses.")
    aliases = _typed(said, "aliases", list, key)
    if not all(isinstance(alias, str) for alias in aliases):
        raise _DeviationError(f"{key}.aliases", "These are no host names.")
    addresses = _typed(said, "addresses", dict, key)
    return LockedName(
        addresses={_address(text, key): _known(known, f"{key}.addresses.{text}") for text, known in addresses.items()},
        aliases=tuple(aliases),
        ttl=_typed(said, "ttl", int, key),
        resolver=_typed(said, "resolver", str, key),
        changed=_like(_TIME, said, "changed", key),
    )


def _address(text: str, key: str) -> Network:
    try:
        network = parse_network(text)
    except AddressError as error:
        raise _DeviationError(f"{key}.addresses", error.message) from None
    if network.prefix != BITS[network.version]:
        raise _DeviationError(f"{key}.addresses", f"{text} is a whole network, and a name stands for single addresses.")
    return network


def _known(said: Any, key: str) -> Known:
    if not isinstance(said, dict):
        raise _DeviationError(key, "This does not say since when the address is known.")
    return Known(_like(_DAY, said, "since", key), _like(_DAY, said, "last", key) if "last" in said else None)


def _typed(said: dict[str, Any], name: str, kind: type, key: str = "") -> Any:
    value = said.get(name)
    if type(value) is not kind:
        raise _DeviationError(f"{key}.{name}" if key else name, "The value is missing, or not of its kind.")
    return value


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _like(pattern: re.Pattern[str], said: dict[str, Any], name: str, key: str = "") -> str:
    text: str = _typed(said, name, str, key)
    if not (pattern.match(text) and _is_time(text)):
        raise _DeviationError(f"{key}.{name}" if key else name, f"{text!r:.60} is no time of esacloud's.")
    return text
