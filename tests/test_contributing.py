"""The walk-throughs of CONTRIBUTING.md work: their blocks are executed in order, in a copy of the repository.

A block with `title=PATH` is a new file. A `diff` with it changes that file: the lines of context and `-` must occur there
exactly once and become those of context and `+`; `@@` separates changes. In a `console` block each line `$ COMMAND` is run,
the lines below it must occur in its output in that order, and it must end with exit code 0, or the one of the last line.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<language>\w+)(?: title=(?P<path>\S+))?\n(?P<text>.*?)^```$", re.M | re.S)
FOLDERS = (".ci", "benchmarks", "docs", "esacloud", "examples", "modules", "schemas", "tests")
FILES = ("*.md", "*.toml", "*.txt", "noxfile.py", "LICENSE")
PROGRAMS = {"python": "", "esacloud": "-m esacloud"}


def walkthroughs() -> dict[str, list[re.Match[str]]]:
    """Heading -> the blocks below it, of each section that has a block with a title."""
    sections = re.split(r"^## ", TEXT, flags=re.M)[1:]
    found = {section.partition("\n")[0]: list(BLOCK.finditer(section)) for section in sections}
    return {title: blocks for title, blocks in found.items() if any(block["path"] for block in blocks)}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the repository, without what git ignores."""
    place = tmp_path / "clone"
    place.mkdir()
    ignore = shutil.ignore_patterns("__pycache__", ".terraform", "*.tfstate*", ".hypothesis")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, place / name, ignore=ignore, symlinks=True)
    for file in (file for pattern in FILES for file in ROOT.glob(pattern)):
        shutil.copy(file, place)
    return place


def environment(place: Path) -> dict[str, str]:
    """One in which `python` and `esacloud` are this Python with the packages of the copy."""
    programs = place.parent / "bin"
    programs.mkdir(exist_ok=True)
    for name, words in PROGRAMS.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return {
        **kept,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{place}{os.pathsep}{place}/tests",
    }


def write(file: Path, text: str) -> None:
    assert not file.exists(), f"{file.name} is there already"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def change(file: Path, difference: str) -> None:
    text = file.read_text(encoding="utf-8")
    lines = difference.splitlines(keepends=True)
    for parts, group in groupby(lines, key=lambda line: line.startswith("@@")):
        hunk = [] if parts else list(group)
        old = "".join(line[1:] for line in hunk if line[0] != "+")
        new = "".join(line[1:] for line in hunk if line[0] != "-")
        assert not hunk or text.count(old) == 1, f"{file.name} has {text.count(old)} times:\n{old}"
        text = text.replace(old, new) if hunk else text
    file.write_text(text, encoding="utf-8")


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block with the lines below it."""
    for command in re.split(r"^\$ ", text, flags=re.M)[1:]:
        first, *below = command.splitlines()
        yield first, [line.strip() for line in below if line.strip()]


def run(command: str, expected: list[str], place: Path) -> None:
    code = 0
    if expected and (ending := re.fullmatch(r"\[exit code (\d)\]", expected[-1])):
        code, expected = int(ending[1]), expected[:-1]
    ran = subprocess.run(
        ["bash", "-c", command], cwd=place, env=environment(place), capture_output=True, text=True, check=False
    )
    output = ran.stdout + ran.stderr
    assert ran.returncode == code, f"{command}\n{output}"
    assert re.search(".*".join(map(re.escape, expected)), output, re.S), f"{command}\n{output}"


@pytest.mark.parametrize("title", walkthroughs())
def test_the_steps_of_a_walk_through_lead_where_it_says(title: str, clone: Path) -> None:
    for block in walkthroughs()[title]:
        if block["language"] == "console":
            for command, expected in commands(block["text"]):
                run(command, expected, clone)
        elif block["language"] == "diff":
            change(clone / block["path"], block["text"])
        else:
            write(clone / block["path"], block["text"])


def test_the_walk_throughs_are_there() -> None:
    assert set(walkthroughs()) >= {"Add a table row", "Add a guardrail", "Add a key of the deployment file", "Add a cloud"}


def test_the_map_shows_every_room_and_no_other() -> None:
    (table,) = re.findall(r"^\| room in `esacloud/`[^\n]+\n(.*?)\n\n", TEXT, re.M | re.S)
    shown = {name for cell in re.findall(r"^\|([^|]+)\|", table, re.M) for name in re.findall(r"`([\w./]+)`", cell)}
    rooms = {f"{path.parent.name}/" for path in (ROOT / "esacloud").glob("*/__init__.py")}
    assert rooms == {name for name in shown if name.endswith("/")}
    assert all((ROOT / "esacloud" / name).exists() for name in shown)
