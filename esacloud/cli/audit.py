"""Compare existing or planned groups with the port catalogue.

The report has three parts, each with packets as witnesses: missing flows, which the gateway needs and no rule permits;
unexpected rules, which nothing in the catalogue needs; and violated guardrails. SOURCE is JSON: the output of `aws ec2
describe-security-groups` (or -rules, or -network-interfaces), `az network nsg show` or `list` (also `az network nic list`
and `vnet list`), or `terraform show -json` of a plan or a state. Several files of one cloud count together. `aws:` reads
the groups of an account, `azure:` those of a subscription, with the usual credentials.

With --deployment the groups are compared with that file, exactly. Without, they are compared with the features given by
--features, from and to any remote; without those, with the whole catalogue except its wide port ranges.

example: esacloud audit examples/audit/security-groups.json --features admin-cli,admin-gui,mail,snmp
"""

from __future__ import annotations

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
"""The sources that are live clouds, and the options of each."""


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud audit`."""
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="JSON files of one cloud, or `aws:`, or `azure:`")
    parser.add_argument("--deployment", metavar="FILE", help="the deployment file to compare the groups with")
    parser.add_argument(
        "--interface",
        metavar="NAME=GROUP,...",
        action="append",
        type=_assigned,
        default=[],
        help="which groups are on an interface (ids, names or Terraform addresses); may be repeated",
    )
    parser.add_argument("--features", metavar="NAME,...", help="the features in use, without a deployment file")
    parser.add_argument("--catalogue", metavar="FILE", help="use this port catalogue instead of the shipped one")
    parser.add_argument("--release", metavar="RELEASE", help="the appliance's release, without a deployment file")
    parser.add_argument("--region", help="the region that `aws:` reads (default: the deployment file's)")
    parser.add_argument("--profile", help="the credentials profile for `aws:`")
    parser.add_argument(
        "--subscription",
        metavar="ID",
        help="the subscription that `azure:` reads (default: the deployment file's, else $AZURE_SUBSCRIPTION_ID)",
    )
    parser.add_argument(
        "--resource-group", metavar="NAME", help="read only this resource group (default: the deployment file's)"
    )
    parser.add_argument("--endpoint-url", metavar="URL", help="another endpoint of the cloud's API, such as a local server")
    add_timeout(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON (schemas/audit.schema.json)")
    output.add_argument("--sarif", action="store_true", help="print SARIF 2.1.0 for code scanning")


def run(arguments: Namespace) -> int:
    """Read, compare, judge, print."""
    from esacloud.cli.common import print_json
    from esacloud.errors import Place

    place = Place(arguments.sources[0].removesuffix(":"))
    _check_sources(arguments)
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

        live = arguments.sources[0] in LIVE  # code scanning shows findings in files
        print_json(audit_sarif(audit, Place(arguments.deployment) if live and arguments.deployment else place))
    else:
        from esacloud.report.text.findings import audit_text

        print(audit_text(audit, place, catalogue))
    return 0 if audit.clean else 1


def _assigned(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, groups = text.partition("=")
    if not (name and equals and groups):
        raise ArgumentTypeError(f"{text!r} is not of the form NAME=GROUP[,GROUP...]")
    return name, tuple(groups.split(","))


def _check_sources(arguments: Namespace) -> None:
    """A live cloud is the only source, and its options are not for other sources. Raises InputError."""
    from esacloud.errors import InputError, Place, Problem

    live = [word for word in arguments.sources if word in LIVE]
    if live and len(arguments.sources) > 1:
        message = f"{live[0]} must be the only source."
        raise InputError(Problem(Place("audit"), message, f"Audit {live[0]} and the other sources separately."))
    known = LIVE[live[0]] if live else ()
    given = [name for name in dict.fromkeys(sum(LIVE.values(), ())) if getattr(arguments, name) is not None]
    problems = [
        Problem(
            Place(f"--{name.replace('_', '-')}"),
            f"The option does not apply to {arguments.sources[0]}.",
            f"Remove it; it is for {' and '.join(word for word, names in LIVE.items() if name in names)}.",
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
    """The deployment file's settings for the cloud. Raises InputError when it does not name that cloud."""
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

    today, given, source = date.today(), _merged(arguments.interface), arguments.sources[0].removesuffix(":")
    if deployment is not None:
        return against_deployment(actual, deployment, today, given, source), deployment.catalogue
    features = arguments.features.split(",") if arguments.features else None
    catalogue = load(arguments.catalogue)
    return against_catalogue(actual, catalogue, today, features, arguments.release, given, source), catalogue


def _merged(pairs: list[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, groups in pairs:
        found[name] = (*found.get(name, ()), *groups)
    return found
