"""What several commands share: which clouds are meant, and how warnings and JSON are printed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Place, Problem, one_of


def chosen_clouds(deployment: Deployment, cloud: str | None, directory: str) -> dict[str, str]:
    """The clouds to work for, each with its directory: `directory` itself for one, a folder of it for each of several."""
    named = sorted(deployment.clouds)
    if cloud is not None:
        if cloud not in named:
            place = Place(deployment.place.file, key="cloud")
            raise InputError(Problem(place, f"The file does not name the cloud {cloud!r}.", f"Choose {one_of(named)}."))
        return {cloud: directory}
    if len(named) == 1:
        return {named[0]: directory}
    return {name: f"{directory.rstrip('/')}/{name}" for name in named}


def print_warnings(*groups: tuple[Problem, ...]) -> None:
    """Print each different warning once, on standard error."""
    for problem in dict.fromkeys(problem for group in groups for problem in group):
        print(problem, file=sys.stderr)


def look_at_lock(deployment: Deployment) -> None:
    """Warn on standard error where the lock of host names is old. Raises InputError for one from the future."""
    if deployment.pinned is None:
        return
    from datetime import UTC, datetime

    from esacloud.hostnames.pinned import age_problems

    found = tuple(age_problems(deployment, datetime.now(UTC)))
    if any(problem.severity == "error" for problem in found):
        raise InputError(*found)
    print_warnings(found)


def print_json(document: Mapping[str, Any]) -> None:
    """Print a JSON document for programs, readable for people too."""
    from json import dumps

    print(dumps(document, indent=2, ensure_ascii=False))
