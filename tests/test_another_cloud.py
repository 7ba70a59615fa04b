"""Another cloud is one package and one line in `esacloud/provider.py`: all of esacloud then works with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINE = '    "toy": Packages("toycloud", lab="toycloud.lab"),\n'
DEPLOYMENT = """
name: toy-gateway
asyncos: "15.5"
cloud: {toy: {site: north}}
interfaces:
  data1: [mail, dns]
peers: {mail-senders: [any], mail-receivers: [any], dns-servers: [10.0.0.2]}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of esacloud with one more line."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "esacloud", copy / "esacloud", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "schemas", copy / "schemas")
    shutil.copytree(ROOT / "tests" / "toycloud", copy / "toycloud")
    registry = copy / "esacloud" / "provider.py"
    before, start, after = registry.read_text(encoding="utf-8").partition("CLOUDS = {\n")
    registry.write_text(before + start + LINE + after, encoding="utf-8")
    return copy


@pytest.fixture
def esacloud(package: Path, tmp_path: Path) -> Iterator[Run]:
    environment = {**os.environ, "PYTHONPATH": str(package), "XDG_STATE_HOME": str(tmp_path / "state")}

    def run(*words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "esacloud", *map(str, words)]
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran

    yield run
    run("lab", "stop", "toy")


def test_the_whole_way_from_check_to_destroy(esacloud: Run, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(DEPLOYMENT, encoding="utf-8")
    esacloud("check", file)
    esacloud("generate", file, "--out", "module")
    esacloud("verify", file, "module")

    assert "toy" in esacloud("plan", file, "--lab", code=1).stdout
    esacloud("apply", file, "--lab", "--yes")
    assert json.loads(esacloud("plan", file, "--lab", "--json").stdout)["plans"][0]["steps"] == []

    file.write_text(DEPLOYMENT.replace("10.0.0.2", "10.0.0.2, 10.0.0.3"), encoding="utf-8")
    changed = json.loads(esacloud("plan", file, "--lab", "--json", code=1).stdout)["plans"][0]
    assert [step["action"] for step in changed["steps"]] == ["put"]
    esacloud("apply", file, "--lab", "--yes")
    esacloud("destroy", file, "--lab", "--yes")


def test_a_module_that_was_changed_by_hand_is_not_proven(esacloud: Run, tmp_path: Path) -> None:
    file, main = tmp_path / "gateway.yaml", tmp_path / "module" / "main.tf.json"
    file.write_text(DEPLOYMENT, encoding="utf-8")
    esacloud("generate", file, "--out", "module")
    main.write_text(main.read_text(encoding="utf-8").replace("[25, 25]", "[25, 26]"), encoding="utf-8")
    assert "tcp/26" in esacloud("verify", file, "module", code=1).stdout


def test_a_bad_setting_is_named_with_its_line(esacloud: Run, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(DEPLOYMENT.replace("north", "North-1"), encoding="utf-8")
    assert "gateway.yaml:4:" in esacloud("check", file, code=2).stdout


def test_filters_that_exist_are_audited(esacloud: Run, tmp_path: Path) -> None:
    file, answer = tmp_path / "gateway.yaml", tmp_path / "filters.json"
    file.write_text(DEPLOYMENT, encoding="utf-8")
    ssh = ["ingress", "ipv4", [6, 6], [0, 65535], [22, 22], [0, 2**32 - 1]]
    found = {"n1": {"deployment": "toy-gateway", "interface": "data1", "boxes": [ssh]}}
    answer.write_text(json.dumps({"toy_filters": found}), encoding="utf-8")
    audit = json.loads(esacloud("audit", answer, "--deployment", file, "--json", code=1).stdout)
    assert audit["missing"]
    assert [finding["code"] for finding in audit["guardrails"]["findings"]] == ["ESA001"]


def test_filters_of_a_live_site_are_audited(esacloud: Run, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(DEPLOYMENT, encoding="utf-8")
    esacloud("apply", file, "--lab", "--yes")
    address = json.loads(esacloud("lab", "--json").stdout)["labs"][0]["address"]
    esacloud("audit", "toy:", "--deployment", file, "--endpoint-url", address)
    assert "it is for aws:" in esacloud("audit", "toy:", "--region", "north", code=2).stderr
