"""Run local clouds: start, stop, status, and how other programs connect to them.

`esacloud lab` lists the running labs. `esacloud lab start CLOUD` starts one, keeps it running and prints how to point
the cloud's SDK, its command line and terraform at it. `esacloud lab stop` stops all of them, or the named one; their
content is lost. `esacloud apply FILE --lab` starts the lab that it needs.
With --lag 2s, reads in the lab are two seconds old, as they may be in a real cloud.

example: esacloud lab start aws
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from esacloud.cli.common import print_json
from esacloud.cli.live_options import state_directory
from esacloud.errors import InputError

if TYPE_CHECKING:
    from esacloud.lab.process import RunningLab


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("status", "start", "stop"), default="status", help="what to do")
    from esacloud.errors import one_of
    from esacloud.provider import CLOUDS

    text = f"{one_of(tuple(CLOUDS))}; the default is all running labs, or {next(iter(CLOUDS))} for start"
    parser.add_argument("cloud", nargs="?", metavar="CLOUD", help=text)
    parser.add_argument(
        "--lag", metavar="TIME", help="for start: how old reads are (2s, 500ms), as they may be in a real cloud"
    )
    parser.add_argument("--state-dir", metavar="DIR", type=Path, help="where labs are kept (~/.local/state/esacloud)")
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/lab.schema.json)")


def run(arguments: Namespace) -> int:
    """Start, stop or list, and print the labs that run."""
    from esacloud.lab import process
    from esacloud.provider import CLOUDS
    from esacloud.report.json.plan import labs_document

    default = next(iter(CLOUDS))
    lag, directory = _lag(arguments), state_directory(arguments)
    if arguments.cloud:
        process.lab_of(arguments.cloud)
    match arguments.action:
        case "start":
            clouds = [arguments.cloud or default]
            lines = [_shown(process.start(clouds[0], directory, lag))]
        case "stop":
            clouds = _clouds(arguments)
            stopped = [cloud for cloud in clouds if process.stop(cloud, directory)]
            lines = [f"{cloud}: stopped" for cloud in stopped] or ["no lab was running"]
        case _:
            clouds = _clouds(arguments)
            lines = list(map(_shown, _running(clouds, directory))) or [
                f"no lab is running; `esacloud lab start {default}` starts one"
            ]
    if arguments.json:
        print_json(labs_document(_running(clouds, directory)))
    else:
        print("\n".join(lines))
    return 0


def _running(clouds: list[str], directory: Path) -> list[RunningLab]:
    from esacloud.lab import process

    return [lab for cloud in clouds if (lab := process.running(cloud, directory))]


def _clouds(arguments: Namespace) -> list[str]:
    from esacloud.provider import CLOUDS

    return [arguments.cloud] if arguments.cloud else list(CLOUDS)


def _lag(arguments: Namespace) -> float | None:
    from esacloud.lab.process import lag_of

    if arguments.lag is None:
        return None
    if arguments.action != "start":
        message = f"--lag is for `esacloud lab start`, and `esacloud lab {arguments.action}` starts no lab."
        hint = f"Write `esacloud lab start --lag {arguments.lag}`, or omit --lag."
        raise InputError.at("--lag", message, hint)
    return lag_of(arguments.lag)


def _shown(lab: RunningLab) -> str:
    """How other programs connect to a lab, and the lag of its reads."""
    from esacloud.lab import process

    instructions = process.lab_of(lab.cloud).instructions(lab.address)
    lag = f"\nlag: reads in the {lab.cloud} lab are {process.lag_text(lab.lag)} old\n" if lab.lag else ""
    return f"{instructions}{lag}"
