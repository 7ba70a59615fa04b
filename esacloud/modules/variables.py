"""The inputs that both modules share, with what each refuses and says then.

A validation may look at its own variable alone (terraform before 1.9), so the names that it knows stand in the condition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from esacloud.catalogue.model import Catalogue, release_text
from esacloud.guardrails.judge import CODES
from esacloud.modules.logic import FEATURE_PEERS

_KNOWN_RELEASE = 'try(contains(%s, join(".", slice(split(".", var.release), 0, 2))), false)'


def shared_variables(
    catalogue: Catalogue, fields: Mapping[str, tuple[str, str]], checks: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """The variables; `fields` are those of the cloud's peer, `checks` (what lists bad names, what is wrong with them)."""
    peer = f"object({{{', '.join(f'{name} = {kind}' for name, (kind, _) in fields.items())}}})"
    of_peer = "; ".join(f"`{name}`: {what}" for name, (_, what) in fields.items())
    releases = [release_text(release) for release in catalogue.releases]
    return {
        "release": {
            "description": f"The gateway's {catalogue.release_key} release. A maintenance release counts as its family.",
            "type": "string",
            "default": _usual_release(catalogue),
            "nullable": False,
            "validation": [
                {
                    "condition": f"${{{_KNOWN_RELEASE % json.dumps(releases)}}}",
                    "error_message": f"release must be one of {', '.join(releases)}, or a maintenance release of one.",
                }
            ],
        },
        "features": {
            "description": "What the gateway serves: interface => feature => settings, as"
            ' {management = {dns = {}, ldap = {port = "both"}}}.',
            "type": "map(map(map(string)))",
            "nullable": False,
            "validation": list(_feature_checks(catalogue)),
        },
        "peers": {
            "description": f"Who stands at the far side: role => networks and more. {of_peer}.",
            "type": f"map({peer})",
            "default": {},
            "nullable": False,
            "validation": [
                _names_check("role", "keys(var.peers)", list(catalogue.roles)),
                *_peer_checks("peers", "var.peers", checks),
            ],
        },
        "feature_peers": {
            "description": "Peers of one feature at one interface, before those of `peers`: interface => feature => role =>"
            " peer.",
            "type": f"map(map(map({peer})))",
            "default": {},
            "nullable": False,
            "validation": [
                _names_check("interface", "keys(var.feature_peers)", list(catalogue.interfaces)),
                _names_check(
                    "feature",
                    "flatten([for features in values(var.feature_peers) : keys(features)])",
                    list(catalogue.features),
                ),
                _names_check(
                    "role",
                    "flatten([for features in values(var.feature_peers) : [for roles in values(features) : keys(roles)]])",
                    list(catalogue.roles),
                ),
                *_peer_checks("feature_peers", FEATURE_PEERS, checks),
            ],
        },
        "families": {
            "description": "The address families that `any` stands for, and that networks may have.",
            "type": "list(string)",
            "default": ["ipv4", "ipv6"],
            "nullable": False,
            "validation": [
                {
                    "condition": '${length(var.families) > 0 && length(setsubtract(var.families, ["ipv4", "ipv6"])) == 0'
                    " && length(distinct(var.families)) == length(var.families)}",
                    "error_message": 'families must be ["ipv4"], ["ipv6"] or ["ipv4", "ipv6"].',
                }
            ],
        },
        "hostnames_open": {
            "description": "Whether far sides that are known by host name alone are opened to any address; no security"
            " group can hold a name.",
            "type": "bool",
            "default": False,
            "nullable": False,
        },
        "as_printed": {
            "description": "Entries whose printed inbound half is opened as well; a stateful filter does not need it.",
            "type": "list(string)",
            "default": [],
            "nullable": False,
            "validation": [
                _names_check(
                    "entry with a printed inbound half",
                    "var.as_printed",
                    [entry.id for entry in catalogue.entries if entry.prints_inbound],
                )
            ],
        },
        "waivers": {
            "description": "Findings of guardrails that are accepted: code, peer (a network, a role, `any`), the reason,"
            " and the last day (YYYY-MM-DD).",
            "type": "list(object({code = string, peer = string, reason = string, until = string}))",
            "default": [],
            "nullable": False,
            "validation": [
                _names_check("guardrail", "var.waivers[*].code", list(CODES)),
                {
                    "condition": '${alltrue([for waiver in var.waivers : trimspace(waiver.reason) != ""])}',
                    "error_message": "Every waiver needs a reason.",
                },
                {
                    "condition": "${alltrue([for waiver in var.waivers :"
                    ' can(formatdate("YYYY-MM-DD", "${waiver.until}T00:00:00Z"))])}',
                    "error_message": "The last day of every waiver, until, must be a day of the calendar, as 2027-03-31.",
                },
            ],
        },
    }


