"""Delete the groups that `esacloud apply` made for a deployment, and nothing else.

It detaches them first. An adopted group stays, without our rules and tags; a group that terraform made stays as it is.
Where the cloud cannot delete a group, the message names what still refers to it.

With --lab it also stops the local cloud when no group of any deployment is left in it.

example: esacloud destroy examples/small.yaml --lab --yes
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from esacloud.cli import live_options as live
from esacloud.cli.common import chosen_clouds

if TYPE_CHECKING:
    from esacloud.change.live import Connection
    from esacloud.deployment.model import Deployment


def add_arguments(parser: ArgumentParser) -> None:
    live.add_deployment(parser)
    live.add_connection(parser)
    live.add_changing(parser)
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/apply.schema.json); needs --yes")


def run(arguments: Namespace) -> int:
    """Plan for every chosen cloud, ask once, and apply one plan after the other."""
    from esacloud import workflow
    from esacloud.change import run as change

    live.check_can_ask(arguments, arguments.file)
    deployment = workflow.read_deployment(arguments.file)
    pending, labs = [], []
    for cloud in chosen_clouds(deployment, arguments.cloud, ""):
        found, connection = live.connected(arguments, deployment, cloud, None)
        labs.append((cloud, connection))
        pending.append((found, change.plan_destroy(found)))
    code = live.approve_and_apply(arguments, pending, "Destroy these groups?")
    if arguments.lab and code == 0:
        _stop_empty(arguments, labs, deployment)
    return code


def _stop_empty(arguments: Namespace, labs: list[tuple[str, Connection]], deployment: Deployment) -> None:
    import sys

    from esacloud.lab import process

    directory = live.state_directory(arguments)
    for cloud, connection in labs:
        if not process.lab_of(cloud).in_use(connection, deployment) and process.stop(cloud, directory):
            print(f"lab: {cloud} stopped, because it was empty", file=sys.stderr)
