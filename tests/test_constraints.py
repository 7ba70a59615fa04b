"""constraints.txt pins every requirement of pyproject.toml to a version that it allows, and everything installs by it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = dict(re.findall(r"^([a-z0-9-]+)==([^ \n]+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M))


def requirements() -> list[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    lines = [*PROJECT["project"]["dependencies"], *(line for lines in extras for line in lines)]
    return [line for line in lines if not line.startswith("esacloud[")]


def numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


@pytest.mark.parametrize("requirement", requirements())
def test_a_requirement_has_a_pin_that_it_allows(requirement: str) -> None:
    parts = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?(?:(>=|==)([\d.]+))?", requirement)
    assert parts, requirement
    name, operator, version = parts.groups()
    pin = PINS.get(re.sub(r"[-_.]+", "-", name).lower())
    assert pin, f"{name} has no pin: nox -s lock"
    assert operator != "==" or pin == version, "nox -s lock"
    assert operator != ">=" or numbers(pin) >= numbers(version), "nox -s lock"


def test_the_build_backend_is_pinned_too() -> None:
    assert all("==" in line for line in PROJECT["build-system"]["requires"])


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_whatever_installs_the_project_takes_the_pins(file: str) -> None:
    _, *installs = (ROOT / file).read_text(encoding="utf-8").split("pip install ")
    assert installs
    assert all(re.match(r"[^&\n]*(-c|--constraint) constraints\.txt", line) for line in installs)


def test_the_continuous_integration_runs_the_one_script() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    assert {"run": "bash .ci/run"} in jobs["every-commit"]["steps"]
