"""What plan, apply, destroy and restore share: connection, lab, state directory, approval, progress, doing the plans."""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from esacloud.cli.common import chosen_clouds, look_at_lock, print_json, print_warnings
from esacloud.errors import InputError

if TYPE_CHECKING:
    from esacloud.change.execute import Progress
    from esacloud.change.live import Connection, LiveCloud
    from esacloud.change.model import ChangePlan
    from esacloud.change.retry import Backoff
    from esacloud.deployment.model import Deployment
    from esacloud.policy.lowered import Lowered


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}  # seconds


def add_deployment(parser: ArgumentParser) -> None:
    """The deployment file, and which of its clouds."""
    parser.add_argument("file", metavar="FILE", help="the deployment file (YAML or JSON)")
    parser.add_argument("--cloud", metavar="CLOUD", help="only this cloud of the file")


def add_connection(parser: ArgumentParser) -> None:
    """Options for the connection to the cloud, and for the state directory."""
    parser.add_argument("--profile", help="the credentials profile")
    parser.add_argument("--region", help="the region, instead of the one in the file")
    parser.add_argument("--endpoint-url", metavar="URL", help="another endpoint of the cloud's API, such as a local server")
    parser.add_argument("--lab", action="store_true", help="use a local cloud, started if it is not running")
    parser.add_argument(
        "--state-dir", metavar="DIR", type=Path, help="where snapshots, locks and labs are kept (~/.local/state/esacloud)"
    )
    add_timeout(parser)


def add_timeout(parser: ArgumentParser) -> None:
    """The option for how long throttled calls are retried."""
    parser.add_argument(
        "--timeout",
        metavar="TIME",
        type=seconds,
        help="how long to retry throttled calls, in total: 90s, 10m (default), 1h",
    )


