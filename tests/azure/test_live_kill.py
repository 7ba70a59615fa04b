"""A process that applies is killed, for real, between its requests; running again ends at the new state."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.live_azure import NIC, LiveAzure, attach, new_name, text


def _apply(azure: LiveAzure, file: Path) -> subprocess.Popen[str]:
    words = ["apply", str(file), "--yes", "--endpoint-url", azure.arm.url, "--state-dir", str(azure.directory)]
    return subprocess.Popen(
        [sys.executable, "-m", "esacloud", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **azure.arm.environment()},
    )


@pytest.mark.parametrize("number", range(1, 7))
def test_killed_after_any_change_the_law_holds_and_running_again_converges(
    azure: LiveAzure, tmp_path: Path, number: int
) -> None:
    name = new_name()
    azure.apply(text(name, ["10.0.0.2"], "mail, dns", attach(NIC)))
    new = text(name, ["10.0.0.3"], "mail, dns, cluster", attach(NIC))
    file = tmp_path / f"{name}.yaml"
    file.write_text(new)
    wanted = azure.plan(new)[1].after.packets()
    process: list[subprocess.Popen[str]] = []
    changes: list[int] = []

    def kill(_: Mapping[str, Any]) -> None:
        changes.append(1)
        if len(changes) == number:
            process[0].kill()
            process[0].wait()

    with azure.law(name, wanted):
        azure.watchers.append(kill)
        process.append(_apply(azure, file))
        process[0].communicate()
        azure.watchers.remove(kill)
    assert process[0].returncode == -9
    finished = _apply(azure, file)
    out, err = finished.communicate()
    assert finished.returncode == 0, err
    assert azure.permitted(name) == wanted, out
    assert azure.plan(new)[1].empty
