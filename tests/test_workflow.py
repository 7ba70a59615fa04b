"""What the workflow itself decides: what its errors carry, and what it depends on."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest

from esacloud import workflow

ROOT = Path(__file__).parents[1]
OPEN = (ROOT / "examples" / "small.yaml").read_text(encoding="utf-8").replace("[10.20.0.0/24]", "[any]")


def test_a_refusal_has_a_line_for_each_finding_and_carries_the_judgement() -> None:
    deployment = workflow.read_deployment("gateway.yaml", OPEN)
    with pytest.raises(workflow.GuardrailError) as refused:
        workflow.generate(deployment, "aws", date(2026, 11, 24))
    error = refused.value
    assert "ESA001" in {finding.code for finding in error.judgement.findings}
    lines = str(error).splitlines()
    assert len(lines) == len(error.judgement.findings)
    assert any(line.startswith("gateway.yaml:") and "error: ESA001" in line for line in lines)


def test_the_workflow_imports_nothing_above_it() -> None:
    above = {"report", "cli", "fleet", "lab"}
    tree = ast.parse(Path(workflow.__file__).read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name.split(".")[1:2] and name.split(".")[1] in above] == []
