"""The expressions that both modules share: from inputs and the catalogue's tables to flows, problems and findings.

They follow `esacloud/policy/compile.py` step by step, so that a module with equal inputs has the same flows as a deployment
file; the tests prove it on packets. A local does one step; the comments of the emitted file say which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

COMMENT = [
    "Made by `esacloud modules` from the port catalogue; the tables are in catalogue.tf.json. Do not edit.",
    "uses: features by interface, settings filled in. on: the catalogue's entries that they switch on.",
    "far_of: the far sides of each peer that was given. opened: entries with their far sides, given or by default.",
    "flows: one for each direction, transport, port range and far side of an entry. problems: what is missing.",
    "refused: what the guardrails refuse and no waiver accepts, by the key of the flow.",
]

# The peers of single uses, by a name that no role has. Not with flatten(): one unknown id would make all of it unknown.
FEATURE_PEERS = (
    "merge([for interface, features in var.feature_peers : merge([for feature, peers in features :"
    ' {for role, peer in peers : "${interface}/${feature}/${role}" => peer}]...)]...)'
)
# A network's own text, `any` and a bare address made whole: what the keys of rules are made of.
_WHOLE = 'length(regexall("/", text)) > 0 ? text : "${text}/${length(regexall(":", text)) > 0 ? 128 : 32}"'
_FAMILY = 'length(regexall(":", %s)) > 0 ? "ipv6" : "ipv4"'


def network_remote(text: str, names: str = "[]") -> str:
    """The far side that is a network, as an object expression; `text` and `names` are expressions too."""
    family = _FAMILY % text
    return (
        f'{{kind = "network", key = {text}, ref = "", families = [{family}],'
        f' prefix = tonumber(split("/", {text})[1]), names = {names}}}'
    )


def inside(network: str, block: str) -> str:
    """Whether one network lies in another, both expressions; false for two families."""
    return (
        f'try(tonumber(split("/", {network})[1]) >= tonumber(split("/", {block})[1])'
        f' && cidrsubnet("${{split("/", {network})[0]}}/${{split("/", {block})[1]}}", 0, 0) == {block}, false)'
    )


def shared_locals(references: str, only_as_wider: bool, public_keys: Sequence[str]) -> dict[str, Any]:
    """The locals; `references` is the cloud's expression for the far sides of the peer `name` that are no networks.

    No far side holds an id, which may be unknown until apply: its `ref` says where the cloud's own table has it.

    `only_as_wider`: the cloud cannot match source ports, so that entries with some have to be named under `wider`.
    """
    return {
        "release": '${index(local.releases, join(".", slice(split(".", var.release), 0, 2)))}',
        "any_networks": '${[for family in sort(var.families) : family == "ipv6" ? "::/0" : "0.0.0.0/0"]}',
        "uses": "${flatten([for interface, features in var.features : [for feature, settings in features :"
        " {interface = interface, feature = feature, settings = merge(local.default_settings[feature], settings)}]])}",
        "peers": f"${{merge(var.peers, {FEATURE_PEERS})}}",
        "far_of": "${{for name, peer in local.peers : name => concat("
        f'[for text in distinct(flatten([for text in peer.networks : text == "any" ? local.any_networks : [{_WHOLE}]])) :'
        f" {network_remote('text')}],"
        " flatten([for host in peer.hostnames : [for text in var.hostnames_open ? local.any_networks : [] :"
        f" {network_remote('text', '[host]')}]]), {references})}}}}",
        "on": "${flatten([for use in local.uses : [for id, entry in local.entries : {interface = use.interface,"
        " feature = use.feature, entry = id, peer = try([for name in"
        ' ["${use.interface}/${use.feature}/${entry.role}", entry.role] : name if contains(keys(local.peers), name)][0],'
        ' "")} if entry.feature == use.feature && entry.since <= local.release && local.release <= entry.until'
        ' && alltrue([for name, values in entry.when : contains(values, try(use.settings[name], ""))])]])}',
        "opened": "${[for use in local.on : merge(use, {role = local.entries[use.entry].role, fars = concat("
        "[for far in try(local.far_of[use.peer], []) : far],"
        ' [for text in use.peer == "" ? local.entries[use.entry].networks : [] :'
        f" {network_remote('text')} if contains(var.families, {_FAMILY % 'text'})],"
        ' [for text in use.peer == "" && length(local.entries[use.entry].networks) == 0'
        " && length(local.entries[use.entry].hostnames) > 0 && var.hostnames_open ? local.any_networks : [] :"
        f" {network_remote('text', 'local.entries[use.entry].hostnames')}],"
        ' [for text in use.peer == "" && length(local.entries[use.entry].networks) == 0'
        " && length(local.entries[use.entry].hostnames) == 0"
        ' && local.role_defaults[local.entries[use.entry].role] == "any" ? local.any_networks : [] :'
        f" {network_remote('text')}])}})]}}",
        "directions": '${{for id, entry in local.entries : id => entry.direction == "both"'
        ' || contains(var.as_printed, id) ? ["ingress", "egress"] : [entry.direction]}}',
        "flows": "${flatten([for use in local.opened : [for direction in local.directions[use.entry] :"
        " [for transport in local.entries[use.entry].transports : [for ports in local.entries[use.entry].ports :"
        " [for far in use.fars : {interface = use.interface, direction = direction, transport = transport, ports = ports,"
        " source_ports = local.entries[use.entry].source_ports, far = far, entry = use.entry, role = use.role,"
        ' key = "${use.interface}/${transport}-${join("-", distinct(ports))}-${direction == "ingress" ? "from" : "to"}'
        '-${far.key}"}]]]]])}',
        "cited": '${{for id, entry in local.entries : id => length(entry.rows) == 0 ? "not in the table: ${id}" :'
        ' "table row${length(entry.rows) == 1 ? "" : "s"} ${join(", ", entry.rows)}: ${id}"}}',
        "problems": _problems(only_as_wider),
        "public": '${merge({for text in distinct([for flow in local.flows : flow.far.key if flow.far.kind == "network"]) :'
        f" text => !anytrue([for block in local.not_public : {inside('text', 'block')}])}}, "
        f"{{{', '.join(f'{key} = true' for key in public_keys)}}})}}",
        "standing_waivers": "${[for waiver in var.waivers : waiver if"
        ' timecmp(plantimestamp(), "${waiver.until}T23:59:59Z") <= 0]}',
        "refused": "${{for finding in flatten([for flow in local.flows : [for code in concat("
        "try(local.public[flow.far.key], false) ? local.entries[flow.entry].guards[flow.direction] : [],"
        ' try(flow.far.prefix, 1) == 0 ? local.entries[flow.entry].guards["${flow.direction}-everyone"] : []) :'
        ' {key = flow.key, text = "${local.guardrails[code]} ${flow.key} is open for ${flow.entry} (${flow.role}).",'
        " waived = anytrue([for waiver in local.standing_waivers : waiver.code == code"
        ' && (waiver.peer == "any" || waiver.peer == flow.role || waiver.peer == flow.far.key'
        f" || {inside('flow.far.key', 'waiver.peer')})])}}]]) : finding.key => finding.text... if !finding.waived}}}}",
    }


def _problems(only_as_wider: bool) -> str:
    """What a deployment file would be refused for, by interface, in the same words."""
    entry = "local.entries[use.entry]"
    hosts_unsaid = (
        f'use.peer == "" && length({entry}.networks) == 0 && length({entry}.hostnames) > 0 && !var.hostnames_open'
    )
    nobody = (
        f'use.peer == "" && length({entry}.networks) == 0 && length({entry}.hostnames) == 0'
        ' && local.role_defaults[use.role] != "any"'
    )
    kinds = [
        (
            nobody,
            "The feature ${use.feature} needs the peer ${use.role} (${local.cited[use.entry]}), and peers does not name it."
            " Add peers.${use.role} with its networks, or take ${use.feature} out.",
        ),
        (
            hosts_unsaid,
            f'The feature ${{use.feature}} speaks to ${{join(", ", {entry}.hostnames)}} (${{local.cited[use.entry]}}),'
            " and no security group can hold a name. Set hostnames_open = true to open those ports to any address,"
            " or give peers.${use.role} its networks.",
        ),
        (
            "!var.hostnames_open && length(try(local.peers[use.peer].hostnames, [])) > 0",
            'The peer ${use.peer} names ${join(", ", local.peers[use.peer].hostnames)}, and no security group can hold'
            " a name. Set hostnames_open = true to open its ports to any address, or give its networks.",
        ),
        (
            "contains(var.as_printed, use.entry) && anytrue([for far in use.fars : try(far.prefix, 1) == 0])",
            "${use.entry} is named under as_printed, which would open its printed inbound half to everyone."
            " Give peers.${use.role} its networks, or take the entry out of as_printed.",
        ),
        (
            'anytrue([for far in use.fars : far.kind == "network" && !contains(var.families, far.families[0])])',
            "peers has networks of an address family that families leaves out, for ${use.role}."
            " Add the family to families, or take the networks out.",
        ),
    ]
    if only_as_wider:
        kinds.append(
            (
                f"{entry}.source_ports != null && !contains(var.wider, use.entry)",
                f'This cloud cannot match the source port ${{join("-", distinct({entry}.source_ports))}} that'
                " ${use.entry} (${local.cited[use.entry]}) comes from. Add it to wider to open it from every source port,"
                " or choose other settings for ${use.feature}.",
            )
        )
    lists = ", ".join(
        f'[for use in local.opened : "{text}" if use.interface == interface && {condition}]' for condition, text in kinds
    )
    return f"${{{{for interface, features in var.features : interface => distinct(concat({lists}))}}}}"
