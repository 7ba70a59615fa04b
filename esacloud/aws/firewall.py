"""Matching of host names on AWS: Network Firewall rule groups for HTTP and TLS, and a Route 53 DNS Firewall rule group.

`firewall.tf.json` has them, for the policy's filtered names and the gateway's own networks. The module does not attach the
rule groups: the owners of the firewall and of the VPC do. As in `main.tf.json`, what differs is in tables of `locals`.

Sources: https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateful-rule-groups-domain-names.html and
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-user-managed-domain-lists.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from esacloud.deployment.model import Deployment
from esacloud.errors import Problem
from esacloud.json_files import mapping, read_beside
from esacloud.policy.filtered import WEB, FilteredName, is_canonical, is_name_row, reasons_of_names
from esacloud.policy.lowered import Document
from esacloud.policy.model import Policy
from esacloud.terraform.syntax import literal

FIREWALL = "firewall.tf.json"
_FIXED = read_beside(__file__, f"terraform/module/{FIREWALL}")
# of a rule group, in names; it cannot be changed later, so it is not fitted to today's names
CAPACITY: int = _FIXED["resource"]["aws_networkfirewall_rule_group"]["this"]["capacity"]
_NETWORKS = "gateway_networks"
_PORTS = {protocol: ports for ports, protocol in WEB.items()}


def document(policy: Policy, deployment: Deployment) -> Document | None:
    """`firewall.tf.json`, or None where no name is filtered."""
    if not (names := reasons_of_names(policy, deployment.catalogue)):
        return None
    tables: dict[str, Any] = {_table(protocol): {} for protocol in _PORTS}
    for (_, ports, name), reasons in names.items():
        tables[_table(WEB[ports])][name] = reasons
    return _document(tables, [literal(str(network)) for network in deployment.own_networks])


def problems(policy: Policy, deployment: Deployment) -> Iterator[Problem]:
    """Names that no rule group can match: those of other protocols, and those that exceed the capacity."""
    place = deployment.place.at("hostnames")
    found = reasons_of_names(policy, deployment.catalogue)
    for (transport, ports, name), reasons in found.items():
        if transport != "tcp" or ports not in WEB:
            message = (
                f"AWS finds host names in HTTP and TLS at tcp/80 and tcp/443, and {', '.join(reasons['entries'])} speaks"
            )
            hint = "Choose open or pinned for its feature under `hostnames`, or give its networks as the peer."
            yield Problem(place, f"{message} {FilteredName(transport, ports, name)}.", hint)
    for ports, protocol in WEB.items():
        count = sum(name.ports == ports for name in found)
        if count > CAPACITY:
            message = f"{count} names must be matched in {protocol}, and the rule group takes {CAPACITY}."
            yield Problem(place, message, "Choose another mode for some features under `hostnames`.")


def _table(protocol: str) -> str:
    return f"firewall_{protocol}_names"


def _document(tables: Mapping[str, Any], networks: Any) -> Document:
    return {**_FIXED, "locals": {_NETWORKS: networks, **tables, **_FIXED["locals"]}}


def read_names(found: Document, deviations: list[str]) -> tuple[frozenset[FilteredName], Document]:
    """The names that a `firewall.tf.json` permits, and the document as esacloud writes it around these tables."""
    tables = mapping(found.get("locals"))
    names = set()
    for protocol, ports in _PORTS.items():
        table = tables.get(_table(protocol))
        if not isinstance(table, dict):
            deviations.append(f"{FIREWALL}: locals.{_table(protocol)} is not a table.")
            continue
        for name, row in table.items():
            if is_name_row(name, row):
                names.add(FilteredName("tcp", ports, name))
            else:
                path = f"{FIREWALL}: locals.{_table(protocol)}.{name}"
                deviations.append(f"{path} is not a host name with its rows and entries.")
    networks = tables.get(_NETWORKS)
    if not isinstance(networks, list) or not networks or not all(map(is_canonical, networks)):
        deviations.append(f"{FIREWALL}: locals.{_NETWORKS} is not a list of networks.")
    known = {key: tables[key] for key in map(_table, _PORTS) if key in tables}
    return frozenset(names), _document(known, networks)
