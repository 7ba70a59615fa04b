"""The expressions of the Azure module from flows to security rules, step by step as `rules.py` and `probes.py` do it."""

from __future__ import annotations

from typing import Any

from esacloud.azure.descriptions import DENY
from esacloud.azure.limits import DENY_PRIORITY, DESCRIPTION_LENGTH, NAME_LENGTH
from esacloud.azure.module_priorities import priority_locals
from esacloud.azure.probes import PROBES

_DIGEST = 10  # hexadecimal digits at the end of a name that got too long
_PADDED = 'join("-", [for port in %s : format("%%05d", port)])'  # sorts as numbers do

# What no network of the list around it holds already: Azure refuses overlapping networks in one rule.
_INSIDE = (
    'try(tonumber(split("/", %(network)s)[1]) >= tonumber(split("/", %(block)s)[1])'
    ' && cidrsubnet("${split("/", %(network)s)[0]}/${split("/", %(block)s)[1]}", 0, 0) == %(block)s, false)'
)


def rule_locals() -> dict[str, Any]:
    """The locals; what each holds stands in COMMENT of `module.py`."""
    return {
        "told": "${[for why in values({for flow in local.flows :"
        ' "${flow.key} ${flow.source_ports == null ? "" : join("-", flow.source_ports)}" => flow...}) :'
        " {interface = why[0].interface, direction = why[0].direction, transport = why[0].transport, ports = why[0].ports,"
        " source_ports = why[0].source_ports == null ? [] : why[0].source_ports, far = why[0].far,"
        ' kind = why[0].far.kind == "network" ? "${why[0].far.prefix == 0 ? "any-" : ""}${why[0].far.families[0]}" :'
        ' why[0].far.kind == "service_tag" ? why[0].far.key : "groups",'
        " entries = sort(distinct([for flow in why : flow.entry]))}]}",
        "served": '${{for flow in local.told : "${flow.interface} ${' + _PADDED % "flow.ports" + '}" => flow...'
        ' if flow.direction == "ingress" && flow.transport == "tcp"}}',
        "probes": '${[for why in values(local.served) : {interface = why[0].interface, direction = "ingress",'
        f' transport = "tcp", ports = why[0].ports, source_ports = [], kind = "{PROBES}", far = {{kind = "service_tag",'
        f' key = "{PROBES}", ref = "", families = ["ipv4", "ipv6"], prefix = null, names = []}},'
        " entries = sort(distinct(flatten([for flow in why : flow.entries])))}"
        f' if var.load_balancer && !anytrue([for flow in why : flow.kind == "{PROBES}"'
        " && length(flow.source_ports) == 0])]}",
        "grouped": '${[for flow in concat(local.told, local.probes) : merge(flow, {group = join("|", [flow.interface,'
        ' flow.direction, flow.transport, join("-", flow.source_ports), flow.kind,'
        f' flow.kind == "{PROBES}" ? "" : join(",", flow.entries)])}})]}}',
        "members_of": "${{for flow in local.grouped : flow.group => {far = flow.far.key, ports = "
        + _PADDED % "flow.ports"
        + "}...}}",
        "sets": '${{for flow in local.grouped : "${flow.group}|${join(",", sort(distinct([for other in'
        ' local.members_of[flow.group] : other.ports if other.far == flow.far.key])))}" => flow...}}',
        "shapes": "${{for key, flows in local.sets : key => {interface = flows[0].interface, direction ="
        " flows[0].direction, transport = flows[0].transport, source_ports = flows[0].source_ports, kind = flows[0].kind,"
        ' ports = [for text in split(",", split("|", key)[6]) : [for port in split("-", text) : tonumber(port)]],'
        ' networks = sort(distinct([for flow in flows : flow.far.key if flow.far.kind == "network"])),'
        ' refs = distinct([for flow in flows : flow.far.ref if flow.far.ref != ""]),'
        ' self = anytrue([for flow in flows : flow.far.kind == "self"]),'
        " entries = sort(distinct(flatten([for flow in flows : flow.entries])))}}}",
        "named": _named(),
        "allowed": '${{for key, rule in local.named : "${rule.interface}/${rule.name}" => merge(rule, {scope ='
        ' "${rule.interface} ${rule.direction}", rows = [for row in range(1, local.last_row + 1) : row if'
        " contains(flatten([for id in rule.entries : local.entries[id].rows]), row)]})}}",
        **priority_locals(),
        **_description_locals(),
        "security_rules": _rows(),
    }


def _named() -> str:
    # A tag's rule is one, whatever its ports; tags alone have capital letters.
    ports = 'join("_", [for ports in rule.ports : join("-", distinct(ports))])'
    words = (
        f'join("-", compact([rule.direction, rule.transport, lower(rule.kind) != rule.kind ? "" :'
        f' length(rule.ports) == 1 && rule.ports[0][0] == 0 && rule.ports[0][1] == 65535 ? "" : {ports},'
        ' length(rule.source_ports) == 0 ? "" : "from-${join("-", distinct(rule.source_ports))}", rule.kind,'
        f' startswith(rule.kind, "any-") || rule.kind == "{PROBES}" ? "" : join("_", rule.entries)]))'
    )
    name = (
        f"length({words}) <= {NAME_LENGTH} ? {words} :"
        f' "${{substr({words}, 0, {NAME_LENGTH - 1 - _DIGEST})}}-${{substr(sha256({words}), 0, {_DIGEST})}}"'
    )
    return f"${{{{for key, rule in local.shapes : key => merge(rule, {{name = {name}}})}}}}"


