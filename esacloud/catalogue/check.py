"""The rules of a catalogue beyond its schema: every row accounted for once, every reference to something that exists.

A finding is the path to a place in the document, what is wrong, and what to write instead. The document satisfies the
schema.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from esacloud.catalogue.build import ports_of, release_of
from esacloud.errors import did_you_mean, one_of
from esacloud.packets.addresses import AddressError, parse_network

Path = tuple[str | int, ...]
Finding = tuple[Path, str, str]
Json = Mapping[str, Any]


def findings(data: Json) -> list[Finding]:
    """Everything wrong with a catalogue document that the schema cannot express, in the order of the checks."""
    found = [*_rows(data), *_releases(data["releases"]["known"]), *_settings(data["features"]), *_unused(data)]
    found += _starter(data)
    for number, entry in enumerate(data["entries"]):
        found += [(("entries", number, *path), message, hint) for path, message, hint in _entry(data, entry)]
    return found


def _rows(data: Json) -> Iterator[Finding]:
    counted = Counter(row for entry in data["entries"] for row in set(entry["rows"]))
    for position, row in enumerate(data["rows"]):
        number = position + 1
        if row["number"] != number:
            message = f"Row {row['number']} is at the place of row {number}."
            yield ("rows", position, "number"), message, "Number the rows from 1, in the order of the table."
        elif "no_rule" in row and counted[number]:
            message = f"Row {number} makes no rule, but an entry comes from it."
            yield ("rows", position, "no_rule"), message, f"Remove `no_rule`, or {number} from the `rows` of the entry."
        elif "no_rule" not in row and not counted[number]:
            message = f"Row {number} is in no entry."
            yield ("rows", position), message, "Write an entry with it in its `rows`, or the reason under `no_rule`."
    for entry_id, count in Counter(entry["id"] for entry in data["entries"]).items():
        if count > 1:
            yield ("entries",), f"{count} entries have the id {entry_id}.", "Give each entry its own id."


def _releases(known: list[str]) -> Iterator[Finding]:
    for number, (before, after) in enumerate(pairwise(known)):
        if release_of(before) >= release_of(after):
            message = f"The release {after} comes after {before}."
            yield ("releases", "known", number + 1), message, "List the releases once each, ascending."


def _settings(features: Json) -> Iterator[Finding]:
    for feature, body in features.items():
        for name, setting in body.get("settings", {}).items():
            if "default" in setting and setting["default"] not in setting["choices"]:
                path = ("features", feature, "settings", name, "default")
                message = f"{setting['default']} is not a choice of the setting {name}."
                yield path, message, f"Write {one_of(setting['choices'])}."


def _unused(data: Json) -> Iterator[Finding]:
    entries = data["entries"]
    for room, key in (("features", "feature"), ("roles", "role")):
        used = {entry[key] for entry in entries}
        for name in data[room]:
            if name not in used:
                yield (room, name), f"No entry has the {key} {name}.", "Write an entry that has it, or remove it."
    switched = {(entry["feature"], setting) for entry in entries for setting in entry.get("when", {})}
    for feature, body in data["features"].items():
        for name in body.get("settings", {}):
            if (feature, name) not in switched:
                message = f"The setting {name} of {feature} switches no entry."
                yield ("features", feature, "settings", name), message, "Use it in the `when` of an entry, or remove it."


def _starter(data: Json) -> Iterator[Finding]:
    for interface, features in data.get("starter", {}).items():
        if interface not in data["interfaces"]:
            message = f"The interface {interface} is unknown."
            yield ("starter", interface), message, f"Write {one_of(tuple(data['interfaces']))}."
        for number, name in enumerate(features):
            if name not in data["features"]:
                message = f"The feature {name} is unknown."
                hint = did_you_mean(name, tuple(data["features"]), "Write the name of a feature.")
                yield ("starter", interface, number), message, hint
            elif any("default" not in setting for setting in data["features"][name].get("settings", {}).values()):
                message = f"The feature {name} has a setting without a default, so a new file cannot switch it on."
                yield ("starter", interface, number), message, "Remove it, or give the setting a default."


def _entry(data: Json, entry: Json) -> Iterator[Finding]:
    yield from _references(data, entry)
    yield from _printed(data, entry)
    yield from _when(data, entry)
    yield from _ports(entry)
    for number, text in enumerate(entry.get("networks", ())):
        try:
            parse_network(text)
        except AddressError as error:
            yield ("networks", number), error.message, error.hint
    yield from _bounds(data, entry)


def _references(data: Json, entry: Json) -> Iterator[Finding]:
    for room, key in (("features", "feature"), ("roles", "role")):
        if entry[key] not in data[room]:
            yield (key,), f"There is no {key} {entry[key]}.", known(entry[key], tuple(data[room]))
    if not entry["rows"] and "source" not in entry:
        message = "This entry has neither rows nor a source."
        yield (), message, "Name the document under `source`, or the table's rows under `rows`."


def _printed(data: Json, entry: Json) -> Iterator[Finding]:
    """The entry's rows and errata against the rows as printed."""
    rows = {row["number"]: row for row in data["rows"]}
    for number, row in enumerate(entry["rows"]):
        if row not in rows:
            yield ("rows", number), f"There is no row {row}.", f"The table has the rows 1 to {len(rows)}."
    directions = {rows[row]["direction"] for row in entry["rows"] if row in rows}
    if len(directions) > 1:
        message = f"The rows of this entry print different directions: {one_of(sorted(directions))}."
        yield ("rows",), message, "Write an entry for each direction."
    for number, erratum in enumerate(entry.get("errata", ())):
        row = erratum["row"]
        if row not in entry["rows"]:
            message = f"The erratum is about row {row}, which is not a row of the entry."
            yield ("errata", number, "row"), message, f"Write {one_of(entry['rows'])}, or move it to an entry of row {row}."
        elif row in rows and not _is_printed(rows[row], erratum):
            message = f"The {erratum['cell']} cell of row {row} does not print {erratum['printed']!r}."
            yield ("errata", number, "printed"), message, "Write the printed text, as in `rows`."


