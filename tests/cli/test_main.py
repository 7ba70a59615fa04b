"""The way in: help, version, unknown words, and what errors become."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from support.command import esacloud

from esacloud import __version__
from esacloud.cli.main import COMMANDS, GROUPS, main
from esacloud.provider import CLOUDS

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CLOUD_NEUTRAL = (*(ROOT / "esacloud" / "cli").glob("*.py"), *(ROOT / "esacloud" / "lab").glob("*.py"))
HEAVY = ("yaml", "jsonschema", "boto3", "azure", "importlib.resources", "esacloud.catalogue", "esacloud.deployment")


def imported_by(code: str) -> set[str]:
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('|'.join(sys.modules), file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ran.stderr.strip().splitlines()[-1].split("|"))


def test_help_imports_nothing_that_it_does_not_use() -> None:
    modules = imported_by("from esacloud.cli.main import main; main(['--help'])")
    assert not modules & set(HEAVY)


def test_the_help_groups_commands_by_purpose() -> None:
    shown = esacloud("--help").out
    assert all(f"\n{title}:\n  {next(iter(commands))} " in shown for title, commands in GROUPS.items())
    assert all(GROUPS.values())


def test_generate_imports_neither_another_cloud_nor_what_is_slow_to_start(tmp_path: Path) -> None:
    words = ["generate", str(EXAMPLES / "small.yaml"), "--out", str(tmp_path / "out"), "-q"]
    modules = imported_by(f"from esacloud.cli.main import main; main({words!r})")
    assert "esacloud.aws.lower" in modules
    assert not {name for name in modules if name.startswith("esacloud.azure")}
    assert not modules & {"jsonschema", "boto3", "importlib.resources"}


@pytest.mark.parametrize("path", CLOUD_NEUTRAL, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_what_is_above_the_clouds_names_none_of_them_but_in_examples(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    named = re.compile("|".join(CLOUDS), re.IGNORECASE)
    assert [line for line in lines if named.search(line) and not line.startswith("example:")] == []


def test_importing_the_library_imports_nothing_that_is_not_used_yet() -> None:
    assert {name for name in imported_by("import esacloud") if name.startswith("esacloud")} == {
        "esacloud",
        "esacloud._version",
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_the_exit_codes(name: str) -> None:
    ran = esacloud(name, "--help")
    assert ran.code == 0
    assert f"example: esacloud {name}" in ran.out
    assert "exit codes:" in ran.out
    assert ran.out.count("  --") >= 1


def test_every_name_of_the_library_is_there() -> None:
    package = import_module("esacloud")
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


def test_the_version_is_printed() -> None:
    ran = esacloud("--version")
    assert (ran.code, ran.out) == (0, f"esacloud {__version__}\n")


def test_no_command_shows_the_help_and_counts_as_bad_usage() -> None:
    ran = esacloud()
    assert ran.code == 2
    assert "generate" in ran.out


def test_an_unknown_command_is_bad_usage() -> None:
    ran = esacloud("genrate")
    assert ran.code == 2
    assert "invalid choice: 'genrate'" in ran.err


def test_an_interrupt_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("esacloud.cli.main._run", interrupted)
    assert main(["ports"]) == 130


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m esacloud ports --json | head -n 1"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
