"""A port catalogue as immutable values; `load.py` reads them from a JSON file.

A catalogue describes one appliance: its releases, interfaces, features, the roles of its peers, and in each entry something
that it needs open, with the rows of the vendor's table that ask for it and the errata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from esacloud.packets.addresses import Network
from esacloud.packets.sets import Direction

Transport = Literal["tcp", "udp", "icmp", "all"]
EntryDirection = Literal["ingress", "egress", "both"]
Certainty = Literal["certain", "strong", "fair", "reading"]
Cell = Literal["port", "protocol", "direction", "host", "purpose"]
Release = tuple[int, ...]  # 15.5 is (15, 5)
PortRange = tuple[int, int]  # includes both ends

EVERY_PORT: PortRange = (0, 65535)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in English and in Chinese."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The text in `language`, which is `en` or `zh`."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the vendor's table, numbered from 1 at the top, as printed.

    `hosts` are the host names and networks of its host cell, without other words. `no_rule` is the reason why the row needs
    no rule, None where an entry comes from it.
    """

    number: int
    port: str
    protocol: str
    direction: str
    hosts: tuple[str, ...]
    no_rule: Text | None


@dataclass(frozen=True, slots=True)
class Erratum:
    """Where the reading differs from the print: row and cell, printed text, reading, certainty, and reason."""

    row: int
    cell: Cell
    printed: str
    read: str
    certainty: Certainty
    why: Text


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a feature. `default` is None where the user has to choose."""

    name: str
    choices: tuple[str, ...]
    default: str | None
    title: Text


@dataclass(frozen=True, slots=True)
class Feature:
    """A function of the gateway that a site uses or not, which switches entries on."""

    name: str
    title: Text
    settings: Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class Role:
    """The role of a remote, as `dns-servers`. A deployment says under `peers` who plays it.

    `default` is `any` only for roles that are the whole Internet by their nature (mail); otherwise None.
    `example` is the value in a new deployment file.
    """

    name: str
    title: Text
    default: Literal["any"] | None
    example: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that a gateway needs open.

    - `transports` x `ports` (destination ports); `source_ports` is every port except for services that send from fixed
      ports.
    - `documented`: the direction as printed (`ingress`, `egress`, `ingress or egress`, …), None without a row;
      `direction` is what a stateful filter has to allow, seen from the gateway.
    - `role` names the remote. Where the deployment has no peer for it, `networks` apply, else `hostnames`, else the role's
      default; with none of them the deployment has to name the peer.
    - `when`: the settings that switch the entry on: setting name -> values.
    - `releases`: the first and the last release that needs the entry, None for no bound.
    - `rows` is empty where the table lacks the entry; `source` then names its source.
    - `rotating`: whether the addresses of `hostnames` are known to change often.
    """

    id: str
    feature: str
    rows: tuple[int, ...]
    transports: tuple[Transport, ...]
    ports: tuple[PortRange, ...]
    source_ports: PortRange
    documented: str | None
    direction: EntryDirection
    role: str
    hostnames: tuple[str, ...]
    networks: tuple[Network, ...]
    purpose: Text
    when: Mapping[str, tuple[str, ...]]
    releases: tuple[Release | None, Release | None]
    errata: tuple[Erratum, ...]
    source: str
    rotating: bool = False

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions that a stateful filter has to allow."""
        return ("ingress", "egress") if self.direction == "both" else (self.direction,)

    @property
    def prints_inbound(self) -> bool:
        """Whether the table prints an inbound half that the reading omits. `in or out` is a choice and has no half."""
        return self.direction == "egress" and self.documented == "ingress and egress"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The port table of one appliance. `digest` is the SHA-256 of the file's bytes, in hexadecimal.

    `release_key` is the deployment file's key for the release (`asyncos`); `releases` are all known ones, ascending.
    `checklist` is the vendor's advice that a packet filter cannot enforce: (text, command name or "").
    `starter` are the features that a new deployment file switches on, by interface.
    `of_feature`, `of_row` and `of_id` are the entries by feature, table row and id.
    """

    name: str
    title: Text
    edition: str
    source: str
    release_key: str
    releases: tuple[Release, ...]
    interfaces: Mapping[str, Text]
    features: Mapping[str, Feature]
    roles: Mapping[str, Role]
    entries: tuple[Entry, ...]
    rows: tuple[Row, ...]
    checklist: tuple[tuple[Text, str], ...]
    digest: str
    starter: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_feature: Mapping[str, tuple[Entry, ...]] = field(init=False, repr=False, compare=False)
    of_row: Mapping[int, tuple[Entry, ...]] = field(init=False, repr=False, compare=False)
    of_id: Mapping[str, Entry] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        of_feature: dict[str, list[Entry]] = {name: [] for name in self.features}
        of_row: dict[int, list[Entry]] = {row.number: [] for row in self.rows}
        for entry in self.entries:
            of_feature.setdefault(entry.feature, []).append(entry)
            for row in entry.rows:
                of_row.setdefault(row, []).append(entry)
        object.__setattr__(self, "of_feature", {name: tuple(entries) for name, entries in of_feature.items()})
        object.__setattr__(self, "of_id", {entry.id: entry for entry in self.entries})
        object.__setattr__(self, "of_row", {row: tuple(entries) for row, entries in of_row.items()})


def release_text(release: Release) -> str:
    """`15.5` of (15, 5)."""
    return ".".join(map(str, release))


def rows_text(rows: Sequence[int]) -> str:
    """`table row 7` or `table rows 12, 13`; nothing of no rows."""
    return f"table row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}" if rows else ""
