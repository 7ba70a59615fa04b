"""`esacloud ports`: the catalogue for people and for programs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.catalogues import SMALL

from esacloud.catalogue.load import load
from esacloud.cli.main import main
from esacloud.json_files import schema


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["ports", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    data = json.loads(printed(capsys, "--json", *words))
    Draft202012Validator(schema("ports")).validate(data)
    return data


def test_every_row_of_the_table_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    data = as_json(capsys)
    rows = [row for entry in (*data["entries"], *data["no_rule"]) for row in entry["rows"]]
    assert set(rows) == {row.number for row in load().rows}
    assert [entry["id"] for entry in data["entries"]] == [entry.id for entry in load().entries]
    assert data["catalogue"]["digest"] == load().digest


def test_the_table_has_a_line_for_each_entry_and_each_row_without_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys).splitlines()
    assert len(lines) == 2 + len(load().entries) + 2
    assert lines[0].split() == ["Row", "Port", "Direction", "Feature", "Remote", "What", "for"]
    assert [line.split()[0] for line in lines if "No rule" in line] == ["23", "43"]


def test_filters_narrow_it_down(capsys: pytest.CaptureFixture[str]) -> None:
    data = as_json(capsys, "--port", "443", "--direction", "ingress", "--feature", "admin-gui", "--text", "tls")
    assert [entry["id"] for entry in data["entries"]] == ["gui-https"]
    assert data["entries"][0]["rows"] == [21]
    assert data["no_rule"] == []


def test_it_speaks_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "--lang", "zh", "--text", "talos")
    assert out.split()[:6] == ["行", "端口", "方向", "功能", "对端", "用途"]
    assert "出站" in out


def test_no_match_is_reported_and_is_not_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--text", "gopher") == "Nothing in the catalogue matches.\n"
    assert printed(capsys, "--text", "gopher", "--lang", "zh") == "目录中没有匹配项。\n"
    data = as_json(capsys, "--text", "gopher")
    assert (data["entries"], data["no_rule"]) == ([], [])


def test_another_catalogue_is_shown_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    data = as_json(capsys, "--catalogue", str(SMALL))
    assert data["catalogue"]["name"] == "example-balancer"
    assert "icmp" in printed(capsys, "--catalogue", str(SMALL))


def test_an_unknown_feature_and_a_catalogue_that_is_not_there_are_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "--feature", "amdin-gui"]) == 2
    assert "Did you mean 'admin-gui'?" in capsys.readouterr().err
    assert main(["ports", "--catalogue", "absent.json"]) == 2
    assert "absent.json: error: The file does not exist." in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--port", "65536"], ["--port", "-1"], ["--port", "ssh"], ["--direction", "up"], ["x"]])
def test_a_wrong_option_is_bad_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["ports", *words])
    assert caught.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["ports", "explain"])
def test_the_help_ends_in_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"example: esacloud {command}" in capsys.readouterr().out
