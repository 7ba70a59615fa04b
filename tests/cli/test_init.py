"""`esacloud init`: a file that passes the check, and nothing that was there is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.catalogues import SMALL
from support.command import esacloud


def test_the_file_that_init_writes_passes_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = esacloud("init")
    assert (ran.code, ran.err) == (0, "")
    assert "esacloud check deployment.yaml" in ran.out
    assert esacloud("check", "deployment.yaml").code == 0


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    ran = esacloud("init", file)
    assert ran.code == 2
    assert f"{file}: error: The file exists already." in ran.err
    assert file.read_text() == "mine"


def test_an_unknown_cloud_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    ran = esacloud("init", tmp_path / "f.yaml", "--cloud", "gcp")
    assert ran.code == 2
    assert "The cloud 'gcp' is unknown. Write aws" in ran.err
    assert not (tmp_path / "f.yaml").exists()


def test_a_file_can_be_started_from_another_catalogue(tmp_path: Path) -> None:
    ran = esacloud("init", tmp_path / "f.yaml", "--catalogue", SMALL)
    assert ran.code == 0
    assert esacloud("check", tmp_path / "f.yaml").code == 0
