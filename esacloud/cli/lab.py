"""Run local clouds: start, stop, status, and how other programs reach them.

`esacloud lab` shows which labs run. `esacloud lab start aws` (or azure) starts one, keeps it running and prints how to
point the cloud's SDK, its command line and terraform at it. `esacloud lab stop` ends all of them, or the named one, and all
that is in them is gone.
`esacloud apply FILE --lab` starts the one that it needs.
With --lag 2s, what is read in the lab is two seconds old, as it may be in a real cloud.

example: esacloud lab start aws
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from esacloud.lab.process import Lab


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud lab`."""
    parser.add_argument("action", nargs="?", choices=("status", "start", "stop"), default="status", help="what to do")
    parser.add_argument(
        "cloud", nargs="?", metavar="CLOUD", help="which cloud, aws or azure; without it all that run, or aws for start"
    )
    parser.add_argument(
        "--lag", metavar="TIME", help="for start: reads show the state of so long ago (2s, 500ms), as a real cloud's may"
    )
    parser.add_argument("--state-dir", metavar="DIR", type=Path, help="where labs are kept (~/.local/state/esacloud)")
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/lab.schema.json)")


def run(arguments: Namespace) -> int:
    """Do it and print what runs."""
    from esacloud.cli.common import print_json
    from esacloud.cli.live_options import state_directory
    from esacloud.lab import process

    lag = _lag(arguments)
    directory = state_directory(arguments)
    clouds = [arguments.cloud] if arguments.cloud else process.available()
    if arguments.cloud:
        process.lab_module(arguments.cloud)
    if arguments.action == "stop":
        stopped = [cloud for cloud in clouds if process.stop(cloud, directory)]
        if not arguments.json:
            print("\n".join(f"{cloud}: stopped" for cloud in stopped) or "no lab was running")
    elif arguments.action == "start":
        clouds = [arguments.cloud or "aws"]
        started = process.start(clouds[0], directory, lag)
        if not arguments.json:
            _show(started)
    labs = [lab for cloud in clouds if (lab := process.running(cloud, directory))]
    if arguments.json:
        from esacloud.report.json.plan import labs_document

        print_json(labs_document(labs))
    elif arguments.action == "status":
        for lab in labs:
            _show(lab)
        if not labs:
            print("no lab is running; `esacloud lab start aws` starts one")
    return 0


def _lag(arguments: Namespace) -> float | None:
    from esacloud.errors import InputError, Place, Problem
    from esacloud.lab.process import lag_of

    if arguments.lag is None:
        return None
    if arguments.action != "start":
        message = f"--lag says how a lab is started, and `esacloud lab {arguments.action}` starts none."
        raise InputError(
            Problem(Place("--lag"), message, f"Write `esacloud lab start --lag {arguments.lag}`, or omit --lag.")
        )
    return lag_of(arguments.lag)


def _show(lab: Lab) -> None:
    """How other programs reach a lab, and how far its reads lag."""
    from esacloud.lab import process

    print(process.lab_module(lab.cloud).instructions(lab.address))
    if lab.lag:
        print(f"lag: what is read in the {lab.cloud} lab is {process.lag_text(lab.lag)} old\n")
