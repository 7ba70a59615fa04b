"""Show what `esacloud apply` would change in a live cloud: rules, packets, API calls and quotas.

It reads the security groups of the deployment, found by their tags or named in the file, and changes nothing. It also
detects drift of groups that terraform made from our module.

exit code 0 means: nothing to change. 1 means: changes to make, or unmanaged rules to review. With --detailed-exitcode
the codes are terraform's: 0 nothing to change, 2 changes to make, 1 an error.

example: esacloud plan examples/small.yaml --lab
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from esacloud.cli.common import print_error, print_json
from esacloud.cli.live_options import add_connection, add_deployment, add_unmanaged, planned
from esacloud.errors import EsacloudError


def add_arguments(parser: ArgumentParser) -> None:
    add_deployment(parser)
    add_connection(parser)
    add_unmanaged(parser)
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/plan.schema.json)")
    parser.add_argument("--detailed-exitcode", action="store_true", help="terraform's exit codes: 0, 2 for changes, 1")


def run(arguments: Namespace) -> int:
    """Read, compare, print."""
    if not arguments.detailed_exitcode:
        return 0 if _clean(arguments) else 1
    try:
        return 0 if _clean(arguments) else 2
    except EsacloudError as error:
        print_error(error)
        return 1


def _clean(arguments: Namespace) -> bool:
    from esacloud.report.json.plan import plans_document
    from esacloud.report.text.plan import plan_text

    plans = [plan for _, plan in planned(arguments)]
    if arguments.json:
        print_json(plans_document(plans))
    else:
        print("\n\n".join(map(plan_text, plans)))
    return all(plan.clean for plan in plans)