def wider_variable(catalogue: Catalogue) -> dict[str, Any]:
    """For a cloud that cannot match source ports: the entries that may be opened from every source port."""
    ids = [entry.id for entry in catalogue.entries if entry.source_ports != (0, 65535)]
    return {
        "description": "Entries that may be opened from every source port, because this cloud cannot match source ports.",
        "type": "list(string)",
        "default": [],
        "nullable": False,
        "validation": [_names_check("entry that comes from a source port of its own", "var.wider", ids)],
    }


def _usual_release(catalogue: Catalogue) -> str:
    """The release that the catalogue's table was printed for, else the newest known one."""
    releases = [release_text(release) for release in catalogue.releases]
    return next((text for text in reversed(releases) if f" {text}," in catalogue.edition), releases[-1])


def _names_check(what: str, names: str, known: list[str]) -> dict[str, str]:
    unknown = f"setsubtract({names}, {json.dumps(known)})"
    return {
        "condition": f"${{length({unknown}) == 0}}",
        "error_message": f'There is no {what} ${{join(", ", sort({unknown}))}}. Known: {", ".join(known)}.',
    }


def _feature_checks(catalogue: Catalogue) -> tuple[dict[str, str], ...]:
    choices = {
        feature.name: {name: list(setting.choices) for name, setting in feature.settings.items()}
        for feature in catalogue.features.values()
    }
    needed = {
        feature.name: [name for name, setting in feature.settings.items() if setting.default is None]
        for feature in catalogue.features.values()
        if any(setting.default is None for setting in feature.settings.values())
    }
    table = json.dumps({name: settings for name, settings in choices.items() if settings})
    uses = "for interface, features in var.features : [for feature, settings in features :"
    wrong = (
        f'flatten([{uses} [for name, value in settings : "${{interface}}.${{feature}}.${{name}} = ${{value}}'
        f' (${{try(join(" or ", {table}[feature][name]), "no such setting")}})"'
        f" if !contains(try({table}[feature][name], []), value)]]])"
    )
    missing = (
        f"flatten([{uses} [for name in try({json.dumps(needed)}[feature], []) :"
        ' "${interface}.${feature}.${name}" if !contains(keys(settings), name)]]])'
    )
    return (
        _names_check("interface", "keys(var.features)", list(catalogue.interfaces)),
        _names_check(
            "feature", "flatten([for features in values(var.features) : keys(features)])", list(catalogue.features)
        ),
        {
            "condition": f"${{length({wrong}) == 0}}",
            "error_message": f'No such setting or choice: ${{join("; ", {wrong})}}.',
        },
        {
            "condition": f"${{length({missing}) == 0}}",
            "error_message": f'These settings have no default and must be chosen: ${{join(", ", {missing})}}.',
        },
    )


def _peer_checks(variable: str, peers: str, checks: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    whole = 'length(regexall("/", text)) > 0 ? text : "${text}/${length(regexall(":", text)) > 0 ? 128 : 32}"'
    bad = (
        f"flatten([for role, peer in {peers} : [for text in peer.networks :"
        f' "${{role}}: ${{text}}${{try(" (write ${{cidrsubnet({whole}, 0, 0)}})", "")}}"'
        f' if text != "any" && try(cidrsubnet({whole}, 0, 0), "") != ({whole})]])'
    )
    empty = (
        f"[for role, peer in {peers} : role if alltrue([for name, value in peer :"
        " value == null ? true : value == false ? true : try(length(value), 1) == 0])]"
    )
    found = [
        {
            "condition": f"${{length({bad}) == 0}}",
            "error_message": f"{variable} holds what is no network in its canonical form, without host bits:"
            f' ${{join("; ", {bad})}}.',
        },
        {
            "condition": f"${{length({empty}) == 0}}",
            "error_message": f'{variable} holds a peer that says nothing: ${{join(", ", {empty})}}. Give it a network, or'
            " take it out.",
        },
    ]
    for listed, wrong in checks:
        names = f'flatten([for role, peer in {peers} : [for item in {listed} : "${{role}}: ${{item}}"]])'
        found.append(
            {
                "condition": f"${{length({names}) == 0}}",
                "error_message": f'{variable} holds what {wrong}: ${{join(", ", {names})}}.',
            }
        )
    return found
