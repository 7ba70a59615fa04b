"""Bring a live cloud back to a snapshot: groups, rules, descriptions, tags and attachments as they were.

`esacloud apply` writes a snapshot before its first change and names it at its end and in every error. The same law holds on
the way back: rules are added before others are removed, and a snapshot of the state before the restore is written too.
A group that was deleted meanwhile is made anew and gets another id.

example: esacloud restore ~/.local/state/esacloud/snapshots/SNAPSHOT.json
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from esacloud.cli.live_options import add_changing, add_connection


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud restore`."""
    parser.add_argument("snapshot_file", metavar="SNAPSHOT", help="the file that `esacloud apply` wrote")
    add_connection(parser)
    add_changing(parser)
    parser.add_argument("--edited", action="store_true", help="take a snapshot that was changed since it was written")
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/apply.schema.json); needs --yes")


def run(arguments: Namespace) -> int:
    """Read the snapshot and the cloud, ask, bring back."""
    from esacloud.change import run as change
    from esacloud.change import snapshot
    from esacloud.cli.changing import carry_out
    from esacloud.cli.live_options import check_can_ask, restore_connection

    check_can_ask(arguments, arguments.snapshot_file)
    found = snapshot.load(arguments.snapshot_file, edited=arguments.edited)
    live = change.connect_to(found, restore_connection(arguments, found["cloud"]), arguments.snapshot_file)
    return carry_out(arguments, [(live, change.plan_restore(live, found))], "Bring this back?")
