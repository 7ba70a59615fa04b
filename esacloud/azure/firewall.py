"""What matches host names on Azure: a rule collection group for the policy of an Azure Firewall.

`firewall.tf.json` holds it, for the policy's filtered names and for the gateway's own networks alone: application rules
where HTTP or TLS carries the name, network rules with host names for every other port, which need the DNS proxy of the
firewall policy. As in `main.tf.json`, what differs stands in tables of `locals`; all else is the same in every module.

Source: https://learn.microsoft.com/azure/firewall/fqdn-filtering-network-rules and .../azure/firewall/rule-processing
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from esacloud.deployment.model import Deployment
from esacloud.errors import Problem
from esacloud.policy.filtered import WEB, FilteredName, is_canonical, is_name_row, reasons_of_names
from esacloud.policy.lowered import Document
from esacloud.policy.model import Policy
from esacloud.terraform.syntax import literal

FIREWALL = "firewall.tf.json"
_NETWORKS, _APPLICATIONS, _PORTS = "gateway_networks", "firewall_application_names", "firewall_network_names"
_TABLES = (_APPLICATIONS, _PORTS)
_PROTOCOLS = {"http": "Http", "tls": "Https"}

COMMENT = [
    "What matches the host names of this gateway: a rule collection group in the policy of your Azure Firewall. It lets",
    "pass what the tables in locals say, from the gateway's networks alone; all else is for the rest of that policy.",
]


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
    """The table that a name goes into, and its key there: `tls/a.example`, `tcp/990/a.example`."""
    protocol = WEB.get(name.ports) if name.transport == "tcp" else None
    if protocol is not None:
        return _APPLICATIONS, f"{protocol}/{name.name}"
    first, last = name.ports
    return _PORTS, f"{name.transport}/{first if first == last else f'{first}-{last}'}/{name.name}"


def problems(policy: Policy, deployment: Deployment) -> Iterator[Problem]:
    """Names that no rule of an Azure Firewall can match."""
    found = reasons_of_names(policy, deployment.catalogue)
    for (transport, _, name), reasons in found.items():
        if transport not in ("tcp", "udp"):
            message = f"An Azure Firewall matches host names in TCP and UDP, and {', '.join(reasons['entries'])} speaks"
            hint = "Choose open or pinned for its feature under `hostnames`, or give its networks as the peer."
            yield Problem(replace(deployment.place, key="hostnames"), f"{message} {transport} to {name}.", hint)
    if found and deployment.own_networks and all(network.version == 6 for network in deployment.own_networks):
        # https://learn.microsoft.com/azure/firewall/firewall-faq: IPv4 alone
        message = "An Azure Firewall knows IPv4 alone, and the gateway's own networks are of IPv6."
        yield Problem(replace(deployment.place, key="own_networks"), message, "Add the gateway's IPv4 subnet.")


def _document(tables: Mapping[str, Any], networks: Any) -> Document:
    return {"//": COMMENT, "locals": {_NETWORKS: networks, **tables, **_LOCALS}, **_REST}


_LOCALS = {
    "firewall_applications": "${{for key in keys(local.firewall_application_names) :"
    ' split("/", key)[0] => split("/", key)[1]...}}',
    "firewall_ports": "${{for key in keys(local.firewall_network_names) :"
    ' join("/", slice(split("/", key), 0, 2)) => split("/", key)[2]...}}',
}


def _collection(kind: str, table: str, priority: int, content: Mapping[str, Any]) -> Document:
    return {
        "for_each": f"${{length(local.{table}) > 0 ? [local.{table}] : []}}",
        "iterator": "collection",
        "content": {
            "name": f"esacloud-{kind}",
            "priority": priority,
            "action": "Allow",
            "dynamic": {
                "rule": {
                    "for_each": "${collection.value}",
                    "content": {
                        "name": '${replace(rule.key, "/", "-")}',
                        "source_addresses": "${local.gateway_networks}",
                        "destination_fqdns": "${rule.value}",
                        **content,
                    },
                }
            },
        },
    }


_REST: Document = {
    "resource": {
        "azurerm_firewall_policy_rule_collection_group": {
            "this": {
                "name": "${var.name_prefix}hostnames",
                "firewall_policy_id": "${var.firewall_policy_id}",
                "priority": "${var.firewall_priority}",
                "dynamic": {
                    "application_rule_collection": _collection(
                        "applications",
                        "firewall_applications",
                        200,
                        {
                            "protocols": {
                                "type": f'${{rule.key == "tls" ? "{_PROTOCOLS["tls"]}" : "{_PROTOCOLS["http"]}"}}',
                                "port": '${rule.key == "tls" ? 443 : 80}',
                            }
                        },
                    ),
                    "network_rule_collection": _collection(
                        "ports",
                        "firewall_ports",
                        100,
                        {
                            "protocols": ['${upper(split("/", rule.key)[0])}'],
                            "destination_ports": ['${split("/", rule.key)[1]}'],
                        },
                    ),
                },
            }
        }
    },
    "variable": {
        "firewall_policy_id": {
            "description": "The policy of your Azure Firewall, as its ARM id.",
            "type": "string",
            "nullable": False,
            "validation": {
                "condition": '${can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network'
                '/firewallPolicies/[^/]+$", var.firewall_policy_id))}',
                "error_message": "firewall_policy_id must be the ARM id of a firewall policy.",
            },
        },
        "firewall_priority": {
            "description": "The priority of the rule collection group in that policy, 100 to 65000.",
            "type": "number",
            "default": 500,
            "nullable": False,
        },
    },
    "output": {
        "firewall_rule_collection_group_id": {
            "description": "The rule collection group that matches the host names.",
            "value": "${azurerm_firewall_policy_rule_collection_group.this.id}",
        }
    },
}


def read_names(found: Document, deviations: list[str]) -> tuple[frozenset[FilteredName], Document]:
    """The names that a `firewall.tf.json` lets pass, and the document as esacloud writes it around these tables."""
    tables = found.get("locals")
    tables = tables if isinstance(tables, dict) else {}
    names = set()
    for title in _TABLES:
        table = tables.get(title)
        if not isinstance(table, dict):
            deviations.append(f"{FIREWALL}: locals.{title} is no table.")
            continue
        for key, row in table.items():
            name = _name_of(key)
            if name is not None and _row_of(name) == (title, key) and is_name_row(name.name, row):
                names.add(name)
            else:
                deviations.append(f"{FIREWALL}: locals.{title}.{key} is no host name with its rows and entries.")
    networks = tables.get(_NETWORKS)
    if not isinstance(networks, list) or not networks or not all(map(is_canonical, networks)):
        deviations.append(f"{FIREWALL}: locals.{_NETWORKS} is no list of networks.")
    return frozenset(names), _document({title: tables[title] for title in _TABLES if title in tables}, networks)


def _name_of(key: str) -> FilteredName | None:
    """The name that a key of a table stands for."""
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
