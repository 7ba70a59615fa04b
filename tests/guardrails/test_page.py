"""The documentation page is what the rules say now."""

from __future__ import annotations

from pathlib import Path

from esacloud.guardrails.page import page
from esacloud.guardrails.rules import GUARDRAILS

PAGE = Path(__file__).parents[2] / "docs" / "guardrails.md"


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m esacloud.guardrails.page > docs/guardrails.md"


def test_every_rule_has_a_file_named_after_its_code() -> None:
    folder = Path(__file__).parents[2] / "esacloud" / "guardrails" / "rules"
    assert sorted(path.name[:6].upper() for path in folder.glob("esa*.py")) == [rule.code for rule in GUARDRAILS]
