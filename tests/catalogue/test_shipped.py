"""The shipped catalogue is what its loader trusts it to be, and accounts for every row of the vendor's table."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support.catalogues import shipped_document

from esacloud.catalogue.check import findings
from esacloud.catalogue.load import SHIPPED, load
from esacloud.catalogue.model import Entry
from esacloud.json_files import schema, schema_path

CATALOGUE = load()
NAMED_IN_DESIGN = {"administrators", "mail-senders", "mail-receivers", "dns-servers", "ntp-servers", "syslog-servers"}


def test_it_satisfies_its_schema() -> None:
    assert [error.message for error in Draft202012Validator(schema("catalogue")).iter_errors(shipped_document())] == []


def test_it_contradicts_itself_nowhere() -> None:
    assert findings(shipped_document()) == []


def test_trusting_it_and_checking_it_read_the_same() -> None:
    assert load(SHIPPED) == CATALOGUE


def test_it_is_read_once_a_process() -> None:
    assert load() is CATALOGUE


def test_its_digest_is_that_of_the_file() -> None:
    assert hashlib.sha256(Path(SHIPPED).read_bytes()).hexdigest() == CATALOGUE.digest


def test_every_row_from_1_to_48_is_in_an_entry_or_says_why_not_and_never_both() -> None:
    in_entries = {row for entry in CATALOGUE.entries for row in entry.rows}
    without_rule = {row.number for row in CATALOGUE.rows if row.no_rule}
    assert [row.number for row in CATALOGUE.rows] == list(range(1, 49))
    assert without_rule == {23, 43}
    assert in_entries == set(range(1, 49)) - without_rule


def test_an_entry_that_the_table_lacks_says_where_it_comes_from() -> None:
    extras = {entry.id for entry in CATALOGUE.entries if not entry.rows}
    assert all(CATALOGUE.of_id[name].source for name in extras)
    assert extras >= {
        "smart-licensing",
        "cluster-ssh",
        "sma-reporting",
        "new-gui-4431",
        "remote-access-25",
        "static-updates",
    }


def test_only_mail_is_open_to_everyone_by_default() -> None:
    assert {name for name, role in CATALOGUE.roles.items() if role.default} == {"mail-senders", "mail-receivers"}


def test_the_names_of_the_documented_deployment_file_are_there() -> None:
    assert set(CATALOGUE.roles) >= NAMED_IN_DESIGN
    assert {"management", "data1", "data2"} == set(CATALOGUE.interfaces)
    assert "eu" in CATALOGUE.features["file-reputation"].settings["region"].choices


def test_everything_printed_inbound_and_read_outbound_has_an_erratum_that_says_so() -> None:
    silent = [
        entry.id
        for entry in CATALOGUE.entries
        if entry.prints_inbound and not any((e.cell, e.read) == ("direction", "egress") for e in entry.errata)
    ]
    assert silent == []


def test_the_old_file_reputation_port_ends_with_asyncos_14() -> None:
    old = [entry for entry in CATALOGUE.entries if entry.ports == ((32137, 32137),)]
    assert {entry.releases for entry in old} == {(None, (14, 3))}
    assert len(old) == len(CATALOGUE.features["file-reputation"].settings["region"].choices)


@pytest.mark.parametrize("entry", CATALOGUE.entries, ids=lambda entry: entry.id)
def test_an_entry_speaks_both_languages(entry: Entry) -> None:
    chinese = re.compile("[\u4e00-\u9fff]")
    for text in (entry.purpose, *(erratum.why for erratum in entry.errata)):
        assert chinese.search(text.zh)
        assert not chinese.search(text.en)
        assert text.en.endswith(".")
        assert text.zh.endswith("。")


@pytest.mark.parametrize("name", ["catalogue", "ports", "explain"])
def test_a_schema_is_a_schema_and_describes_every_property(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert list(undescribed(schema(name))) == []


def undescribed(node: object, path: str = "") -> list[str]:
    """The properties without a title and a description, and the objects that let unknown keys pass."""
    if isinstance(node, list):
        return [found for item in node for found in undescribed(item, path)]
    if not isinstance(node, dict):
        return []
    found = []
    for name, body in (node.get("properties") or {}).items():
        if isinstance(body, dict) and not {"title", "description"} <= body.keys():
            found.append(f"{path}.{name}")
    if node.get("type") == "object" and "additionalProperties" not in node:
        found.append(f"{path} is open")
    return found + [more for key, body in node.items() for more in undescribed(body, f"{path}.{key}")]


def test_a_schema_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        schema_path("no-such-schema")