def seconds(text: str) -> float:
    """The seconds of `90`, `90s`, `10m` or `1h`. Raises ArgumentTypeError."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh]?)", text, re.ASCII)
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not value:
        raise ArgumentTypeError(f"{text!r} is not a duration of more than 0 seconds. Write 90s, 10m or 1h.")
    return value


def backoff_of(arguments: Namespace) -> Backoff:
    """How calls are retried, for as long as `--timeout` says."""
    from esacloud.change.retry import Backoff

    return Backoff() if arguments.timeout is None else Backoff(timeout=arguments.timeout)


def add_unmanaged(parser: ArgumentParser) -> None:
    """The option for unmanaged rules in our groups."""
    parser.add_argument(
        "--unmanaged",
        choices=("report", "keep", "purge"),
        default="report",
        help="rules in our groups that esacloud did not make: leave and report (default), keep, or remove",
    )


def add_changing(parser: ArgumentParser) -> None:
    """Options of the commands that change a cloud."""
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask for approval")
    parser.add_argument(
        "--snapshot", metavar="DIR", type=Path, help="where the snapshot is written (snapshots/ in the state directory)"
    )


def state_directory(arguments: Namespace) -> Path:
    """`--state-dir`, else `esacloud` in XDG_STATE_HOME (https://specifications.freedesktop.org/basedir-spec/)."""
    if arguments.state_dir is not None:
        return Path(arguments.state_dir)
    home = os.environ.get("XDG_STATE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".local" / "state") / "esacloud"
    except RuntimeError:  # a user without a passwd entry, as in a container
        message = "This user has no home directory to keep the state in."
        raise InputError.at("--state-dir", message, "Name a directory, or set HOME.") from None


def connected(
    arguments: Namespace, deployment: Deployment, cloud: str, lowered: Lowered | None
) -> tuple[LiveCloud, Connection]:
    """The live cloud that the arguments name; with `--lab` the lab, started and furnished."""
    from esacloud import workflow

    if not arguments.lab:
        connection = _connection(arguments)
        return workflow.connect(deployment, cloud, connection), connection
    from esacloud.lab import process

    lab = process.start(cloud, state_directory(arguments))
    module = process.lab_of(cloud)
    connection = _patient(arguments, module.connection(lab.address))
    made = module.furnish(connection, deployment, lowered)
    print(f"lab: {cloud} at {lab.address}, a local cloud; nothing outside this machine is touched", file=sys.stderr)
    if made:
        print(f"lab: created, empty, because the file names them: {', '.join(made)}", file=sys.stderr)
    return workflow.connect(deployment, cloud, connection), connection


def planned(arguments: Namespace) -> list[tuple[LiveCloud, ChangePlan]]:
    """For each chosen cloud of the file, the live cloud and what apply would change there. Prints warnings."""
    from esacloud import workflow
    from esacloud.change import run as change

    deployment = workflow.read_deployment(arguments.file)
    look_at_lock(deployment)
    found = []
    for cloud in chosen_clouds(deployment, arguments.cloud, ""):
        lowered = workflow.lower(deployment, cloud)
        print_warnings(lowered.policy.warnings)
        live, _ = connected(arguments, deployment, cloud, lowered)
        found.append((live, change.plan(live, lowered, arguments.unmanaged)))
    print_warnings(deployment.warnings)
    return found


def _connection(arguments: Namespace) -> Connection:
    from esacloud.change.live import Connection

    found = Connection(profile=arguments.profile, region=arguments.region, endpoint_url=arguments.endpoint_url)
    return _patient(arguments, found)


def _patient(arguments: Namespace, connection: Connection) -> Connection:
    """The connection with the arguments' backoff and pace."""
    from dataclasses import replace

    return replace(connection, backoff=backoff_of(arguments), pace_directory=_pace_directory(arguments))


def _pace_directory(arguments: Namespace) -> Path | None:
    """Where the commands of this machine share their pace; None for a user without a home directory, who can still plan."""
    try:
        return state_directory(arguments) / "pace"
    except InputError:
        return None


def restore_connection(arguments: Namespace, cloud: str) -> Connection:
    """The connection of a restore. With `--lab` the lab must be running, because a new one has nothing to restore."""
    if not arguments.lab:
        return _connection(arguments)
    from esacloud.lab import process

    lab = process.running(cloud, state_directory(arguments))
    if lab is None:
        message = f"The lab for {cloud} is not running, so its content is lost."
        raise InputError.at("--lab", message, "Apply a deployment file to a new lab.")
    return _patient(arguments, process.lab_of(cloud).connection(lab.address))


def check_can_ask(arguments: Namespace, file: str) -> None:
    """Raises InputError, before anything is read, when nobody can approve."""
    if arguments.yes or (sys.stdin.isatty() and not arguments.json):
        return
    message = "The plan cannot be approved without a terminal, or with --json."
    raise InputError.at(file, message, "Add --yes to apply it without approval.")


def _approved(question: str) -> bool:
    """Ask on the terminal."""
    print(f"{question}\nOnly 'yes' will be accepted to approve: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() == "yes"


def _notice(text: str) -> None:
    """Say why the command waits, on a terminal."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr)


def _progress() -> Progress | None:
    """A line for each step on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        return None
    from esacloud.change.plan import step_summary

    return lambda number, count, step: print(f"[{number + 1}/{count}] {step_summary(step)}", file=sys.stderr)


def approve_and_apply(arguments: Namespace, pending: Sequence[tuple[LiveCloud, ChangePlan]], question: str) -> int:
    """Apply the plans, once approved. Returns the exit code: 1 for unmanaged rules to review, or without approval."""
    from esacloud.change import run as change
    from esacloud.report.json.plan import applied_document
    from esacloud.report.text.plan import applied_text, plan_text

    if not arguments.json:
        print("\n\n".join(plan_text(plan) for _, plan in pending), flush=True)
    ask = not arguments.yes and not all(plan.empty for _, plan in pending)
    if ask and not _approved(question):
        print("Not approved. Nothing was changed.")
        return 1
    done = []
    for live, plan in pending:
        state, snapshots = state_directory(arguments), arguments.snapshot
        applied = change.apply(live, plan, state, shown=ask, snapshots=snapshots, progress=_progress(), notice=_notice)
        done.append(applied)
        if not arguments.json and not plan.empty:
            print(f"\n{applied_text(applied)}", flush=True)
    if arguments.json:
        print_json(applied_document(done))
    return int(any(applied.plan.unmanaged == "report" and applied.plan.left_unmanaged for applied in done))
