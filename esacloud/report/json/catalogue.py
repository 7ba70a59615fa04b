"""Catalogue entries as the JSON that `ports --json` and `explain --json` print.

The documents conform to schemas/ports.schema.json and schemas/explain.schema.json. Texts are in both languages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from esacloud.catalogue.lookup import Found
from esacloud.catalogue.model import EVERY_PORT, Catalogue, Entry, Row, release_text
from esacloud.packets.spans import range_text

Json = dict[str, Any]


def ports_document(catalogue: Catalogue, entries: Iterable[Entry], rows: Iterable[Row]) -> Json:
    """What `ports --json` prints: the entries, and the rows without a rule."""
    return {
        "catalogue": _catalogue(catalogue),
        "entries": [_entry(entry) for entry in entries],
        "no_rule": [_no_rule(row) for row in rows],
    }


def explain_document(catalogue: Catalogue, answers: Iterable[Found]) -> Json:
    """What `explain --json` prints: for every query, its entries with their rows, feature and peer."""
    return {"catalogue": _catalogue(catalogue), "answers": [_answer(catalogue, found) for found in answers]}


def needs_peer(catalogue: Catalogue, entry: Entry) -> bool:
    """Whether a deployment has to name the peer itself."""
    return not (entry.networks or entry.hostnames or catalogue.roles[entry.role].default)


def _catalogue(catalogue: Catalogue) -> Json:
    return {"name": catalogue.name, "edition": catalogue.edition, "digest": catalogue.digest}


def _entry(entry: Entry) -> Json:
    first, last = entry.releases
    return {
        "id": entry.id,
        "feature": entry.feature,
        "rows": list(entry.rows),
        "transports": list(entry.transports),
        "ports": [range_text(ports) for ports in entry.ports],
        "source_ports": None if entry.source_ports == EVERY_PORT else range_text(entry.source_ports),
        "documented": entry.documented,
        "direction": entry.direction,
        "role": entry.role,
        "hostnames": list(entry.hostnames),
        "networks": [str(network) for network in entry.networks],
        "purpose": asdict(entry.purpose),
        "when": {name: list(values) for name, values in entry.when.items()},
        "releases": {"first": release_text(first) if first else None, "last": release_text(last) if last else None},
        "errata": [asdict(erratum) for erratum in entry.errata],
        "source": entry.source or None,
    }


def _row(row: Row) -> Json:
    return {
        "number": row.number,
        "port": row.port,
        "protocol": row.protocol,
        "direction": row.direction,
        "hosts": list(row.hosts),
    }


def _no_rule(row: Row) -> Json:
    assert row.no_rule is not None  # noqa: S101 - only such rows come here
    return {"rows": [row.number], "printed": [_row(row)], "why": asdict(row.no_rule)}


def _answer(catalogue: Catalogue, found: Found) -> Json:
    return {
        "query": found.asked,
        "entries": [_explained(catalogue, entry) for entry in found.entries],
        "no_rule": [_no_rule(row) for row in found.rows],
        "also_within": [entry.id for entry in found.wide],
    }


def _explained(catalogue: Catalogue, entry: Entry) -> Json:
    feature, role = catalogue.features[entry.feature], catalogue.roles[entry.role]
    settings = {
        setting.name: {"title": asdict(setting.title), "choices": list(setting.choices), "default": setting.default}
        for setting in feature.settings.values()
    }
    return _entry(entry) | {
        "printed": [_row(row) for row in catalogue.rows if row.number in entry.rows],
        "feature_title": asdict(feature.title),
        "settings": settings,
        "peer": {"key": f"peers.{entry.role}", "title": asdict(role.title), "required": needs_peer(catalogue, entry)},
    }
