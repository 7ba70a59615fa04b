"""The catalogue against the vendor's own table, cell by cell; where they part, an erratum has to say exactly that."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from esacloud.catalogue.load import load
from esacloud.catalogue.model import EVERY_PORT, Entry

SHARED = Path(os.environ.get("ESACLOUD_SHARED") or Path(__file__).parents[2].parent / "shared")
TABLE = SHARED / "seed" / "firewall-information.zh.txt"
pytestmark = pytest.mark.skipif(not TABLE.is_file(), reason=f"the vendor's table is not at {TABLE}")

CATALOGUE = load()
DIRECTIONS = {
    "输入": "ingress",
    "输出": "egress",
    "输入或输出": "ingress or egress",
    "输入和输出": "ingress and egress",
    "传入和传出": "ingress and egress",
    "输入/输入": "ingress / ingress",
    "—": "-",
}
WORDS = {"或": "or", "及更高": "and up", "—": "-"}
HOST = re.compile(r"(?<![\w.:/-])(?:[0-9a-f:.]+/\d+|[a-z0-9-]+(?:\.[a-z0-9-]+)+\.?)(?![\w:/-])", re.ASCII)
AS_CONFIGURED = "如“安全服务”"  # the host cell refers to the gateway's configuration
CARRIED_BY = {"HTTP": {"tcp"}, "HTTPS": {"tcp"}, "LDAP": {"tcp"}, "LDAPS": {"tcp"}, "CCS": {"tcp"}, "FTP": {"tcp"}}
# https://www.iana.org/assignments/service-names-port-numbers; 3268 and 3269 are msft-gc and msft-gc-ssl
APPLICATION_OF = {389: "LDAP", 3268: "LDAP", 636: "LDAPS", 3269: "LDAPS"}
CROSS_REFERENCES = {1: 43}  # row 43 says of its ports only that row 1 needs them


class Printed(NamedTuple):
    """A row of the table, its words in English, its hosts without the words around them."""

    number: int
    port: str
    protocol: str
    direction: str
    hosts: tuple[str, ...]
    host_cell: str
    purpose: str


def printed_rows() -> list[Printed]:
    lines = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    cells = [line for line in lines if len(line) == 5 and line[0] != "默认端口"]
    return [
        Printed(
            number,
            " ".join(WORDS.get(word, word) for word in port.split()),
            WORDS.get(protocol, protocol),
            DIRECTIONS[direction],
            tuple(HOST.findall(host)),
            host,
            purpose,
        )
        for number, (port, protocol, direction, host, purpose) in enumerate(cells, start=1)
    ]


ROWS = printed_rows() if TABLE.is_file() else []


def test_the_table_has_48_rows() -> None:
    assert len(ROWS) == 48


@pytest.mark.parametrize("printed", ROWS, ids=lambda row: f"row-{row.number}")
def test_a_row_stands_in_the_catalogue_as_printed(printed: Printed) -> None:
    row = CATALOGUE.rows[printed.number - 1]
    assert (row.number, row.port, row.protocol, row.direction, row.hosts) == printed[:5]


def test_no_host_of_the_table_is_overlooked() -> None:
    """The host pattern of this test against a cruder one: everything with a dot or a colon between ASCII characters."""
    crude = {word for row in ROWS for word in row.host_cell.split() if word.isascii() and re.search(r"[a-z0-9][.:]", word)}
    assert crude == {host for row in ROWS for host in row.hosts}


def test_the_entries_say_what_the_rows_print_but_for_the_errata() -> None:
    """Every port, protocol, direction, host name and network of all 48 rows, and no erratum that is none."""
    differences = {difference for row in ROWS if not CATALOGUE.rows[row.number - 1].no_rule for difference in compared(row)}
    errata = {
        (erratum.row, erratum.cell, erratum.printed, erratum.read)
        for entry in CATALOGUE.entries
        for erratum in entry.errata
    }
    assert differences == {erratum for erratum in errata if erratum[1] != "purpose"}
    assert {row for row, cell, *_ in errata if cell == "purpose"} == {9, 39}


def test_rows_whose_hosts_are_configured_elsewhere_name_the_source_of_each_host() -> None:
    configured = [row for row in ROWS if AS_CONFIGURED in row.host_cell and not row.hosts]
    assert [row.number for row in configured] == [27, 28]
    for row in configured:
        assert all(entry.source for entry in entries_of(row) if entry.hostnames)


def test_the_checklist_holds_the_advice_that_no_filter_can_follow() -> None:
    advice = [
        line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("- ") and "](#)" not in line
    ]
    assert len(advice) == 5
    commands = [re.findall("`([a-z]+)`", line) for line in advice[2:]]
    for (_, command), named in zip(CATALOGUE.checklist, commands, strict=True):
        assert [command] == named or not named


def entries_of(row: Printed) -> list[Entry]:
    return [entry for entry in CATALOGUE.entries if row.number in entry.rows]


def compared(row: Printed) -> set[tuple[int, str, str, str]]:
    """(row, cell, printed, read) wherever the entries of a row do not say what it prints."""
    entries = entries_of(row)
    found = {("port", row.port, read_ports(row, entries)), ("direction", row.direction, read_direction(row, entries))}
    found |= read_protocol(row, entries) | read_hosts(row, entries)
    return {(row.number, cell, printed, read) for cell, printed, read in found if printed != read}


def read_ports(row: Printed, entries: list[Entry]) -> str:
    """The ports of the entries in the row's own words where they are the same, otherwise as a list."""
    read = {ports for entry in entries for ports in entry.ports}
    read |= {entry.source_ports for entry in entries if entry.source_ports != EVERY_PORT}
    pointed_at = CROSS_REFERENCES.get(row.number)
    if pointed_at and "1024 and up" in ROWS[pointed_at - 1].port and "21" in ROWS[pointed_at - 1].purpose:
        read -= {(1024, 65535)}
    assert all(first == last for first, last in read)
    printed = {(int(number), int(number)) for number in re.findall(r"\d+", row.port)}
    return row.port if read == printed else " or ".join(str(first) for first, _ in sorted(read))


def read_direction(row: Printed, entries: list[Entry]) -> str:
    ways = {
        way for entry in entries for way in (("ingress", "egress") if entry.direction == "both" else (entry.direction,))
    }
    if len(ways) == 1:
        return ways.pop()
    return row.direction if row.direction in ("ingress or egress", "ingress and egress") else "ingress and egress"


def read_protocol(row: Printed, entries: list[Entry]) -> set[tuple[str, str, str]]:
    words = row.protocol.split("/")
    printed = set().union(*(CARRIED_BY.get(word, {word.lower()}) for word in words))
    assert {transport for entry in entries for transport in entry.transports} == printed
    applications = {APPLICATION_OF.get(first) for entry in entries for first, _ in entry.ports} - {None}
    return {("protocol", row.protocol, str(application)) for application in applications}


def read_hosts(row: Printed, entries: list[Entry]) -> set[tuple[str, str, str]]:
    read = {name for entry in entries for name in (*entry.hostnames, *map(str, entry.networks))}
    if AS_CONFIGURED in row.host_cell and not row.hosts:
        return set()
    lacking, added = sorted(set(row.hosts) - read), sorted(read - set(row.hosts))
    return {("host", printed, instead) for printed, instead in zip(lacking, added, strict=True)}
