"""What several commands share: options of the catalogue, the chosen clouds, and printing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from esacloud.errors import EsacloudError, InputError, Place, Problem, one_of

if TYPE_CHECKING:
    from esacloud.deployment.model import Deployment


def add_catalogue_options(parser: ArgumentParser) -> None:
    """`--lang`, `--json` and `--catalogue` of `ports` and `explain`."""
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the texts (default: en)")
    parser.add_argument("--json", action="store_true", help="print JSON, with texts in both languages")
    parser.add_argument("--catalogue", metavar="FILE", help="use this catalogue file instead of the shipped one")


def terminal_width() -> int | None:
    """The width of the terminal in columns; None when the output is not a terminal, so that lines are not wrapped."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def chosen_clouds(deployment: Deployment, cloud: str | None, directory: str) -> dict[str, str]:
    """The clouds to work on, each with its directory: `directory` itself for one, a subdirectory for each of several."""
    known = sorted(deployment.clouds)
    if cloud is not None:
        if cloud not in known:
            place = Place(deployment.place.file, key="cloud")
            raise InputError.at(place, f"The file does not name the cloud {cloud!r}.", f"Choose {one_of(known)}.")
        return {cloud: directory}
    if len(known) == 1:
        return {known[0]: directory}
    return {name: f"{directory.rstrip('/')}/{name}" for name in known}


def print_warnings(*groups: tuple[Problem, ...]) -> None:
    """Print each different warning once, on standard error."""
    for problem in dict.fromkeys(problem for group in groups for problem in group):
        print(problem, file=sys.stderr)


def look_at_lock(deployment: Deployment) -> None:
    """Warn on standard error when the lock of host names is old. Raises InputError for one from the future."""
    if deployment.pinned is None:
        return
    from datetime import UTC, datetime

    from esacloud.hostnames.pinned import age_problems

    found = tuple(age_problems(deployment, datetime.now(UTC)))
    if any(problem.severity == "error" for problem in found):
        raise InputError(*found)
    print_warnings(found)


def print_json(document: Mapping[str, Any]) -> None:
    """Print a document for programs, indented for people."""
    from json import dumps

    print(dumps(document, indent=2, ensure_ascii=False))


def print_error(error: EsacloudError) -> None:
    """Print an error on standard error; a refusal of the guardrails with reasons, and waivers to paste."""
    from esacloud.workflow import GuardrailError

    if isinstance(error, GuardrailError):
        from esacloud.report.text.findings import judgement_lines

        print("\n".join(judgement_lines(error.judgement, error.place)), file=sys.stderr)
    else:
        print(error, file=sys.stderr)
