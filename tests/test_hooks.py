"""The hooks that other repositories take from this one do what they say; pre-commit itself is not needed here."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from support.command import Ran, esacloud

ROOT = Path(__file__).parents[1]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
DEPLOYMENT = "gateways/mail-small.yaml"
MODULE = "terraform/mail-small"


def run(name: str, *words: str) -> Ran:
    program, *first = HOOKS[name]["entry"].split()
    assert program == "esacloud"
    return esacloud(*first, *words)


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("gateways").mkdir()
    return Path(shutil.copy(ROOT / "examples/small.yaml", DEPLOYMENT))


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_looks_at_deployment_files(name: str) -> None:
    assert re.search(HOOKS[name]["files"], DEPLOYMENT)
    assert not re.search(HOOKS[name]["files"], "README.md")


def test_check_takes_the_files_of_a_commit_and_refuses_a_bad_one(deployment: Path) -> None:
    assert run("esacloud-check", DEPLOYMENT).code == 0
    deployment.write_text(deployment.read_text(encoding="utf-8").replace("10.20.0.0/24", "any"), encoding="utf-8")
    ran = run("esacloud-check", DEPLOYMENT)
    assert ran.code != 0
    assert "ESA001" in ran.out


def test_generate_writes_only_where_the_module_differs_and_verify_proves_it(deployment: Path) -> None:
    assert run("esacloud-generate", DEPLOYMENT, "--out", MODULE).code == 0
    before = {path: path.read_bytes() for path in Path(MODULE).iterdir()}
    assert run("esacloud-generate", DEPLOYMENT, "--out", MODULE) == (0, "", "")
    assert {path: path.read_bytes() for path in Path(MODULE).iterdir()} == before
    assert run("esacloud-verify", DEPLOYMENT, MODULE).code == 0
    deployment.write_text(deployment.read_text(encoding="utf-8").replace("10.0.0.2", "10.0.0.9"), encoding="utf-8")
    assert run("esacloud-verify", DEPLOYMENT, MODULE).code == 1
