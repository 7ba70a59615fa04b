"""The documentation page is what the rules say now."""

from __future__ import annotations

from pathlib import Path

from support.guardrails_page import page

PAGE = Path(__file__).parents[2] / "docs" / "guardrails.md"


def test_the_page_is_not_stale(update_golden: bool) -> None:
    if update_golden:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "run: bash .ci/generate"
