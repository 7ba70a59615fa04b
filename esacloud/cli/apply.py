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

from esacloud.cli.live_options import add_changing, add_connection, add_unmanaged


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud apply`."""
    parser.add_argument("file", metavar="FILE", help="the deployment file (YAML or JSON)")
    parser.add_argument("--cloud", metavar="CLOUD", help="only this cloud of the file")
    add_connection(parser)
    add_unmanaged(parser)
    add_changing(parser)
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/apply.schema.json); needs --yes")


def run(arguments: Namespace) -> int:
    """Plan for every chosen cloud, ask once, and apply one plan after the other."""
    from esacloud import workflow
    from esacloud.change import run as change
    from esacloud.cli.changing import approve_and_apply
    from esacloud.cli.common import chosen_clouds, look_at_lock, print_warnings
    from esacloud.cli.live_options import check_can_ask, connected

    check_can_ask(arguments, arguments.file)
    deployment = workflow.read_deployment(arguments.file)
    look_at_lock(deployment)
    pending = []
    for cloud in chosen_clouds(deployment, arguments.cloud, ""):
        lowered = workflow.lower(deployment, cloud)
        print_warnings(lowered.policy.warnings)
        live, _ = connected(arguments, deployment, cloud, lowered)
        pending.append((live, change.plan(live, lowered, arguments.unmanaged)))
    print_warnings(deployment.warnings)
    return approve_and_apply(arguments, pending, "Apply these changes?")
