"""The README says what the program does: its outputs are the program's, its example file is an example, its code runs.

A comment `<!-- is: ... -->` before a block names where its text comes from: `output of COMMAND`, `file PATH`, or
`lines of PATH matching TEXT` in the module that the quick start makes. `pytest --update-golden` writes the blocks anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import esacloud

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"<!-- is: (?P<source>[^\n]+) -->\n```(?P<language>\w*)\n(?P<text>.*?)```", re.S)
TEXT = README.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place that looks like a fresh clone in which the quick start was run."""
    place = tmp_path_factory.mktemp("clone")
    (place / "examples").symlink_to(ROOT / "examples")
    here = Path.cwd()
    os.chdir(place)
    try:
        assert esacloud("generate", "examples/small.yaml", "--out", "build/small").code == 0
    finally:
        os.chdir(here)
    return place


def text_from(source: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(place)
    if command := re.fullmatch(r"output of esacloud (.+)", source):
        ran = esacloud(*shlex.split(command[1]))
        assert (ran.code, ran.err) == (0, "")
        return ran.out
    if file := re.fullmatch(r"file (.+)", source):
        return (place / file[1]).read_text(encoding="utf-8")
    if lines := re.fullmatch(r"lines of (\S+) matching (.+)", source):
        found = [line for line in (place / lines[1]).read_text(encoding="utf-8").splitlines() if re.search(lines[2], line)]
        return "".join(f"{line.strip()}\n" for line in found)
    raise AssertionError(f"no such source: {source}")


def test_every_block_is_what_it_says_it_is(module: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool) -> None:
    blocks = list(BLOCK.finditer(TEXT))
    assert len(blocks) >= 3
    new = TEXT
    for block in reversed(blocks):  # from the end, so that the places of those before stay right
        text = text_from(block["source"], module, monkeypatch)
        if update_golden:
            new = new[: block.start("text")] + text + new[block.end("text") :]
        else:
            assert block["text"] == text, f"README.md is out of date: {block['source']} (pytest --update-golden)"
    if update_golden:
        README.write_text(new, encoding="utf-8")


def test_the_program_in_the_readme_runs(module: Path) -> None:
    (program,) = re.findall(r"```python\n(import esacloud\n.*?)```", TEXT, re.S)
    ran = subprocess.run([sys.executable, "-c", program], cwd=module, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "rows" in ran.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_every_example_program_runs(path: Path) -> None:
    ran = subprocess.run([sys.executable, path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout


def pages() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_lists_every_command() -> None:
    from esacloud.cli.main import COMMANDS

    assert [name for name in COMMANDS if f"| `esacloud {name}" not in TEXT] == []