def _is_printed(row: Json, erratum: Json) -> bool:
    match erratum["cell"]:
        case "host":
            return erratum["printed"] in row.get("hosts", ())
        case "purpose":
            return True  # `rows` does not repeat the vendor's sentences
        case cell:
            return bool(erratum["printed"] == row[cell])


def _when(data: Json, entry: Json) -> Iterator[Finding]:
    settings = data["features"].get(entry["feature"], {}).get("settings", {})
    for name, values in entry.get("when", {}).items():
        if name not in settings:
            message = f"The feature {entry['feature']} has no setting {name}."
            yield ("when", name), message, known(name, tuple(settings))
            continue
        choices = settings[name]["choices"]
        for number, value in enumerate(values):
            if value not in choices:
                yield ("when", name, number), f"{value} is not a choice of the setting {name}.", f"Write {one_of(choices)}."


def _ports(entry: Json) -> Iterator[Finding]:
    texts: dict[Path, str] = {("ports", number): text for number, text in enumerate(entry["ports"])}
    if "source_ports" in entry:
        texts["source_ports",] = entry["source_ports"]
    for path, text in texts.items():
        first, last = ports_of(text)
        if not first <= last <= 65535:
            message = f"{text} is not a port or a range of ports."
            yield path, message, "Write a port from 0 to 65535, or a range that ascends."
    ranges = [ports_of(text) for text in entry["ports"]]
    for number, (before, after) in enumerate(pairwise(ranges)):
        if before[1] + 1 >= after[0]:
            message = f"{entry['ports'][number + 1]} is not above {entry['ports'][number]} with a gap."
            yield ("ports", number + 1), message, "List ports in ascending order, and join adjacent ports to one range."
    if not {"tcp", "udp"}.issuperset(entry["transports"]) and (ranges != [(0, 65535)] or "source_ports" in entry):
        message = "Only tcp and udp have ports, and this entry has another transport."
        yield ("ports",), message, 'Write ["0-65535"] and no `source_ports`, or a separate entry for tcp and udp.'


def _bounds(data: Json, entry: Json) -> Iterator[Finding]:
    releases, bounds = data["releases"]["known"], entry.get("releases", {})
    for key, release in bounds.items():
        if release not in releases:
            yield ("releases", key), f"{release} is not a known release.", f"Write one of {', '.join(releases)}."
    if len(bounds) == 2 and release_of(bounds["first"]) > release_of(bounds["last"]):
        yield ("releases",), "The first release is newer than the last.", "Write the older one under `first`."


def known(word: str, words: tuple[str, ...]) -> str:
    """The hint for an unknown word: the did_you_mean known word, or all of them."""
    return did_you_mean(word, words, f"Write {one_of(words)}." if words else "Remove it: there are none.")
