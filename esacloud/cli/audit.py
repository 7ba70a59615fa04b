"""Hold existing or planned groups against the port catalogue.

Says three things, each with packets as witnesses: flows that the gateway needs and does not have, rules that nothing in
the catalogue asks for, and guardrails broken. SOURCE is JSON: what `aws ec2 describe-security-groups` (or -rules, or
-network-interfaces), `az network nsg show` or `list`, or `terraform show -json` of a plan or a state prints. Several files
of one cloud are taken together. `aws:` reads the groups of an account instead, with the usual credentials.

With --deployment the groups are held against that file, exactly. Without, they are held against the features named by
--features, from and to anyone; without those, against the whole catalogue but for its wide ranges of ports.

example: esacloud audit examples/audit/security-groups.json --features admin-cli,admin-gui,mail,snmp
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from esacloud.audit.model import Audit
    from esacloud.catalogue.model import Catalogue
    from esacloud.policy.actual import ActualGroups


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud audit`."""
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="JSON files of one cloud, or `aws:`")
    parser.add_argument("--deployment", metavar="FILE", help="the deployment file to hold the groups against")
    parser.add_argument(
        "--interface",
        metavar="NAME=GROUP,...",
        action="append",
        type=_placed,
        default=[],
        help="which groups are on an interface (ids, names or Terraform addresses); may be repeated",
    )
    parser.add_argument("--features", metavar="NAME,...", help="the features in use, where there is no deployment file")
    parser.add_argument("--catalogue", metavar="FILE", help="another port catalogue than the shipped one")
    parser.add_argument("--release", metavar="RELEASE", help="the appliance's release, where there is no deployment file")
    parser.add_argument("--region", help="the region that `aws:` reads")
    parser.add_argument("--profile", help="the profile of credentials that `aws:` reads with")
    parser.add_argument("--endpoint-url", metavar="URL", help="another endpoint of EC2, as a local server's")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON (schemas/audit.schema.json)")
    output.add_argument("--sarif", action="store_true", help="print SARIF 2.1.0 for code scanning")


def run(arguments: Namespace) -> int:
    """Read, compare, judge, print."""
    from esacloud.cli.common import print_json
    from esacloud.errors import Place
    from esacloud.report.findings import audit_text

    place = Place(arguments.sources[0])
    audit, catalogue = _audit(arguments, _read(arguments))
    if arguments.json:
        from esacloud.report.findings_json import audit_document

        print_json(audit_document(audit))
    elif arguments.sarif:
        from esacloud.report.sarif import audit_sarif

        print_json(audit_sarif(audit, place))
    else:
        from esacloud.report.checklist import checklist_lines

        sys.stdout.write("\n".join([audit_text(audit, place), *checklist_lines(catalogue)]) + "\n")
    return 0 if audit.clean else 1


def _placed(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, groups = text.partition("=")
    if not (name and equals and groups):
        raise ArgumentTypeError(f"{text!r} is not of the form NAME=GROUP[,GROUP...]")
    return name, tuple(groups.split(","))


def _read(arguments: Namespace) -> ActualGroups:
    if arguments.sources == ["aws:"]:
        from esacloud.aws.fetch import fetch

        return fetch(arguments.region, arguments.profile, arguments.endpoint_url)
    from esacloud.audit.sources import read_files

    return read_files(arguments.sources)


def _audit(arguments: Namespace, actual: ActualGroups) -> tuple[Audit, Catalogue]:
    from datetime import date

    from esacloud.audit.run import against_catalogue, against_deployment
    from esacloud.catalogue.load import load

    today = date.today()
    if arguments.deployment:
        from esacloud import workflow

        deployment = workflow.read_deployment(arguments.deployment)
        report = against_deployment(actual, deployment, today, _together(arguments.interface), arguments.sources[0])
        return report, deployment.catalogue
    features = arguments.features.split(",") if arguments.features else None
    catalogue = load(arguments.catalogue)
    report = against_catalogue(
        actual, catalogue, today, features, arguments.release, _together(arguments.interface), arguments.sources[0]
    )
    return report, catalogue


def _together(pairs: list[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, groups in pairs:
        found[name] = (*found.get(name, ()), *groups)
    return found
