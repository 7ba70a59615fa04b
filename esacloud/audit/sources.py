"""Reading what an audit looks at: JSON files of any cloud, recognized by what is in them, several taken as one.

A file that is cut off, no JSON, or none of a cloud's documents is an InputError that says what would be taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from esacloud import provider as clouds
from esacloud.errors import InputError, Place, Problem
from esacloud.policy.actual import ActualGroup, ActualGroups


def read_files(paths: list[str]) -> ActualGroups:
    """The groups of all files together. Raises InputError with every problem, also for files of different clouds."""
    found: list[tuple[str, ActualGroups]] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found.extend((path, groups) for groups in read_file(path))
        except InputError as error:
            problems.extend(error.problems)
    problems.extend(
        Problem(
            Place(path),
            f"The file is about {groups.cloud}, and {found[0][0]} about {found[0][1].cloud}.",
            "Audit one at a time.",
        )
        for path, groups in found
        if groups.cloud != found[0][1].cloud
    )
    problems.extend(_duplicate_groups(found))
    if not problems and not any(groups.groups for _, groups in found):
        problems.append(Problem(Place(paths[0]), "There is no group in it.", "Ask the cloud again without a filter."))
    if problems:
        raise InputError(*problems)
    return _merged([groups for _, groups in found])


def _duplicate_groups(found: list[tuple[str, ActualGroups]]) -> Iterator[Problem]:
    """Groups of one id that differ: neither may be passed over. Two gateways' states name theirs alike."""
    seen: dict[str, tuple[str, ActualGroup]] = {}
    for path, part in found:
        for group in filter(lambda one: one.rules, part.groups):  # one without rules contradicts nobody
            before, same = seen.setdefault(group.id, (path, group))
            if group != same:
                message = f"The file has a group {group.id}, and {before} has another one of that name."
                yield Problem(Place(path), message, "Audit one at a time.")


def read_file(path: str) -> list[ActualGroups]:
    """What one file says, cloud by cloud. Raises InputError."""
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise InputError(Problem(Place(path), f"The file cannot be read: {error.strerror}.", "Give a file.")) from None
    return read_text(text, path)


def read_text(text: bytes, path: str) -> list[ActualGroups]:
    """The same for bytes at hand; `path` names them in errors."""
    try:
        document = json.loads(text)
    except UnicodeDecodeError:
        raise InputError(
            Problem(Place(path), "The file is not text in UTF-8.", "Write the JSON again, in UTF-8.")
        ) from None
    except RecursionError:
        raise InputError(Problem(Place(path), "The file is nested too deep.", "Give what the cloud printed.")) from None
    except json.JSONDecodeError as error:
        place = Place(path, error.lineno, error.colno)
        end = error.pos >= len(error.doc.rstrip()) - 1 or error.msg.startswith("Unterminated string")
        message = "The file ends in the middle of its JSON." if end else f"The file is no JSON: {error.msg}."
        raise InputError(Problem(place, message, "Write it again, whole.")) from None
    readers = [clouds.load(cloud).inventory() for cloud in clouds.CLOUDS]
    found = [groups for reader in readers if (groups := reader.read_groups(document)) is not None]
    if not found:
        known = "; ".join(dict.fromkeys(source for reader in readers for source in reader.SOURCES))
        message = f"The file is JSON, but none that can be audited: {_said(document)}."
        raise InputError(Problem(Place(path), message, f"Give the output of one of: {known}."))
    return found


def _said(document: Any) -> str:
    if isinstance(document, dict):
        keys = ", ".join(map(str, list(document)[:4]))
        return f"it has the keys {keys}" if keys else "it is empty"
    return f"it is a {type(document).__name__}"


def _merged(parts: list[ActualGroups]) -> ActualGroups:
    if len(parts) == 1:
        return parts[0]
    groups: dict[str, ActualGroup] = {}
    around: dict[str, tuple[str, ...]] = {}
    attached: dict[str, tuple[str, ...]] = {}
    called: dict[str, str] = {}  # ARM's ids are the same in any case
    for part in parts:
        for name, ids in part.attached.items():
            one = called.setdefault(_folded(name), name)
            attached[one] = ids or attached.get(one, ())
        for place, ids in part.around.items():
            around[place] = ids or around.get(place, ())
        for group in part.groups:
            groups[group.id] = group if group.rules or group.id not in groups else groups[group.id]
    return ActualGroups(
        parts[0].cloud,
        tuple(groups.values()),
        parts[0].together,
        attached,
        tuple(said for part in parts for said in part.unknown),
        tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        frozenset(address_space for part in parts for address_space in part.public_address_spaces),
        {called.get(_folded(name), name): places for part in parts for name, places in part.inside.items()},
        around,
        frozenset(address_space for part in parts for address_space in part.apart),
    )


def _folded(name: str) -> str:
    return name.lower() if name.startswith("/") else name
