"""`esacloud schema` prints what stands in schemas/deployment.schema.json."""

from __future__ import annotations

import json
from pathlib import Path

from support.catalogues import SMALL
from support.command import esacloud

ROOT = Path(__file__).parents[2]


def test_the_schema_that_is_printed_is_the_committed_one() -> None:
    ran = esacloud("schema")
    assert ran.code == 0
    assert ran.out == (ROOT / "schemas" / "deployment.schema.json").read_text(encoding="utf-8")


def test_the_schema_of_another_catalogue_has_its_features() -> None:
    ran = esacloud("schema", "--catalogue", SMALL)
    assert ran.code == 0
    assert "firmware" in json.loads(ran.out)["required"]


def test_a_missing_catalogue_is_an_error(tmp_path: Path) -> None:
    ran = esacloud("schema", "--catalogue", tmp_path / "no.json")
    assert (ran.code, ran.out) == (2, "")
    assert "The file does not exist." in ran.err
