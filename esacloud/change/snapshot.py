"""Snapshots: the state before a change, on disk before the first call that changes anything.

A file is written whole or not at all, readable by its owner alone, and flushed to the disk before its name is printed. It
holds groups, rules and ids; nothing in it is a secret.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from esacloud.change.live import LiveCloud
from esacloud.change.model import LiveGroup, LiveRule, State, digest, quotas_taken
from esacloud.errors import InputError, OutsideError, Place, Problem, refuse

FORMAT = 2
PRIVATE_FILE, PRIVATE_DIRECTORY = 0o600, 0o700
UNCHANGED_FILE = "Use the file as it was written."


def write(directory: Path, state: State, now: datetime) -> Path:
    """Write a snapshot into the directory, created if needed. Raises OutsideError when the disk refuses it."""
    text = json.dumps(_document(state, now), indent=2, ensure_ascii=False) + "\n"
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    path = directory / f"{state.deployment}-{state.cloud}-{stamp}-{state.fingerprint()[:8]}.json"
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIRECTORY)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_directory(directory)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise OutsideError(
            f"{directory}: the snapshot of the old state cannot be written ({error.strerror}), and without it nothing is "
            "changed. Name another directory with --snapshot."
        ) from error
    return path


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _document(state: State, now: datetime) -> dict[str, Any]:
    """The state as a JSON value (schemas/snapshot.schema.json), with a digest of all of it."""
    content = {
        "esacloud_snapshot": FORMAT,
        "cloud": state.cloud,
        "deployment": state.deployment,
        "taken": now.astimezone(UTC).isoformat(timespec="seconds"),
        "scope": dict(state.scope),
        "limits": dict(state.limits),
        "attachments_read": state.attachments is not None,
        "groups": [_group(group) for group in state.groups],
    }
    return {**content, "digest": digest(content)}


def _group(group: LiveGroup) -> dict[str, Any]:
    return {
        "name": group.name,
        "interface": group.interface,
        "id": group.id,
        "title": group.title,
        "description": group.description,
        "tags": dict(group.tags),
        "attached": list(group.attached),
        "made_here": group.made_here,
        "adopted": group.adopted,
        "rules": [
            {"key": rule.key, "description": rule.description, "native": dict(rule.native), "counts": dict(rule.counts)}
            for rule in group.rules
        ],
    }


def load(path: str, *, edited: bool = False) -> dict[str, Any]:
    """The document of a snapshot. Raises InputError for a file that is not one, and for one that was changed since.

    `edited` accepts a file that was changed on purpose. Whether its cloud exists, the caller checks.
    """
    place = Place(path)
    hint = "Name a file that `esacloud apply` wrote; it prints the name at its end."
    try:
        found = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(Problem(place, f"The file cannot be read: {error.strerror}.", hint)) from None
    except (ValueError, RecursionError):
        raise InputError(Problem(place, "The file is not JSON.", hint)) from None
    if not isinstance(found, Mapping) or found.get("esacloud_snapshot") != FORMAT:
        raise InputError(Problem(place, "The file is not a snapshot of this version of esacloud.", hint))
    _check_form(found, path)
    content = {key: value for key, value in found.items() if key != "digest"}
    if found["digest"] != digest(content) and not edited:
        message = "The snapshot has been changed: its digest does not match its content."
        hint = "Use the file as it was written, or add --edited if you changed it."
        raise InputError(Problem(Place(path, key="digest"), message, hint))
    return dict(found)


def _check_form(found: Mapping[str, Any], path: str) -> None:
    from jsonschema import Draft202012Validator

    from esacloud.json_files import schema

    refuse(
        Problem(Place(path, key=".".join(map(str, error.absolute_path))), f"{error.message}.", UNCHANGED_FILE)
        for error in Draft202012Validator(schema("snapshot")).iter_errors(found)
    )


def state_of(document: Mapping[str, Any], live: LiveCloud) -> State:
    """The state that a snapshot's document holds. Raises InputError for a rule that the snapshot's cloud does not have."""
    groups = []
    for group in document["groups"]:
        rules = tuple(_live_rule(live, group["name"], rule) for rule in group["rules"])
        groups.append(LiveGroup(**{**group, "rules": rules, "attached": tuple(group["attached"])}))
    return State(
        *(document["cloud"], document["deployment"], document["scope"], tuple(groups)),
        limits=_with_room_for(groups, document["limits"]),
        attachments={} if document["attachments_read"] else None,
    )


def _live_rule(live: LiveCloud, group: str, rule: Mapping[str, Any]) -> LiveRule:
    try:
        return live.rule_from_native(rule["native"], rule["description"], tuple(rule["counts"].items()))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"The rule {rule['key']} of {group} is not a rule of the snapshot's cloud: {error!r}."
        raise InputError(Problem(Place("snapshot", key="groups"), message, UNCHANGED_FILE)) from error


def _with_room_for(groups: Iterable[LiveGroup], limits: Mapping[str, int]) -> dict[str, int]:
    """The limits of the file that was applied, raised to what the state before it uses."""
    room = dict(limits)
    for group in groups:
        for (_, quota), count in quotas_taken(group.rules).items():
            room[quota] = max(room.get(quota, 0), count)
    return room
