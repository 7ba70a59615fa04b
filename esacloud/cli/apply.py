"""Change a live cloud to match the deployment file, without opening or interrupting anything in between.

It shows the plan and asks for approval, unless you add --yes. It writes a snapshot of the old state to disk before the
first call that changes anything, adds rules before it removes others, and verifies at the end that the cloud equals the
plan. When something fails, the message describes the actual state. Run the command again to continue, or `esacloud
restore` to go back.

With --lab it uses a local cloud, which it starts, and which runs until `esacloud destroy --lab` or `esacloud lab stop`.

exit code 1 means: done, but there are unmanaged rules to review; or not approved. 3 means: the cloud refused a call.

example: esacloud apply examples/small.yaml --lab --yes
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from esacloud.cli import live_options as live


def add_arguments(parser: ArgumentParser) -> None:
    live.add_deployment(parser)
    live.add_connection(parser)
    live.add_unmanaged(parser)
    live.add_changing(parser)
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/apply.schema.json); needs --yes")


def run(arguments: Namespace) -> int:
    """Plan for every chosen cloud, ask once, and apply one plan after the other."""
    live.check_can_ask(arguments, arguments.file)
    return live.approve_and_apply(arguments, live.planned(arguments), "Apply these changes?")
