"""`catalogue.tf.json`: the port catalogue as the tables that the expressions of a reusable module work on.

Which guardrails refuse an entry is asked of the guardrails themselves, with packets from a public and from a private
address, so that a module refuses what they refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from esacloud.catalogue.model import EVERY_PORT, Catalogue, Entry, Feature, release_text, rows_text
from esacloud.guardrails.networks import listed
from esacloud.guardrails.rules import GUARDRAILS
from esacloud.guardrails.subject import Subject
from esacloud.packets.addresses import ANY_IPV4, ANY_IPV6, Network, networks_between, parse_network
from esacloud.packets.sets import IPV4, IPV6, Box, Direction, PacketSet
from esacloud.packets.spans import joined
from esacloud.policy.model import Statement
from esacloud.policy.packets import PROTOCOLS
from esacloud.terraform.syntax import literal

FILE = "catalogue.tf.json"
_PUBLIC, _PRIVATE, _EVERYONE = (parse_network("8.8.8.8"),), (parse_network("10.0.0.1"),), (ANY_IPV4, ANY_IPV6)


def catalogue_document(catalogue: Catalogue) -> dict[str, Any]:
    """`catalogue.tf.json`. Raises ValueError for an entry of a protocol other than tcp and udp."""
    entries = {entry.id: _row(catalogue, entry) for entry in catalogue.entries}
    return {
        "//": [
            f"The port catalogue {catalogue.name} ({catalogue.edition}) as tables.",
            "Made by `esacloud modules`, do not edit.",
            "entries.guardrails: what refuses public remotes, by direction; after _any: what refuses any address alone.",
            "entries.since and until: positions in releases.",
        ],
        "locals": {
            "catalogue": {"name": catalogue.name, "edition": literal(catalogue.edition), "digest": catalogue.digest},
            "releases": [release_text(release) for release in catalogue.releases],
            "default_release": default_release(catalogue),
            "last_row": max((row.number for row in catalogue.rows), default=0),
            "interfaces": list(catalogue.interfaces),
            "features": {feature.name: _settings(feature) for feature in catalogue.features.values()},
            "roles": {role.name: role.default or "" for role in catalogue.roles.values()},
            "guardrails": _texts(entries),
            "waivable": [rule.code for rule in GUARDRAILS],
            "not_public": [str(network) for network in not_public()],
            "checklist": [
                {"advice": literal(text.en), "command": command or None} for text, command in catalogue.checklist
            ],
            "entries": entries,
        },
    }


def default_release(catalogue: Catalogue) -> str:
    """The release that the catalogue's table was printed for, else the newest known one."""
    releases = [release_text(release) for release in catalogue.releases]
    return next((text for text in reversed(releases) if f" {text}," in catalogue.edition), releases[-1])


def not_public() -> tuple[Network, ...]:
    """The fewest networks that hold every address that is not public: a network is private exactly when one holds it."""
    spans = ((4, joined(listed(IPV4, "not_public"))), (6, joined(listed(IPV6, "not_public"))))
    return tuple(network for version, found in spans for span in found for network in networks_between(version, *span))  # type: ignore[arg-type]


def _texts(entries: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """What the guardrails over these rows say, by code."""
    codes = {code for row in entries.values() for found in row["guardrails"].values() for code in found}
    return {
        rule.code: literal(f"{rule.code} {rule.title} {rule.reason} {rule.hint}")
        for rule in GUARDRAILS
        if rule.code in codes
    }


def _settings(feature: Feature) -> dict[str, Any]:
    settings = feature.settings.items()
    return {
        "defaults": {name: setting.default for name, setting in settings if setting.default},
        "choices": {name: list(setting.choices) for name, setting in settings},
        "required": [name for name, setting in settings if setting.default is None],
    }


def _row(catalogue: Catalogue, entry: Entry) -> dict[str, Any]:
    if unknown := [transport for transport in entry.transports if transport not in ("tcp", "udp")]:
        raise ValueError(f"{entry.id}: the reusable modules know tcp and udp alone, not {unknown[0]}")
    first, last = entry.releases
    known = catalogue.releases
    return {
        "feature": entry.feature,
        "rows": list(entry.rows),
        "citation": f"{rows_text(entry.rows) or 'not in the table'}: {entry.id}",
        "transports": list(entry.transports),
        "ports": [list(ports) for ports in entry.ports],
        "source_ports": None if entry.source_ports == EVERY_PORT else list(entry.source_ports),
        "directions": list(entry.directions),
        "printed_ingress": entry.prints_inbound,
        "role": entry.role,
        "networks": [str(network) for network in entry.networks],
        "hostnames": list(entry.hostnames),
        "when": {name: list(values) for name, values in entry.when.items()},
        "since": next((number for number, release in enumerate(known) if first is None or release >= first), len(known)),
        "until": max((number for number, release in enumerate(known) if last is None or release <= last), default=-1),
        "guardrails": _guardrails(catalogue, entry),
    }


def _guardrails(catalogue: Catalogue, entry: Entry) -> dict[str, list[str]]:
    """The codes of errors by direction: for any public remote, and under `..._any` those for `any` alone."""
    found: dict[str, list[str]] = {"ingress": [], "egress": [], "ingress_any": [], "egress_any": []}
    for direction in directions(entry):
        found[direction] = list(_errors(catalogue, entry, direction, _PUBLIC))
        if always := set(_errors(catalogue, entry, direction, _PRIVATE)):
            raise ValueError(f"{entry.id}: {', '.join(always)} refuses it from private addresses too")
        everyone = _errors(catalogue, entry, direction, _EVERYONE)
        found[f"{direction}_any"] = [code for code in everyone if code not in found[direction]]
    return found


def directions(entry: Entry) -> tuple[Direction, ...]:
    """The directions in which an entry may be opened, its printed inbound half counted."""
    return ("ingress", "egress") if entry.prints_inbound else entry.directions


def _errors(catalogue: Catalogue, entry: Entry, direction: Direction, networks: tuple[Network, ...]) -> Iterator[str]:
    boxes = tuple(
        Box(
            direction,
            IPV4 if network.version == 4 else IPV6,
            protocols,
            entry.source_ports,
            ports,
            (network.first, network.last),
        )
        for transport in entry.transports
        for protocols in PROTOCOLS[transport]
        for ports in entry.ports
        for network in networks
    )
    statement = Statement(entry.id, boxes, (entry.role,))
    subject = Subject(catalogue, {"": PacketSet.of(boxes)}, lambda _: [statement])
    return (rule.code for rule in GUARDRAILS if rule.severity == "error" and any(True for _ in rule.find(subject)))
