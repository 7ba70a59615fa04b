"""`esacloud explain`: what a port, a row, an entry or a feature is for."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from support.catalogues import SMALL

from esacloud.catalogue.load import load
from esacloud.catalogue.model import Entry
from esacloud.catalogue.select import why_not
from esacloud.cli.main import main
from esacloud.json_files import schema

CATALOGUE = load()


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    data = json.loads(printed(capsys, "--json", *words))
    Draft202012Validator(schema("explain")).validate(data)
    return data


def test_a_port_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "7025").splitlines() == [
        "central-policy-quarantine: tcp/7025 both",
        "  What for     The gateway and the management appliance exchange what lies in the policy, virus and outbreak "
        "quarantines.",
        "  Opened by    the gateway and the remote host",
        "  Remote       management-appliances (Security management appliances (SMA))",
        "  Feature      central-quarantine (Quarantines centralised on a management appliance)",
        "  Enabled      by quarantines: both or policy (default both)",
        "  Row 46       7025, TCP, ingress and egress",
        "  In the file  interfaces:",
        "                 management: [central-quarantine]",
        "               peers:",
        "                 management-appliances: [10.20.6.10]",
        "",
        "7025 is also within the port range of: ftp-server-data-passive, ftp-server-data-active, ftp-client-data-passive, "
        "ftp-client-data-active",
    ]


def test_a_row_is_explained_with_its_erratum(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "row", "44")
    assert "  Row 44       2222, CCS, ingress / ingress\n" in out
    assert "direction of row 44: printed ingress / ingress; read as ingress and egress (strong evidence)." in out
    assert "management: [{cluster: {transport: ccs}}]" in out


def test_an_entry_is_explained_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "central-spam-quarantine", "--lang", "zh")
    assert "  第 45 行  （空）, TCP, 输出\n" in out
    assert "第 45 行的端口：原文 空；读作 6025（证据充分）" in out


def test_a_row_that_makes_no_rule_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No rule: Only hardware gateways" in printed(capsys, "row 23")
    (answer,) = as_json(capsys, "row", "43")["answers"]
    assert answer["entries"] == []
    assert answer["no_rule"][0]["rows"] == [43]


def test_an_entry_that_the_table_lacks_says_so_and_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "smart-licensing")
    assert "none: the table does not have this entry" in out
    assert "asyncos 15.5 and newer" in out
    assert "Source" in out


def test_the_json_carries_rows_as_printed_errata_feature_settings_and_peer(capsys: pytest.CaptureFixture[str]) -> None:
    (answer,) = as_json(capsys, "file-reputation-eu-32137")["answers"]
    (entry,) = answer["entries"]
    assert entry["rows"] == [27]
    assert entry["printed"] == [{"number": 27, "port": "443", "protocol": "TCP", "direction": "egress", "hosts": []}]
    assert entry["errata"][0]["read"] == "443 or 32137"
    assert entry["settings"]["region"]["default"] is None
    assert entry["when"] == {"region": ["eu"], "port": ["32137"]}
    assert entry["releases"] == {"first": None, "last": "14.3"}
    assert entry["peer"]["key"] == "peers.file-reputation-servers"
    assert entry["peer"]["required"] is False


def test_an_entry_asked_for_twice_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "dns", "row", "7", "dns") == printed(capsys, "dns")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_can_be_explained(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = [entry.id for entry in CATALOGUE.entries]
    out = printed(capsys, *names, "row", "23", "row", "43", "--lang", language)
    assert all(f"{name}: " in out for name in names)
    as_json(capsys, *names, "row", "23", "row", "43")


@pytest.mark.parametrize("entry", CATALOGUE.entries, ids=lambda entry: entry.id)
def test_what_it_says_to_write_switches_the_entry_on(entry: Entry, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines to write are YAML, and the settings in them are those that the entry waits for."""
    out = printed(capsys, entry.id).split("\n\n")
    (block,) = [block for block in out if block.startswith(f"{entry.id}: ")]
    lines = block[block.index("interfaces:") :].splitlines()
    yaml_lines = [lines[0], *(line[15:] for line in lines[1:] if "may name others" not in line)]
    written = yaml.load("\n".join(yaml_lines), Loader=yaml.BaseLoader)
    (use,) = written["interfaces"]["management"]
    feature, settings = next(iter(use.items())) if isinstance(use, dict) else (use, {})
    defaults = {name: setting.default or "" for name, setting in CATALOGUE.features[entry.feature].settings.items()}
    release = entry.releases[1] or CATALOGUE.releases[-1]
    assert feature == entry.feature
    assert why_not(entry, release, {**defaults, **settings}) is None
    remote_is_known = entry.networks or entry.hostnames or CATALOGUE.roles[entry.role].default
    assert set(written.get("peers", {})) == (set() if remote_is_known else {entry.role})


def test_another_catalogue_is_explained_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "--catalogue", str(SMALL), "status", "web-quic", "443")
    assert "as_printed: [status]" in out
    assert "firmware 1.1 to 2.0.1" in out


@pytest.mark.parametrize("words", [["44"], ["row", "99"], ["snpm"], ["70000"], ["row"]])
def test_what_stands_for_nothing_is_bad_input(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("command line: error: ")


def test_asking_nothing_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain"])
    assert caught.value.code == 2
