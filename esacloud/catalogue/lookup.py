"""Look up entries and rows of a catalogue by filters, or by one word as `7025`, `tcp/7025`, `row44` or `talos`.

A port matches destination ports, and source ports of services that send from a fixed port.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from esacloud.catalogue.model import EVERY_PORT, Catalogue, Entry, Row
from esacloud.errors import InputError, Place, Problem, did_you_mean
from esacloud.packets.sets import Direction

COMMAND_LINE = Place("command line")
WIDE = 1024  # a wider range means "any data port" rather than the port in question


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; None matches everything. `text` is searched in both languages, ignoring case."""

    port: int | None = None
    direction: Direction | None = None
    feature: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a word matches: entries, rows without a rule, and entries that contain it only in a wide range."""

    asked: str
    entries: tuple[Entry, ...]
    rows: tuple[Row, ...] = ()
    wide: tuple[Entry, ...] = ()


def entries(catalogue: Catalogue, filters: Filters) -> tuple[Entry, ...]:
    """The entries that satisfy every filter, in the catalogue's order. Raises InputError for an unknown feature."""
    if filters.feature is not None and filters.feature not in catalogue.features:
        raise _unknown(filters.feature, "feature", tuple(catalogue.features))
    return tuple(
        entry
        for entry in catalogue.entries
        if (filters.port is None or has_port(entry, filters.port))
        and filters.direction in (None, entry.direction if entry.direction != "both" else filters.direction)
        and filters.feature in (None, entry.feature)
        and (filters.text is None or filters.text.casefold() in _searched(catalogue, entry))
    )


def rows_without_rule(catalogue: Catalogue, filters: Filters) -> tuple[Row, ...]:
    """The rows without a rule that satisfy every filter as printed. A row has no feature."""
    return tuple(
        row
        for row in catalogue.rows
        if row.no_rule is not None
        and filters.feature is None
        and (filters.port is None or str(filters.port) in row.port.replace("/", " ").split())
        and (filters.direction is None or filters.direction in row.direction.split())
        and (filters.text is None or filters.text.casefold() in _joined((*row.hosts, row.no_rule.en, row.no_rule.zh)))
    )


def find(catalogue: Catalogue, words: Iterable[str]) -> tuple[Found, ...]:
    """What each word matches: `7025`, `tcp/7025`, an entry's id, a feature, `row44`, or the two words `row 44`.

    Raises InputError with every word without a match.
    """
    found: list[Found] = []
    problems: list[Problem] = []
    for word in _joined_rows(words):
        try:
            found.append(_found(catalogue, word))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(*problems)
    return tuple(found)


def has_port(entry: Entry, port: int) -> bool:
    """Whether the entry's traffic goes to that port, or comes from that port where its source port is fixed."""
    spans = entry.ports if entry.source_ports == EVERY_PORT else (*entry.ports, entry.source_ports)
    return not {"tcp", "udp"}.isdisjoint(entry.transports) and any(first <= port <= last for first, last in spans)


def _joined_rows(words: Iterable[str]) -> list[str]:
    """The words, with `row` and the word after it joined."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].casefold() == "row":
            joined[-1] = f"row{word}"
        else:
            joined.append(word)
    return joined


def _found(catalogue: Catalogue, asked: str) -> Found:
    word = asked.strip().casefold()
    if word.startswith("row") and _is_number(number := word[3:].strip()):
        return _row(catalogue, int(number))
    transport, slash, port = word.rpartition("/")
    if _is_number(port) and (not slash or transport in ("tcp", "udp")):
        return _port(catalogue, word, transport, int(port))
    by_id = (catalogue.of_id[word],) if word in catalogue.of_id else ()
    by_feature = catalogue.of_feature.get(word, ())
    if by_id or by_feature:
        return Found(word, by_id if by_id and len(by_feature) < 2 else by_feature or by_id)
    names = (*(entry.id for entry in catalogue.entries), *catalogue.features)
    raise _unknown(asked, "entry or feature", names)


def _row(catalogue: Catalogue, number: int) -> Found:
    rows = tuple(row for row in catalogue.rows if row.number == number)
    if not rows:
        hint = f"Write a row from 1 to {len(catalogue.rows)}." if catalogue.rows else "Write a port or an entry."
        raise InputError.at(COMMAND_LINE, f"The table has no row {number}.", hint)
    entries = catalogue.of_row[number]
    return Found(f"row {number}", entries, () if entries else rows)


def _port(catalogue: Catalogue, asked: str, transport: str, port: int) -> Found:
    if port > EVERY_PORT[1]:
        raise InputError.at(COMMAND_LINE, f"{port} is not a port.", "Write a number from 0 to 65535.")
    held = [entry for entry in entries(catalogue, Filters(port=port)) if transport in ("", *entry.transports)]
    exact = tuple(entry for entry in held if _holds_narrowly(entry, port))
    wide = tuple(entry for entry in held if entry not in exact)
    printed = rows_without_rule(catalogue, Filters(port=port))
    rows = tuple(row for row in printed if transport in ("", *row.protocol.casefold().split("/")))
    if not held and not rows:
        raise _no_port(catalogue, asked, port)
    return Found(asked, exact, rows, wide) if exact or rows else Found(asked, wide)


def _no_port(catalogue: Catalogue, asked: str, port: int) -> InputError:
    is_row = asked == str(port) and 1 <= port <= len(catalogue.rows)
    hint = f"Write `row {port}` for that row of the table." if is_row else "List all ports with `esacloud ports`."
    return InputError.at(COMMAND_LINE, f"No entry of {catalogue.name} has the port {asked}.", hint)


def _holds_narrowly(entry: Entry, port: int) -> bool:
    spans = (*entry.ports, entry.source_ports)
    return any(first <= port <= last and last - first < WIDE for first, last in spans)


def _searched(catalogue: Catalogue, entry: Entry) -> str:
    title, role = catalogue.features[entry.feature].title, catalogue.roles[entry.role].title
    texts = (title.en, title.zh, role.en, role.zh, entry.purpose.en, entry.purpose.zh, *map(str, entry.networks))
    return _joined((entry.id, entry.feature, entry.role, *entry.hostnames, *texts))


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(texts).casefold()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _unknown(word: str, kind: str, names: tuple[str, ...]) -> InputError:
    hint = did_you_mean(word.casefold(), names, "List them with `esacloud ports`.")
    return InputError.at(COMMAND_LINE, f"There is no {kind} {word!a}.", hint)
