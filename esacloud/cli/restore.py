"""Restore a snapshot in a live cloud: groups, rules, descriptions, tags and attachments as they were.

`esacloud apply` writes a snapshot before its first change and names it at its end and in every error. A restore is as
safe as an apply: it adds rules before it removes others, and writes a snapshot of the state before it. A group that was
deleted in the meantime is created again, with a new id.

example: esacloud restore ~/.local/state/esacloud/snapshots/SNAPSHOT.json
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from esacloud.cli import live_options as live


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("snapshot_file", metavar="SNAPSHOT", help="the file that `esacloud apply` wrote")
    live.add_connection(parser)
    live.add_changing(parser)
    parser.add_argument("--edited", action="store_true", help="accept a snapshot that was edited")
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/apply.schema.json); needs --yes")


def run(arguments: Namespace) -> int:
    """Read the snapshot and the cloud, ask, and apply the plan."""
    from esacloud import workflow
    from esacloud.change import run as change
    from esacloud.change import snapshot

    live.check_can_ask(arguments, arguments.snapshot_file)
    found = snapshot.load(arguments.snapshot_file, edited=arguments.edited)
    connection = live.restore_connection(arguments, found["cloud"])
    cloud = workflow.connect_to(found, connection, arguments.snapshot_file)
    return live.approve_and_apply(arguments, [(cloud, change.plan_restore(cloud, found))], "Restore this state?")