def _shorter(start: str, words: str, length: int) -> str:
    """As many of the words as the length takes, and how many more there are, as `descriptions.py` does it."""
    text = (
        f"[for left in range(1, length({words}) + 1) :"
        f' "${{{start}}}${{join("", [for word in slice({words}, 0, length({words}) - left) : "${{word}}, "])}}'
        '${left} more"]'
    )
    return f"try([for text in {text} : text if length(text) <= {length}][0], reverse({text})[0])"


def _description_locals() -> dict[str, str]:
    """`local.descriptions`; texts are only made shorter where they have to be, because expressions are never lazy."""
    firsts = "[for row in rule.rows : row if !contains(rule.rows, row - 1)]"
    lasts = "[for row in rule.rows : row if !contains(rule.rows, row + 1)]"
    start = '"Table row${length(local.allowed[key].rows) > 1 ? "s" : ""} "'
    most = DESCRIPTION_LENGTH - 24
    begun = 'length(rule.rows) == 0 ? "Not in the table: " : "${local.row_texts[key]}: "'
    return {
        "spans": f"${{{{for key, rule in local.allowed : key => [for number, first in {firsts} :"
        f' join("-", distinct([first, {lasts}[number]]))]}}}}',
        "row_texts_full": f'${{{{for key, spans in local.spans : key => "${{{start}}}${{join(", ", spans)}}"}}}}',
        "row_texts": f"${{merge(local.row_texts_full, {{for key, spans in local.spans : key =>"
        f" {_shorter(start, 'spans', most)} if length(local.row_texts_full[key]) > {most}}})}}",
        "begun": f"${{{{for key, rule in local.allowed : key => {begun}}}}}",
        "full": '${{for key, rule in local.allowed : key => "${local.begun[key]}${join(", ", rule.entries)}"}}',
        "descriptions": f"${{merge(local.full, {{for key, rule in local.allowed : key =>"
        f" {_shorter('local.begun[key]', 'rule.entries', DESCRIPTION_LENGTH)}"
        f" if length(local.full[key]) > {DESCRIPTION_LENGTH}}})}}",
    }


def _rows() -> str:
    networks = (
        "[for network in rule.networks : network if !anytrue([for block in rule.networks : block != network &&"
        f" {_INSIDE % {'network': 'network', 'block': 'block'}}])]"
    )
    ports = (
        '[for ports in rule.ports : join("-", distinct(ports)) if !anytrue([for other in rule.ports :'
        " other != ports && other[0] <= ports[0] && ports[1] <= other[1]])]"
    )
    remote = (
        'rule.kind == "groups" ? [] : length(rule.networks) > 0 ? ('
        f'startswith(rule.kind, "any-") ? rule.networks : {networks}) : [rule.kind]'
    )
    groups = 'concat(rule.self ? ["self"] : [], [for ref in rule.refs : local.ids[ref]])'
    whole = "length(%(list)s) == 1 ? (%(list)s)[0] : null"

    def side(name: str, is_remote_when: str) -> str:
        is_remote = f'rule.direction == "{is_remote_when}"'
        prefixes = f'{is_remote} ? rule.prefixes : ["*"]'
        return (
            f' {name}_address_prefix = {is_remote} ? ({whole % {"list": "rule.prefixes"}}) : "*",'
            f" {name}_address_prefixes = length({prefixes}) > 1 ? {prefixes} : null,"
            f" {name}_application_security_groups = {is_remote} ? rule.groups : [],"
        )

    filled = (
        f"{{for key, rule in local.allowed : key => merge(rule, {{prefixes = {remote}, groups = {groups}, destination ="
        f' [for text in {ports} : text == "0-65535" ? "*" : text], source = length(rule.source_ports) == 0 ? "*" :'
        ' join("-", distinct(rule.source_ports))})}'
    )
    allow = (
        f"{{for key, rule in {filled} : key => {{group = rule.interface, name = rule.name,"
        " priority = try(local.priorities[key], null),"
        ' direction = rule.direction == "ingress" ? "Inbound" : "Outbound", access = "Allow",'
        " protocol = title(rule.transport), description = local.descriptions[key], rows = rule.rows,"
        " entries = rule.entries,"
        " source_port_range = rule.source,"
        f" destination_port_range = {whole % {'list': 'rule.destination'}},"
        " destination_port_ranges = length(rule.destination) > 1 ? rule.destination : null,"
        f"{side('source', 'in')}{side('destination', 'out')}}}}}"
    )
    deny = (
        '{for pair in setproduct(keys(var.features), ["ingress", "egress"]) : "${pair[0]}/${pair[1]}-deny-all-else" =>'
        ' {group = pair[0], name = "${pair[1]}-deny-all-else",'
        f' priority = {DENY_PRIORITY}, direction = pair[1] == "ingress" ? "Inbound" : "Outbound", access = "Deny",'
        f' protocol = "*", description = "{DENY}", rows = [], entries = [], source_port_range = "*",'
        ' destination_port_range = "*", destination_port_ranges = null, source_address_prefix = "*",'
        ' source_address_prefixes = null, source_application_security_groups = [], destination_address_prefix = "*",'
        " destination_address_prefixes = null, destination_application_security_groups = []}}"
    )
    return f"${{merge({allow}, {deny})}}"
