"""The file to start from passes the check as it stands, and each line that it offers as a comment is a line that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support.catalogues import SMALL

from esacloud import workflow
from esacloud.aws.dialect import DIALECT
from esacloud.catalogue.load import load
from esacloud.deployment.read import read
from esacloud.deployment.starter import starter_text, write_new
from esacloud.errors import InputError, OutsideError

DIALECTS = {"aws": DIALECT}


def test_the_starter_says_what_is_needed_and_nothing_to_be_warned_of() -> None:
    deployment = read("f.yaml", DIALECTS, text=starter_text(load(), DIALECTS))
    assert deployment.warnings == ()
    assert workflow.lower(deployment, "aws").policy.warnings == ()


def test_everything_that_the_catalogue_has_is_in_the_starter() -> None:
    catalogue, text = load(), starter_text(load(), DIALECTS)
    for name in (*catalogue.interfaces, *catalogue.features, *catalogue.roles):
        assert re.search(rf"^ *(# )?(- )?{name}\b", text, re.MULTILINE), name


def test_what_the_starter_offers_as_a_comment_works_when_the_comment_sign_is_taken_out() -> None:
    text = re.sub(r"^( *)# (- |[a-z0-9-]+: )", r"\1\2", starter_text(load(), DIALECTS), flags=re.MULTILINE)
    deployment = read("f.yaml", DIALECTS, text=text)
    assert {use.feature for interface in deployment.interfaces for use in interface.features} == set(load().features)
    assert set(deployment.peers) == set(load().roles)


def test_a_catalogue_without_a_starter_gives_a_file_that_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "lb.json").write_bytes(SMALL.read_bytes())
    text = starter_text(load(str(SMALL)), DIALECTS, "lb.json")
    assert yaml.safe_load(text)["catalogue"] == "lb.json"
    deployment = read(str(tmp_path / "f.yaml"), DIALECTS, text=text)
    assert deployment.warnings == ()


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("mine")
    with pytest.raises(InputError, match="The file exists already"):
        write_new(str(file), "other")
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["f.yaml"]


def test_a_symbolic_link_is_not_followed_even_when_it_leads_nowhere(tmp_path: Path) -> None:
    link = tmp_path / "f.yaml"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="The file exists already"):
        write_new(str(link), "other")
    assert not (tmp_path / "nowhere").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["f.yaml"]


def test_a_new_file_is_whole_and_readable_for_others(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    write_new(str(file), "name: mail-edge-1\n")
    assert file.read_text() == "name: mail-edge-1\n"
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["f.yaml"]


def test_a_directory_that_is_not_there_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for parent in ("no", "file"):
        with pytest.raises(InputError, match="directory of this file does not exist"):
            write_new(str(tmp_path / parent / "f.yaml"), "")


def test_what_the_disk_says_is_reported_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"the file cannot be written: File name too long\."):
        write_new(str(tmp_path / ("x" * 300)), "")
    assert list(tmp_path.iterdir()) == []
