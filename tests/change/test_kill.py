"""A process that applies is killed, for real, before or after each of its calls; running again ends at the new state."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.live_ec2 import LiveEc2, new_name, text

from esacloud.lab.ec2 import CREDENTIALS


def _apply(ec2: LiveEc2, file: Path) -> subprocess.Popen[str]:
    words = ["apply", str(file), "--yes", "--endpoint-url", ec2.proxy.url, "--state-dir", str(ec2.directory)]
    environment = {**os.environ, **CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.Popen(
        [sys.executable, "-m", "esacloud", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_the_law_holds_and_running_again_converges(ec2: LiveEc2, tmp_path: Path, when: str) -> None:
    for number in range(1, 4):
        name = new_name()
        ec2.apply(text(name, ["10.0.0.2"]))
        new = text(name, ["10.0.0.3"])
        file = tmp_path / f"{name}.yaml"
        file.write_text(new)
        wanted = ec2.plan(new)[1].after.packets()
        ec2.proxy.reset()
        started = threading.Event()
        process: list[subprocess.Popen[str]] = []

        def kill(call: int, number: int = number, started=started, process=process) -> None:
            if call == number:
                started.wait()
                process[0].kill()
                process[0].wait()

        setattr(ec2.proxy, when, kill)
        with ec2.law(name, wanted):
            process.append(_apply(ec2, file))
            started.set()
            process[0].communicate()
            assert process[0].returncode == -9
        ec2.proxy.reset()
        finished = _apply(ec2, file)
        out, err = finished.communicate()
        assert finished.returncode == 0, err
        assert ec2.permitted(name) == wanted, out


def test_killed_while_a_new_group_is_made_nothing_carries_what_is_too_open(ec2: LiveEc2, tmp_path: Path) -> None:
    for number in range(2, 6):
        name = new_name()
        file = tmp_path / f"{name}.yaml"
        file.write_text(text(name))
        ec2.proxy.reset()
        process: list[subprocess.Popen[str]] = []
        started = threading.Event()

        def kill(call: int, number: int = number, started=started, process=process) -> None:
            if call == number:
                started.wait()
                process[0].kill()
                process[0].wait()

        ec2.proxy.before = kill
        process.append(_apply(ec2, file))
        started.set()
        process[0].communicate()
        assert process[0].returncode == -9
        ec2.proxy.reset()
        ids = {group["GroupId"] for group in ec2.groups(name)}
        carriers = ec2.client.describe_network_interfaces()["NetworkInterfaces"]
        assert not ids & {group["GroupId"] for one in carriers for group in one["Groups"]}
        applied = ec2.apply(text(name))
        assert ec2.permitted(name) == applied.plan.after.packets()
