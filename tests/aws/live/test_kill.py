"""A process that changes a cloud is killed, for real, before, after and amid its calls; both ways on work afterwards.

The first test starts the command as a user does. The others start it from a process that has everything loaded, to kill it
at many more moments; `ESACLOUD_EXHAUSTIVE=1` tries all of them.
"""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ec2_scenes import MAIN, SCENES, Scene
from support.killing import Source, applied, moments, source, time_passes, words
from support.live_ec2 import LiveEc2, new_name, text
from support.samples import some

from esacloud.lab.ec2.application import CREDENTIALS

ENVIRONMENT = {**CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with source(tmp_path_factory.mktemp("said")) as started:
        yield started


def kill_at(scene: Scene, commands: Source, file: Path, when: str, number: int, delay: float) -> int:
    """Run the change and kill it before or after a call, or so many seconds after it came; gives the exit code."""
    proxy, ready = scene.ec2.proxy, threading.Event()

    def kill(call: int) -> None:
        if call == number:
            ready.wait()
            if when == "amid":
                threading.Thread(target=lambda: (time.sleep(delay), running.kill())).start()
            else:
                running.kill()

    if when == "before":  # the call never arrives
        proxy.faults = {number: "cut-before"}
    setattr(proxy, "after" if when == "after" else "before", kill)
    running = commands.start(words(scene, proxy.url, scene.ec2.directory, file), ENVIRONMENT)
    ready.set()
    code = running.wait()
    with proxy.lock:  # a call that was on its way when the process died has come to its end
        proxy.before = proxy.after = None
    return code


@pytest.mark.parametrize("kind", SCENES)
def test_killed_at_any_moment_the_invariant_holds_and_apply_and_restore_work(
    ec2: LiveEc2, commands: Source, tmp_path: Path, kind: str
) -> None:
    scene = Scene(ec2, kind)
    chance = random.Random(kind)
    for when, number, way in some(moments(len(scene.calls)), 3 if kind in MAIN else 1, kind):
        scene.start()
        kept = len(ec2.snapshots(scene.name))
        with ec2.invariant(scene.name, scene.desired):
            code = kill_at(scene, commands, tmp_path / "gateway.yaml", when, number, chance.uniform(0, 0.01))
        assert code == -9 or when == "amid", (code, when, number)
        ec2.proxy.reset()
        taken = ec2.snapshots(scene.name)[kept:]
        if way == "back" and not taken:
            assert ec2.picture(scene.name) == scene.picture, (when, number)
        elif way == "back":
            ec2.restore(taken[0])
            assert ec2.picture(scene.name) == scene.picture, (when, number)
        else:
            scene.go()
            assert ec2.picture(scene.name) == scene.end, (when, number)
    scene.leave()


def _apply(ec2: LiveEc2, file: Path) -> subprocess.Popen[str]:
    return applied(file, ec2.proxy.url, ec2.directory, ENVIRONMENT)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_command_itself_is_killed_and_converges_when_it_runs_again(ec2: LiveEc2, tmp_path: Path, when: str) -> None:
    name = new_name()
    ec2.apply(text(name, ["10.0.0.2"]))
    new = text(name, ["10.0.0.3"])
    file = tmp_path / f"{name}.yaml"
    file.write_text(new)
    desired = ec2.plan(new)[1].planned.packets()
    ec2.proxy.reset()
    started = threading.Event()
    process: list[subprocess.Popen[str]] = []

    def kill(call: int) -> None:
        if call == 1:
            started.wait()
            process[0].kill()
            process[0].wait()

    setattr(ec2.proxy, when, kill)
    with ec2.invariant(name, desired):
        process.append(_apply(ec2, file))
        started.set()
        process[0].communicate()
        assert process[0].returncode == -9
    ec2.proxy.reset()
    time_passes(ec2.directory)
    finished = _apply(ec2, file)
    out, err = finished.communicate()
    assert finished.returncode == 0, err
    assert ec2.permitted(name) == desired, out
    ec2.destroy(new)
