"""Hold existing or planned groups against the port catalogue.

Says three things, each with packets as witnesses: flows that the gateway needs and does not have, rules that nothing in
the catalogue asks for, and guardrails broken. SOURCE is JSON: what `aws ec2 describe-security-groups` (or -rules, or
-network-interfaces), `az network nsg show` or `list` (with `az network nic list` and `vnet list` beside it), or
`terraform show -json` of a plan or a state prints. Several files of one cloud are taken together. `aws:` reads the groups
of an account instead, and `azure:` those of a subscription, with the usual credentials.

With --deployment the groups are held against that file, exactly. Without, they are held against the features named by
--features, from and to anyone; without those, against the whole catalogue but for its wide ranges of ports.

example: esacloud audit examples/audit/security-groups.json --features admin-cli,admin-gui,mail,snmp
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from esacloud.cli.live_options import add_timeout, backoff_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esacloud.audit.model import Audit
    from esacloud.catalogue.model import Catalogue
    from esacloud.deployment.model import Deployment
    from esacloud.policy.actual import ActualGroups

LIVE = {
    "aws:": ("region", "profile", "endpoint_url", "timeout"),
    "azure:": ("subscription", "resource_group", "endpoint_url", "timeout"),
}
"""The words for a live cloud, and the options that each of them has."""


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud audit`."""
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="JSON files of one cloud, or `aws:`, or `azure:`")
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
    parser.add_argument("--region", help="the region that `aws:` reads (else the deployment file's)")
    parser.add_argument("--profile", help="the profile of credentials that `aws:` reads with")
    parser.add_argument(
        "--subscription",
        metavar="ID",
        help="the subscription that `azure:` reads (else the deployment file's, else $AZURE_SUBSCRIPTION_ID)",
    )
    parser.add_argument(
        "--resource-group", metavar="NAME", help="the one resource group of it that is read (else the deployment file's)"
    )
    parser.add_argument("--endpoint-url", metavar="URL", help="another endpoint of the cloud's API, as a local server's")
    add_timeout(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON (schemas/audit.schema.json)")
    output.add_argument("--sarif", action="store_true", help="print SARIF 2.1.0 for code scanning")


def run(arguments: Namespace) -> int:
    """Read, compare, judge, print."""
    from esacloud.cli.common import print_json
    from esacloud.errors import Place
    from esacloud.report.text.findings import audit_text

    place = Place(arguments.sources[0].removesuffix(":"))
    _check_words(arguments)
    deployment = None
    if arguments.deployment:
        from esacloud import workflow

        deployment = workflow.read_deployment(arguments.deployment)
    audit, catalogue = _audit(arguments, _read(arguments, deployment), deployment)
    if arguments.json:
        from esacloud.report.json.findings import audit_document

        print_json(audit_document(audit))
    elif arguments.sarif:
        from esacloud.report.sarif import audit_sarif

        live = arguments.sources[0] in LIVE  # a cloud is no file, and code scanning shows findings in files
        print_json(audit_sarif(audit, Place(arguments.deployment) if live and arguments.deployment else place))
    else:
        from esacloud.report.text.checklist import checklist_lines

        sys.stdout.write("\n".join([audit_text(audit, place), *checklist_lines(catalogue)]) + "\n")
    return 0 if audit.clean else 1


def _placed(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, groups = text.partition("=")
    if not (name and equals and groups):
        raise ArgumentTypeError(f"{text!r} is not of the form NAME=GROUP[,GROUP...]")
    return name, tuple(groups.split(","))


def _check_words(arguments: Namespace) -> None:
    """A live cloud stands alone, and what is said of one is of no use to another or to files. Raises InputError."""
    from esacloud.errors import InputError, Place, Problem

    live = [word for word in arguments.sources if word in LIVE]
    if live and len(arguments.sources) > 1:
        message = f"{live[0]} is everything in a live cloud, and stands alone."
        raise InputError(Problem(Place("audit"), message, f"Audit {live[0]} and the rest one after the other."))
    known = LIVE[live[0]] if live else ()
    given = [name for name in dict.fromkeys(sum(LIVE.values(), ())) if getattr(arguments, name) is not None]
    problems = [
        Problem(
            Place(f"--{name.replace('_', '-')}"),
            f"{arguments.sources[0]} has no use for it.",
            f"It is for {' and '.join(word for word, names in LIVE.items() if name in names)}; leave it out.",
        )
        for name in given
        if name not in known
    ]
    if problems:
        raise InputError(*problems)


def _read(arguments: Namespace, deployment: Deployment | None) -> ActualGroups:
    word = arguments.sources[0]
    if word not in LIVE:
        from esacloud.audit.sources import read_files

        return read_files(arguments.sources)
    values, backoff = _settings(word, deployment), backoff_of(arguments)
    if word == "aws:":
        from esacloud.aws.inventory import fetch as aws

        return aws.fetch(arguments.region or values.get("region"), arguments.profile, arguments.endpoint_url, backoff)
    from esacloud.azure.inventory import fetch as azure

    subscription = arguments.subscription or values.get("subscription")
    group = arguments.resource_group or values.get("resource_group")
    return azure.fetch(subscription, group, arguments.endpoint_url, backoff)


def _settings(word: str, deployment: Deployment | None) -> Mapping[str, str]:
    """What the deployment file says about where its cloud is. Raises InputError for a file about another cloud."""
    if deployment is None:
        return {}
    from esacloud.audit.run import check_cloud
    from esacloud.errors import Place

    cloud = word.removesuffix(":")
    check_cloud(cloud, deployment, Place(cloud))
    return deployment.clouds[cloud].values


def _audit(arguments: Namespace, actual: ActualGroups, deployment: Deployment | None) -> tuple[Audit, Catalogue]:
    from datetime import date

    from esacloud.audit.run import against_catalogue, against_deployment
    from esacloud.catalogue.load import load

    today, given, source = date.today(), _together(arguments.interface), arguments.sources[0].removesuffix(":")
    if deployment is not None:
        return against_deployment(actual, deployment, today, given, source), deployment.catalogue
    features = arguments.features.split(",") if arguments.features else None
    catalogue = load(arguments.catalogue)
    return against_catalogue(actual, catalogue, today, features, arguments.release, given, source), catalogue


def _together(pairs: list[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, groups in pairs:
        found[name] = (*found.get(name, ()), *groups)
    return found
