"""Matching of host names on Azure: a rule collection group for the policy of an Azure Firewall.

`firewall.tf.json` has it, for the policy's filtered names and the gateway's own networks: application rules where HTTP or
TLS contains the name, network rules with host names for every other port, which need the DNS proxy of the firewall policy.
As in `main.tf.json`, what differs is in tables of `locals`; everything else is the same in every module.

Sources: https://learn.microsoft.com/azure/firewall/fqdn-filtering-network-rules and .../azure/firewall/rule-processing
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
_NETWORKS, _APPLICATIONS, _PORTS = "gateway_networks", "firewall_application_names", "firewall_network_names"
_TABLES = (_APPLICATIONS, _PORTS)
_FIXED = read_beside(__file__, f"terraform/module/{FIREWALL}")


def document(policy: Policy, deployment: Deployment) -> Document | None:
    """`firewall.tf.json`, or None where no name is filtered."""
    names = reasons_of_names(policy, deployment.catalogue)
    if not names:
        return None
    tables: dict[str, dict[str, Any]] = {table: {} for table in _TABLES}
    for name, reasons in names.items():
        table, key = _row_of(name)
        tables[table][key] = reasons
    networks = [literal(str(network)) for network in deployment.own_networks if network.version == 4]
    return _document(tables, networks)


def _row_of(name: FilteredName) -> tuple[str, str]:
    """The table of a name, and its key in it: `tls/a.example`, `tcp/990/a.example`."""
    protocol = WEB.get(name.ports) if name.transport == "tcp" else None
    if protocol is not None:
        return _APPLICATIONS, f"{protocol}/{name.name}"
    first, last = name.ports
    return _PORTS, f"{name.transport}/{first if first == last else f'{first}-{last}'}/{name.name}"


def problems(policy: Policy, deployment: Deployment) -> Iterator[Problem]:
    """Names that no rule of an Azure Firewall can match, and networks that it does not support."""
    place = deployment.place
    found = reasons_of_names(policy, deployment.catalogue)
    for (transport, _, name), reasons in found.items():
        if transport not in ("tcp", "udp"):
            message = f"Azure Firewall matches host names in TCP and UDP only, and {', '.join(reasons['entries'])} uses"
            hint = "Choose open or pinned for its feature under `hostnames`, or give its networks as the peer."
            yield Problem(place.at("hostnames"), f"{message} {transport} to {name}.", hint)
    if found and deployment.own_networks and all(network.version == 6 for network in deployment.own_networks):
        # https://learn.microsoft.com/azure/firewall/firewall-faq: IPv4 only
        message = "Azure Firewall supports IPv4 only, and all of the gateway's own networks are IPv6."
        yield Problem(place.at("own_networks"), message, "Add the gateway's IPv4 subnet.")


def _document(tables: Mapping[str, Any], networks: Any) -> Document:
    return {**_FIXED, "locals": {_NETWORKS: networks, **tables, **_FIXED["locals"]}}


def read_names(found: Document, deviations: list[str]) -> tuple[frozenset[FilteredName], Document]:
    """The names that a `firewall.tf.json` permits, and the document as esacloud writes it around these tables."""
    tables = mapping(found.get("locals"))
    names = set()
    for title in _TABLES:
        table = tables.get(title)
        if not isinstance(table, dict):
            deviations.append(f"{FIREWALL}: locals.{title} is not a table.")
            continue
        for key, row in table.items():
            name = _name_of(key)
            if name is not None and _row_of(name) == (title, key) and is_name_row(name.name, row):
                names.add(name)
            else:
                deviations.append(f"{FIREWALL}: locals.{title}.{key} is not a host name with its rows and entries.")
    networks = tables.get(_NETWORKS)
    if not isinstance(networks, list) or not networks or not all(map(is_canonical, networks)):
        deviations.append(f"{FIREWALL}: locals.{_NETWORKS} is not a list of networks.")
    return frozenset(names), _document({title: tables[title] for title in _TABLES if title in tables}, networks)


def _name_of(key: str) -> FilteredName | None:
    """The name that a key of a table stands for; None for another key."""
    protocol, _, rest = key.partition("/")
    for ports, known in WEB.items():
        if known == protocol:
            return FilteredName("tcp", ports, rest)
    between, _, name = rest.partition("/")
    first, _, last = between.partition("-")
    texts = (first, last or first)
    if protocol not in ("tcp", "udp") or not all(text.isascii() and text.isdigit() and len(text) < 6 for text in texts):
        return None
    return FilteredName("tcp" if protocol == "tcp" else "udp", (int(first), int(last or first)), name)
