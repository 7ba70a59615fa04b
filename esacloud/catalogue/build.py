"""The JSON of a catalogue file to its values. The JSON satisfies the schema and the checks of `check.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esacloud.catalogue.model import (
    EVERY_PORT,
    Catalogue,
    Entry,
    Erratum,
    Feature,
    PortRange,
    Release,
    Role,
    Row,
    Setting,
    Text,
)
from esacloud.packets.addresses import parse_network

Json = Mapping[str, Any]


def build(data: Json, digest: str) -> Catalogue:
    """The catalogue that `data` describes; `digest` is the SHA-256 of the file."""
    printed = {row["number"]: row["direction"] for row in data["rows"]}
    return Catalogue(
        name=data["name"],
        title=_text(data["title"]),
        edition=data["edition"],
        source=data["source"],
        release_key=data["release_key"],
        releases=tuple(release_of(text) for text in data["releases"]["known"]),
        interfaces={name: _text(title) for name, title in data["interfaces"].items()},
        features={name: _feature(name, feature) for name, feature in data["features"].items()},
        roles={name: _role(name, role) for name, role in data["roles"].items()},
        entries=tuple(_entry(entry, printed) for entry in data["entries"]),
        rows=tuple(_row(row) for row in data["rows"]),
        checklist=tuple((_text(item["advice"]), item.get("command", "")) for item in data.get("checklist", ())),
        digest=digest,
        starter={interface: tuple(features) for interface, features in data.get("starter", {}).items()},
    )


def release_of(text: str) -> Release:
    """(15, 5) of `15.5`."""
    return tuple(map(int, text.split(".")))


def ports_of(text: str) -> PortRange:
    """(1024, 65535) of `1024-65535`, (25, 25) of `25`."""
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _text(both: Json) -> Text:
    return Text(both["en"], both["zh"])


def _feature(name: str, feature: Json) -> Feature:
    settings = {
        key: Setting(key, tuple(setting["choices"]), setting.get("default"), _text(setting["title"]))
        for key, setting in feature.get("settings", {}).items()
    }
    return Feature(name, _text(feature["title"]), settings)


def _role(name: str, role: Json) -> Role:
    return Role(name, _text(role["title"]), role.get("default"), role["example"])


def _row(row: Json) -> Row:
    no_rule = _text(row["no_rule"]) if "no_rule" in row else None
    return Row(int(row["number"]), row["port"], row["protocol"], row["direction"], tuple(row.get("hosts", ())), no_rule)


def _entry(entry: Json, printed: Mapping[int, str]) -> Entry:
    rows, bounds = entry["rows"], entry.get("releases", {})
    first, last = bounds.get("first"), bounds.get("last")
    return Entry(
        id=entry["id"],
        feature=entry["feature"],
        rows=tuple(map(int, rows)),
        transports=tuple(entry["transports"]),
        ports=tuple(ports_of(text) for text in entry["ports"]),
        source_ports=ports_of(entry["source_ports"]) if "source_ports" in entry else EVERY_PORT,
        documented=printed[rows[0]] if rows else None,
        direction=entry["direction"],
        role=entry["role"],
        hostnames=tuple(entry.get("hostnames", ())),
        networks=tuple(parse_network(text) for text in entry.get("networks", ())),
        purpose=_text(entry["purpose"]),
        when={setting: tuple(values) for setting, values in entry.get("when", {}).items()},
        releases=(release_of(first) if first else None, release_of(last) if last else None),
        errata=tuple(_erratum(erratum) for erratum in entry.get("errata", ())),
        source=entry.get("source", ""),
        rotating=entry.get("rotating", False),
    )


def _erratum(erratum: Json) -> Erratum:
    return Erratum(**{**erratum, "row": int(erratum["row"]), "why": _text(erratum["why"])})
