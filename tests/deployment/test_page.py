"""The tables of keys in docs/deployment-file.md are those of the specification."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.deployments import BOTH

from esacloud import workflow
from esacloud.catalogue.load import load
from esacloud.deployment.page import renewed
from esacloud.deployment.specification import root_keys

PAGE = Path(__file__).parents[2] / "docs" / "deployment-file.md"


def test_the_tables_of_the_page_are_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    if renewed(page, load(), workflow.dialects()) != page:
        pytest.fail("docs/deployment-file.md is stale; run: bash .ci/generate")


def test_a_table_has_a_row_for_each_key_with_its_description() -> None:
    page = renewed("<!-- table: root -->\n<!-- end of table -->\n", load(), BOTH)
    for key in root_keys(load(), BOTH):
        assert f"| `{key.name}` | {'yes' if key.required else ''}" in page
        assert key.about() in page


def test_text_around_the_tables_stays() -> None:
    page = "before\n<!-- table: waiver -->\nold\n<!-- end of table -->\nafter\n"
    made = renewed(page, load(), BOTH)
    assert made.startswith("before\n<!-- table: waiver -->\n| key |")
    assert made.endswith("|\n<!-- end of table -->\nafter\n")
    assert "old" not in made
