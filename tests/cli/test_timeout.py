"""`--timeout` takes a time as people write it, and every command that talks to a cloud has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import esacloud
from support.live_ec2 import text

from esacloud.cli.live_options import seconds

COMMANDS = ("plan", "apply", "destroy", "restore", "audit")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600), ("0.5m", 30), ("007", 7)],
)
def test_a_time_is_a_number_with_a_unit_or_seconds(written: str, meant: float) -> None:
    assert seconds(written) == meant


@pytest.mark.parametrize(
    "written", ["", "0", "0m", "-5", "ten", "10 m", "10min", "1d", "1e3", "1h30m", "5.", "inf", "nan", "٣m", "1\n"]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_anything_else_is_bad_input_with_what_to_write_instead(command: str, written: str) -> None:
    ran = esacloud(command, "file", f"--timeout={written}")
    assert ran.code == 2
    assert "--timeout" in ran.err
    assert "Write 90s, 10m or 1h." in ran.err


def test_an_audit_of_files_has_no_use_for_it(tmp_path: Path) -> None:
    ran = esacloud("audit", tmp_path / "groups.json", "--timeout", "1m")
    assert ran.code == 2
    assert "--timeout" in ran.err


def test_a_plan_needs_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lost)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    file = tmp_path / "gateway.yaml"
    file.write_text(text("homeless"))
    ran = esacloud("plan", file, "--endpoint-url", "http://127.0.0.1:1")
    assert ran.code == 3
    assert "no answer" in ran.err
