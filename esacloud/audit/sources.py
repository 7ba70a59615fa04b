"""Reading the sources of an audit: JSON files of any cloud, recognized by their content; several count as one.

A file that is truncated, not JSON, or not a document of a cloud is an InputError that lists the accepted documents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from esacloud import provider as clouds
from esacloud.errors import InputError, Place, Problem
from esacloud.policy.actual import ActualGroup, ActualGroups

T = TypeVar("T")


def read_files(paths: list[str]) -> ActualGroups:
    """The groups of all files together. Raises InputError with every problem, also for files of different clouds."""
    found: list[tuple[str, ActualGroups]] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found.extend((path, groups) for groups in read_file(path))
        except InputError as error:
            problems.extend(error.problems)
    problems.extend(_other_clouds(found))
    problems.extend(_duplicate_groups(found))
    if not problems and not any(groups.groups for _, groups in found):
        problems.append(Problem(Place(paths[0]), "The file has no group.", "Run the cloud's command without a filter."))
    if problems:
        raise InputError(*problems)
    return _merged([groups for _, groups in found])


def _other_clouds(found: list[tuple[str, ActualGroups]]) -> Iterator[Problem]:
    for path, groups in found:
        if groups.cloud != found[0][1].cloud:
            message = f"The file is for {groups.cloud}, and {found[0][0]} is for {found[0][1].cloud}."
            yield Problem(Place(path), message, "Audit one at a time.")


def _duplicate_groups(found: list[tuple[str, ActualGroups]]) -> Iterator[Problem]:
    """Different groups with the same id: neither may be skipped. Two gateways' states use the same addresses."""
    seen: dict[str, tuple[str, ActualGroup]] = {}
    for path, part in found:
        for group in filter(lambda candidate: candidate.rules, part.groups):  # one without rules contradicts none
            other_path, other = seen.setdefault(group.id, (path, group))
            if group != other:
                message = f"The file has a group {group.id}, and {other_path} has a different group of that name."
                yield Problem(Place(path), message, "Audit one at a time.")


def read_file(path: str) -> list[ActualGroups]:
    """The groups of one file, cloud by cloud. Raises InputError."""
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise InputError.at(path, f"The file cannot be read: {error.strerror}.", "Name a file.") from None
    return read_text(text, path)


def read_text(text: bytes, path: str) -> list[ActualGroups]:
    """The same for the content of a file; `path` names it in errors."""
    try:
        document = json.loads(text)
    except UnicodeDecodeError:
        raise InputError.at(path, "The file is not UTF-8 text.", "Save the JSON in UTF-8.") from None
    except RecursionError:
        raise InputError.at(path, "The file is nested too deeply.", "Use the cloud's output unchanged.") from None
    except json.JSONDecodeError as error:
        place = Place(path, error.lineno, error.colno)
        end = error.pos >= len(error.doc.rstrip()) - 1 or error.msg.startswith("Unterminated string")
        message = "The JSON in the file is truncated." if end else f"The file is not JSON: {error.msg}."
        raise InputError.at(place, message, "Save the complete output again.") from None
    readers = [clouds.load(cloud).inventory() for cloud in clouds.CLOUDS]
    found = [groups for reader in readers if (groups := reader.read_groups(document)) is not None]
    if not found:
        known = "; ".join(dict.fromkeys(source for reader in readers for source in reader.SOURCES))
        message = f"The file is JSON, but not a document that can be audited: {_summary(document)}."
        raise InputError.at(path, message, f"Use the output of one of: {known}.")
    return found


def _summary(document: Any) -> str:
    if isinstance(document, dict):
        keys = ", ".join(map(str, list(document)[:4]))
        return f"it has the keys {keys}" if keys else "it is empty"
    return f"it is a {type(document).__name__}"


def _merged(parts: list[ActualGroups]) -> ActualGroups:
    """All parts as one. A later part does not replace a group's rules or an attachment's groups with none."""
    if len(parts) == 1:
        return parts[0]
    groups: dict[str, ActualGroup] = {}
    for group in _joined(parts, lambda part: part.groups):
        if group.rules or group.id not in groups:
            groups[group.id] = group
    names: dict[str, str] = {}  # of attachments; ARM's ids are case-insensitive
    for name in _joined(parts, lambda part: part.attached):
        names.setdefault(_folded(name), name)
    attached = _joined(parts, lambda part: part.attached.items())
    inside = _joined(parts, lambda part: part.inside.items())
    return ActualGroups(
        parts[0].cloud,
        tuple(groups.values()),
        parts[0].together,
        _filled((names[_folded(name)], ids) for name, ids in attached),
        _joined(parts, lambda part: part.unknown),
        tuple(dict.fromkeys(_joined(parts, lambda part: part.notes))),
        frozenset(_joined(parts, lambda part: part.public_address_spaces)),
        {names.get(_folded(name), name): subnets for name, subnets in inside},
        _filled(_joined(parts, lambda part: part.around.items())),
        frozenset(_joined(parts, lambda part: part.apart)),
    )


def _joined(parts: list[ActualGroups], values: Callable[[ActualGroups], Iterable[T]]) -> tuple[T, ...]:
    return tuple(chain.from_iterable(map(values, parts)))


def _filled(items: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """A mapping of the items in which an empty value never replaces another."""
    found: dict[str, tuple[str, ...]] = {}
    for name, ids in items:
        found[name] = ids or found.get(name, ())
    return found


def _folded(name: str) -> str:
    return name.lower() if name.startswith("/") else name
