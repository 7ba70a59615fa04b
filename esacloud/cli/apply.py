"""Change a live cloud to what the deployment file says, never too open and never too closed on the way.

The plan is shown and asked about, unless --yes. A snapshot of the old state is on disk before the first call that changes
anything. Rules are added before others are removed. At the end the cloud is read back and proven equal to the plan. When
something fails, the message says where things stand; running again goes on, and `esacloud restore` goes back.

With --lab everything happens in a local cloud that is started for it, and kept until `esacloud destroy --lab` or
`esacloud lab stop`.

exit code 1 means: done, and there are foreign rules to look at, or you said no. 3 means: the cloud refused, and what then.

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
    """Plan for every chosen cloud, ask once, change one after the other."""
    from esacloud import workflow
    from esacloud.change import run as change
    from esacloud.cli.changing import carry_out
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
    return carry_out(arguments, pending, "Apply this?")
