"""What matches host names on AWS: Network Firewall rule groups for HTTP and TLS, and a Route 53 DNS Firewall rule group.

`firewall.tf.json` holds them, for the policy's filtered names and for the gateway's own networks alone. The module makes
rule groups and attaches them to nothing: which firewall and which VPC take them is decided where those are. As in
`main.tf.json`, what differs stands in tables of `locals`; all else is the same in every module.

Sources: https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateful-rule-groups-domain-names.html and
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-user-managed-domain-lists.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from esacloud.deployment.model import Deployment
from esacloud.errors import Problem
from esacloud.policy.filtered import WEB, FilteredName, is_canonical, is_name_row, reasons_of_names
from esacloud.policy.lowered import Document
from esacloud.policy.model import Policy
from esacloud.terraform.syntax import literal

FIREWALL = "firewall.tf.json"
CAPACITY = 100  # of a rule group, in names; it cannot be changed later, so it is not fitted to today's names
_NETWORKS = "gateway_networks"
_PORTS = {protocol: ports for ports, protocol in WEB.items()}

COMMENT = [
    "What matches the host names of this gateway: put the rule groups into the policy of your Network Firewall, and",
    "associate the DNS Firewall rule group with the VPC. HTTP and TLS of the gateway's networks to other names is dropped.",
]


def document(policy: Policy, deployment: Deployment) -> Document | None:
    """`firewall.tf.json`, or None where no name is filtered."""
    names = reasons_of_names(policy, deployment.catalogue)
    if not names:
        return None
    tables: dict[str, Any] = {_table(protocol): {} for protocol in _PORTS}
    for (_, ports, name), reasons in names.items():
        tables[_table(WEB[ports])][name] = reasons
    return _document(tables, [literal(str(network)) for network in deployment.own_networks])


def problems(policy: Policy, deployment: Deployment) -> Iterator[Problem]:
    """Names that no rule group can match: where the protocol does not carry them, or more than fit."""
    place = deployment.place.at("hostnames")
    found = reasons_of_names(policy, deployment.catalogue)
    for (transport, ports, name), reasons in found.items():
        if transport != "tcp" or ports not in WEB:
            message = (
                f"AWS finds host names in HTTP and TLS at tcp/80 and tcp/443, and {', '.join(reasons['entries'])} speaks"
            )
            first, last = ports
            shown = first if first == last else f"{first}-{last}"
            hint = "Choose open or pinned for its feature under `hostnames`, or give its networks as the peer."
            yield Problem(place, f"{message} {transport}/{shown} to {name}.", hint)
    for ports, protocol in WEB.items():
        count = sum(name.ports == ports for name in found)
        if count > CAPACITY:
            message = f"{count} names are to be matched in {protocol}, and the rule group takes {CAPACITY}."
            yield Problem(place, message, "Choose another way for some features under `hostnames`.")


def _table(protocol: str) -> str:
    return f"firewall_{protocol}_names"


def _document(tables: Mapping[str, Any], networks: Any) -> Document:
    return {"//": COMMENT, "locals": {_NETWORKS: networks, **tables, **_LOCALS}, **_REST}


_LOCALS = {
    "firewall_names": "${{http = local.firewall_http_names, tls = local.firewall_tls_names}}",
    "firewall_prefix": '${trim(substr(replace(var.name_prefix, "/[^A-Za-z0-9-]+/", "-"), 0, 40), "-")}',
    "firewall_protocols": "${[for protocol, names in local.firewall_names : protocol if length(names) > 0]}",
}
_TAGS = '${merge(local.tags, var.tags, {"esacloud:deployment" = local.deployment})}'


def _dns_rule(name: str, action: str, priority: int, **more: Any) -> Document:
    return {
        "name": f"${{local.firewall_prefix}}-{name}",
        "action": action,
        "firewall_domain_list_id": f"${{aws_route53_resolver_firewall_domain_list.{name}.id}}",
        "firewall_rule_group_id": "${aws_route53_resolver_firewall_rule_group.this.id}",
        "priority": priority,
        **more,
    }


def _dns_list(name: str, domains: Any) -> Document:
    return {"name": f"${{local.firewall_prefix}}-{name}", "domains": domains, "tags": _TAGS}


_REST: Document = {
    "resource": {
        "aws_networkfirewall_rule_group": {
            "this": {
                "for_each": "${toset(local.firewall_protocols)}",
                "name": "${local.firewall_prefix}-${each.key}",
                "description": "Host names of ${local.deployment} in ${each.key}, made by esacloud",
                "type": "STATEFUL",
                "capacity": CAPACITY,
                "rule_group": {
                    "rule_variables": {
                        "ip_sets": {"key": "HOME_NET", "ip_set": {"definition": "${local.gateway_networks}"}}
                    },
                    "rules_source": {
                        "rules_source_list": {
                            "generated_rules_type": "ALLOWLIST",
                            "target_types": ['${each.key == "tls" ? "TLS_SNI" : "HTTP_HOST"}'],
                            "targets": "${keys(local.firewall_names[each.key])}",
                        }
                    },
                },
                "tags": _TAGS,
                "lifecycle": {"create_before_destroy": True},
            }
        },
        "aws_route53_resolver_firewall_domain_list": {
            "allowed": _dns_list("allowed", "${distinct(flatten([for names in local.firewall_names : keys(names)]))}"),
            "others": _dns_list("others", ["*"]),
        },
        "aws_route53_resolver_firewall_rule_group": {
            "this": {"name": "${local.firewall_prefix}-dns", "tags": _TAGS},
        },
        "aws_route53_resolver_firewall_rule": {
            "allowed": _dns_rule("allowed", "ALLOW", 100, firewall_domain_redirection_action="TRUST_REDIRECTION_DOMAIN"),
            "others": _dns_rule(
                "others",
                "${var.dns_firewall_others}",
                200,
                block_response='${var.dns_firewall_others == "BLOCK" ? "NODATA" : null}',
            ),
        },
    },
    "variable": {
        "dns_firewall_others": {
            "description": "What the DNS Firewall does with names that are not the gateway's: ALERT, or BLOCK, which also"
            " stops the lookups of mail exchangers and of everything else in the VPC.",
            "type": "string",
            "default": "ALERT",
            "nullable": False,
            "validation": {
                "condition": '${contains(["ALERT", "BLOCK"], var.dns_firewall_others)}',
                "error_message": "dns_firewall_others is ALERT or BLOCK.",
            },
        }
    },
    "output": {
        "network_firewall_rule_group_arns": {
            "description": "The rule groups for the policy of your Network Firewall, by protocol.",
            "value": "${{for protocol, group in aws_networkfirewall_rule_group.this : protocol => group.arn}}",
        },
        "dns_firewall_rule_group_id": {
            "description": "The DNS Firewall rule group to associate with the VPC.",
            "value": "${aws_route53_resolver_firewall_rule_group.this.id}",
        },
    },
}


def read_names(found: Document, deviations: list[str]) -> tuple[frozenset[FilteredName], Document]:
    """The names that a `firewall.tf.json` lets pass, and the document as esacloud writes it around these tables."""
    tables = found.get("locals")
    tables = tables if isinstance(tables, dict) else {}
    names = set()
    for protocol, ports in _PORTS.items():
        table = tables.get(_table(protocol))
        if not isinstance(table, dict):
            deviations.append(f"{FIREWALL}: locals.{_table(protocol)} is no table.")
            continue
        for name, row in table.items():
            if is_name_row(name, row):
                names.add(FilteredName("tcp", ports, name))
            else:
                deviations.append(
                    f"{FIREWALL}: locals.{_table(protocol)}.{name} is no host name with its rows and entries."
                )
    networks = tables.get(_NETWORKS)
    if not isinstance(networks, list) or not networks or not all(map(is_canonical, networks)):
        deviations.append(f"{FIREWALL}: locals.{_NETWORKS} is no list of networks.")
    known = {key: tables[key] for key in map(_table, _PORTS) if key in tables}
    return frozenset(names), _document(known, networks)
