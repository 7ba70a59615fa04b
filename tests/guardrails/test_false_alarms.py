"""No false alarm: what the shipped examples describe, and what `generate` makes of them, breaks no guardrail."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from esacloud import provider, workflow

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_shipped_example_breaks_no_guardrail(path: Path) -> None:
    deployment = workflow.read_deployment(str(path))
    for cloud in deployment.clouds:
        policy = workflow.compile_for(deployment, cloud)
        judgement = workflow.judge_policy(policy, deployment, provider.load(cloud), date(2026, 6, 1))
        assert [f"{finding.code} {finding.message}" for finding in judgement.findings] == []
        assert not judgement.problems
