"""What plan, apply, destroy and restore share: how to reach the cloud, the lab, the state directory, asking, progress."""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from esacloud.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from esacloud.change.execute import Progress
    from esacloud.change.live import Connection, LiveCloud
    from esacloud.change.model import Step
    from esacloud.change.retry import Backoff
    from esacloud.deployment.model import Deployment
    from esacloud.policy.lowered import Lowered


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}  # seconds


def add_connection(parser: ArgumentParser, *, lab: bool = True) -> None:
    """Options on how to reach the cloud, and where this machine keeps its state."""
    parser.add_argument("--profile", help="the profile of credentials")
    parser.add_argument("--region", help="another region than the file's")
    parser.add_argument("--endpoint-url", metavar="URL", help="another endpoint of the cloud's API, as a local server's")
    if lab:
        parser.add_argument("--lab", action="store_true", help="a local cloud instead, started where it is not running")
    parser.add_argument(
        "--state-dir", metavar="DIR", type=Path, help="where snapshots, locks and labs are (~/.local/state/esacloud)"
    )
    add_timeout(parser)


def add_timeout(parser: ArgumentParser) -> None:
    """The option on how long a throttling cloud is asked again."""
    parser.add_argument(
        "--timeout",
        metavar="TIME",
        type=seconds,
        help="how long to go on while the cloud throttles, in all: 90s, 10m (the default), 1h",
    )


def seconds(text: str) -> float:
    """The seconds of `90`, `90s`, `10m` or `1h`. Raises ArgumentTypeError."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh]?)", text, re.ASCII)
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not value:
        raise ArgumentTypeError(f"{text!r} is not a time of more than 0 seconds. Write 90s, 10m or 1h.")
    return value


def backoff_of(arguments: Namespace) -> Backoff:
    """How calls are tried again: as usual, but for as long as `--timeout` says."""
    from esacloud.change.retry import Backoff

    return Backoff() if arguments.timeout is None else Backoff(timeout=arguments.timeout)


def add_unmanaged(parser: ArgumentParser) -> None:
    """The option on rules that somebody else made in our groups."""
    parser.add_argument(
        "--unmanaged",
        choices=("report", "keep", "purge"),
        default="report",
        help="rules in our groups that esacloud did not make: leave and report (default), keep, or take away",
    )


def add_changing(parser: ArgumentParser) -> None:
    """Options of the commands that change something."""
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument(
        "--snapshot", metavar="DIR", type=Path, help="where the old state is kept (snapshots/ of the state)"
    )


def state_directory(arguments: Namespace) -> Path:
    """`--state-dir`, else `esacloud` in XDG_STATE_HOME (https://specifications.freedesktop.org/basedir-spec/)."""
    if arguments.state_dir is not None:
        return Path(arguments.state_dir)
    home = os.environ.get("XDG_STATE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".local" / "state") / "esacloud"
    except RuntimeError:  # a user without an entry in the list of users, as in a container
        message = "This user has no home directory to keep the state in."
        raise InputError(Problem(Place("--state-dir"), message, "Name a directory, or set HOME.")) from None


def connected(
    arguments: Namespace, deployment: Deployment, cloud: str, lowered: Lowered | None
) -> tuple[LiveCloud, Connection]:
    """The live cloud that the arguments mean, the lab started and furnished where they ask for it."""
    from esacloud.change import run

    if not arguments.lab:
        connection = _connection(arguments)
        return run.connect(deployment, cloud, connection), connection
    from esacloud.lab import process

    lab = process.start(cloud, state_directory(arguments))
    module = process.lab_module(cloud)
    connection = _patient(arguments, module.connection(lab.address))
    made = module.furnish(connection, deployment, lowered)
    print(f"lab: {cloud} at {lab.address}, a local stand-in; nothing outside this machine is touched", file=sys.stderr)
    if made:
        print(f"lab: made there for the file, empty: {', '.join(made)}", file=sys.stderr)
    return run.connect(deployment, cloud, connection), connection


def _connection(arguments: Namespace) -> Connection:
    from esacloud.change.live import Connection

    found = Connection(profile=arguments.profile, region=arguments.region, endpoint_url=arguments.endpoint_url)
    return _patient(arguments, found)


def _patient(arguments: Namespace, connection: Connection) -> Connection:
    """The connection with what the arguments say about a cloud that throttles."""
    from dataclasses import replace

    return replace(connection, backoff=backoff_of(arguments), pace_directory=_pace_directory(arguments))


def _pace_directory(arguments: Namespace) -> Path | None:
    """Where the commands of this machine share their pace; None for a user without a home, who may still plan."""
    try:
        return state_directory(arguments) / "pace"
    except InputError:
        return None


def restore_connection(arguments: Namespace, cloud: str) -> Connection:
    """How a restore reaches its cloud: the lab has to be running, for a new one has nothing to bring back."""
    if not arguments.lab:
        return _connection(arguments)
    from esacloud.lab import process

    lab = process.running(cloud, state_directory(arguments))
    if lab is None:
        message = f"The lab for {cloud} is not running, and what was in it is gone."
        raise InputError(Problem(Place("--lab"), message, "Apply a deployment file to a new lab."))
    return _patient(arguments, process.lab_module(cloud).connection(lab.address))


def check_can_ask(arguments: Namespace, message: str) -> None:
    """Refuse, before anything is read, where nobody can answer."""
    if arguments.yes or (sys.stdin.isatty() and not arguments.json):
        return
    raise InputError(Problem(Place(message), "There is nobody here to ask.", "Add --yes to go on without asking."))


def agreed(question: str) -> bool:
    """Ask on the terminal; only `yes` or `y` is yes."""
    print(f"{question} [yes/no] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def notice(text: str) -> None:
    """Say why nothing happens for a while, on a terminal."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr)


def progress() -> Progress | None:
    """A line for each step on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        return None
    from esacloud.change.execute import said

    words: Callable[[Step], str] = said

    def show(number: int, of: int, step: Step) -> None:
        print(f"[{number + 1}/{of}] {words(step)}", file=sys.stderr)

    return show
