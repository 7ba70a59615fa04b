"""Compare existing or planned groups with the port catalogue.

The report has three parts, each with packets as witnesses: missing flows, which the gateway needs and no rule permits;
unexpected rules, which nothing in the catalogue needs; and violated guardrails. SOURCE is a JSON file: the output
of one of the commands listed below, such as `terraform show -json` of a plan or a state. Several files of one cloud count
together. The name of a cloud with a colon reads its groups through its API, with the usual credentials.

With --deployment the groups are compared with that file, exactly. Without, they are compared with the features given by
--features, from and to any remote; without those, with the whole catalogue except its wide port ranges.

example: esacloud audit examples/audit/security-groups.json --features admin-cli,admin-gui,mail,snmp
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from esacloud.cli.live_options import add_timeout, backoff_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from esacloud.audit.model import Audit
    from esacloud.catalogue.model import Catalogue
    from esacloud.deployment.model import Deployment
    from esacloud.policy.actual import ActualGroups
    from esacloud.provider import Inventory


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud audit`."""
    inventories = _inventories()
    commands = "; ".join(dict.fromkeys(command for inventory in inventories.values() for command in inventory.SOURCES))
    live = " or ".join(f"`{cloud}:`" for cloud in inventories)
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help=f"JSON files of one cloud ({commands}), or {live}")
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
    for name, clouds in _options(inventories).items():
        text = "; ".join(dict.fromkeys(inventories[cloud].LIVE_OPTIONS[name] for cloud in clouds))
        metavar = name.rpartition("_")[2].upper()
        parser.add_argument(_flag(name), metavar=metavar, help=f"for {_sources(clouds)} {text}")
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

        live = _live_cloud(arguments) is not None  # code scanning shows findings in files
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


def _inventories() -> dict[str, Inventory]:
    from esacloud.provider import CLOUDS, load

    return {cloud: load(cloud).inventory() for cloud in CLOUDS}


def _options(inventories: Mapping[str, Inventory]) -> dict[str, list[str]]:
    """The options for reading through an API, each with the clouds that it is for."""
    names = dict.fromkeys(name for inventory in inventories.values() for name in inventory.LIVE_OPTIONS)
    return {name: [cloud for cloud, found in inventories.items() if name in found.LIVE_OPTIONS] for name in names}


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _sources(clouds: Iterable[str]) -> str:
    return " and ".join(f"{cloud}:" for cloud in clouds)


def _live_cloud(arguments: Namespace) -> str | None:
    """The cloud that is read through its API."""
    from esacloud.provider import CLOUDS

    return next((cloud for cloud in CLOUDS if f"{cloud}:" in arguments.sources), None)


def _check_sources(arguments: Namespace) -> None:
    """A live cloud is the only source, and its options are not for other sources. Raises InputError."""
    from esacloud.errors import InputError, Place, Problem

    inventories, live, source = _inventories(), _live_cloud(arguments), arguments.sources[0]
    if live and len(arguments.sources) > 1:
        message = f"{live}: must be the only source."
        raise InputError(Problem(Place("audit"), message, f"Audit {live}: and the other sources separately."))
    options = {**_options(inventories), "timeout": list(inventories)}
    problems = [
        Problem(Place(_flag(name)), f"The option does not apply to {source}.", f"Remove it; it is for {_sources(clouds)}.")
        for name, clouds in options.items()
        if live not in clouds and getattr(arguments, name) is not None
    ]
    if problems:
        raise InputError(*problems)


def _read(arguments: Namespace, deployment: Deployment | None) -> ActualGroups:
    cloud = _live_cloud(arguments)
    if cloud is None:
        from esacloud.audit.sources import read_files

        return read_files(arguments.sources)
    from esacloud.change.live import Connection

    inventory = _inventories()[cloud]
    given = {name: value for name in inventory.LIVE_OPTIONS if (value := getattr(arguments, name)) is not None}
    connection = Connection(
        profile=given.get("profile"),
        region=given.get("region"),
        endpoint_url=given.get("endpoint_url"),
        backoff=backoff_of(arguments),
    )
    return inventory.fetch_groups(connection, {**_settings(cloud, deployment), **given})


def _settings(cloud: str, deployment: Deployment | None) -> Mapping[str, str]:
    """The deployment file's settings for the cloud. Raises InputError when it does not name that cloud."""
    if deployment is None:
        return {}
    from esacloud.audit.run import check_cloud
    from esacloud.errors import Place

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
