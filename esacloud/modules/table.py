"""The port catalogue as the tables of `catalogue.tf.json`: what the expressions of a reusable module work on.

One row an entry, in words that need no knowledge of the catalogue's file. Which guardrails stand over an entry is asked of
the guardrails themselves, with packets from a public and from a private address, so that a module refuses what they do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from esacloud.catalogue.model import EVERY_PORT, Catalogue, Entry, release_text
from esacloud.guardrails.model import Guardrail
from esacloud.guardrails.networks import joined, listed
from esacloud.guardrails.rules import GUARDRAILS
from esacloud.guardrails.subject import Subject
from esacloud.packets.addresses import ANY_IPV4, ANY_IPV6, Network, networks_between, parse_network
from esacloud.packets.sets import IPV4, IPV6, TCP, UDP, Box, Direction, PacketSet
from esacloud.policy.model import Statement
from esacloud.terraform.syntax import literal

FILE = "catalogue.tf.json"
_NUMBERS = {"tcp": (TCP, TCP), "udp": (UDP, UDP)}
_PUBLIC, _PRIVATE, _EVERYONE = (parse_network("8.8.8.8"),), (parse_network("10.0.0.1"),), (ANY_IPV4, ANY_IPV6)


def catalogue_document(catalogue: Catalogue) -> dict[str, Any]:
    """`catalogue.tf.json`. Raises ValueError for an entry of a protocol other than tcp and udp."""
    codes = {code for entry in catalogue.entries for found in _guards(catalogue, entry).values() for code in found}
    return {
        "//": [
            f"The port catalogue {catalogue.name} ({catalogue.edition}) as tables. Made by `esacloud modules`.",
            "guards: the guardrails that refuse public far sides, by direction; -everyone: those that refuse `any` alone.",
        ],
        "locals": {
            "catalogue": {"name": catalogue.name, "edition": literal(catalogue.edition), "digest": catalogue.digest},
            "releases": [release_text(release) for release in catalogue.releases],
            "last_row": max((row.number for row in catalogue.rows), default=0),
            "default_settings": {
                feature.name: {name: setting.default for name, setting in feature.settings.items() if setting.default}
                for feature in catalogue.features.values()
            },
            "role_defaults": {role.name: role.default or "" for role in catalogue.roles.values()},
            "guardrails": {
                rule.code: literal(f"{rule.code} {rule.title} {rule.reason} {rule.hint}")
                for rule in GUARDRAILS
                if rule.code in codes
            },
            "not_public": [str(network) for network in not_public()],
            "checklist": [
                {"advice": literal(text.en), "command": command or None} for text, command in catalogue.checklist
            ],
            "entries": {entry.id: _row(catalogue, entry) for entry in catalogue.entries},
        },
    }


def not_public() -> tuple[Network, ...]:
    """The fewest networks that hold every address that is not public: a network is private exactly when one holds it."""
    spans = ((4, joined(listed(IPV4, "not_public"))), (6, joined(listed(IPV6, "not_public"))))
    return tuple(network for version, found in spans for span in found for network in networks_between(version, *span))  # type: ignore[arg-type]


def _row(catalogue: Catalogue, entry: Entry) -> dict[str, Any]:
    if unknown := [transport for transport in entry.transports if transport not in _NUMBERS]:
        raise ValueError(f"{entry.id}: the reusable modules know tcp and udp alone, not {unknown[0]}")
    first, last = entry.releases
    known = catalogue.releases
    return {
        "feature": entry.feature,
        "rows": list(entry.rows),
        "transports": list(entry.transports),
        "ports": [list(ports) for ports in entry.ports],
        "source_ports": None if entry.source_ports == EVERY_PORT else list(entry.source_ports),
        "direction": entry.direction,
        "role": entry.role,
        "networks": [str(network) for network in entry.networks],
        "hostnames": list(entry.hostnames),
        "when": {name: list(values) for name, values in entry.when.items()},
        "since": next((number for number, release in enumerate(known) if first is None or release >= first), len(known)),
        "until": max((number for number, release in enumerate(known) if last is None or release <= last), default=-1),
        "guards": _guards(catalogue, entry),
    }


def _guards(catalogue: Catalogue, entry: Entry) -> dict[str, list[str]]:
    """The codes of errors by direction: for any public far side, and under `...-everyone` those for `any` alone."""
    found: dict[str, list[str]] = {"ingress": [], "egress": [], "ingress-everyone": [], "egress-everyone": []}
    for direction in directions(entry):
        found[direction] = list(_errors(catalogue, entry, direction, _PUBLIC))
        if always := set(_errors(catalogue, entry, direction, _PRIVATE)):
            raise ValueError(f"{entry.id}: {', '.join(always)} refuses it from private addresses too")
        everyone = _errors(catalogue, entry, direction, _EVERYONE)
        found[f"{direction}-everyone"] = [code for code in everyone if code not in found[direction]]
    return found


def directions(entry: Entry) -> tuple[Direction, ...]:
    """The directions in which an entry may be opened, its printed inbound half counted."""
    if entry.direction == "both" or entry.prints_inbound:
        return ("ingress", "egress")
    return (entry.direction,)


def _errors(catalogue: Catalogue, entry: Entry, direction: Direction, networks: tuple[Network, ...]) -> Iterator[str]:
    boxes = tuple(
        Box(
            direction,
            IPV4 if network.version == 4 else IPV6,
            _NUMBERS[transport],
            entry.source_ports,
            ports,
            (network.first, network.last),
        )
        for transport in entry.transports
        for ports in entry.ports
        for network in networks
    )
    said = Statement(entry.id, boxes, (entry.role,))
    subject = Subject(catalogue, {"": PacketSet.of(boxes)}, lambda _: [said])
    return (rule.code for rule in GUARDRAILS if _is_error(rule) and any(True for _ in rule.find(subject)))


def _is_error(rule: Guardrail) -> bool:
    return rule.severity == "error"
