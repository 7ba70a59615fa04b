"""What plan, apply, destroy and restore share: how to reach the cloud, the lab, the state directory, asking, progress."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from esacloud.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from esacloud.change.execute import Progress
    from esacloud.deployment.model import Deployment
    from esacloud.live.cloud import Connection, LiveCloud
    from esacloud.live.model import Step
    from esacloud.policy.cloud import Lowered


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


def add_foreign(parser: ArgumentParser) -> None:
    """The option on rules that somebody else made in our groups."""
    parser.add_argument(
        "--foreign",
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
    return (Path(home) if home else Path.home() / ".local" / "state") / "esacloud"


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
    connection = module.connection(lab.address)
    made = module.furnish(connection, deployment, lowered)
    print(f"lab: {cloud} at {lab.address}, a local stand-in; nothing outside this machine is touched", file=sys.stderr)
    if made:
        print(f"lab: made there for the file, empty: {', '.join(made)}", file=sys.stderr)
    return run.connect(deployment, cloud, connection), connection


def _connection(arguments: Namespace) -> Connection:
    from esacloud.live.cloud import Connection

    return Connection(profile=arguments.profile, region=arguments.region, endpoint_url=arguments.endpoint_url)


def restore_connection(arguments: Namespace, cloud: str) -> Connection:
    """How a restore reaches its cloud: the lab has to be running, for a new one has nothing to bring back."""
    if not arguments.lab:
        return _connection(arguments)
    from esacloud.lab import process

    lab = process.running(cloud, state_directory(arguments))
    if lab is None:
        what = f"The lab for {cloud} is not running, and what was in it is gone."
        raise InputError(Problem(Place("--lab"), what, "Apply a deployment file to a new lab."))
    connection: Connection = process.lab_module(cloud).connection(lab.address)
    return connection


def check_can_ask(arguments: Namespace, what: str) -> None:
    """Refuse, before anything is read, where nobody can answer."""
    if arguments.yes or (sys.stdin.isatty() and not arguments.json):
        return
    raise InputError(Problem(Place(what), "There is nobody here to ask.", "Add --yes to go on without asking."))


def agreed(question: str) -> bool:
    """Ask on the terminal; only `yes` or `y` is yes."""
    print(f"{question} [yes/no] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def progress() -> Progress | None:
    """A line for each step on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        return None
    from esacloud.change.execute import said

    words: Callable[[Step], str] = said

    def show(number: int, of: int, step: Step) -> None:
        print(f"[{number + 1}/{of}] {words(step)}", file=sys.stderr)

    return show
