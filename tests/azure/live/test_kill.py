"""A process that changes Azure is killed, for real, before, after and amid its requests; both ways on work afterwards.

The first test starts the command from a process that has everything loaded, to kill it at many moments;
`ESACLOUD_EXHAUSTIVE=1` tries all of them. The last starts it as a user does.
"""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.azure_scenes import MAIN, SCENES, Scene
from support.killing import Source, applied, moments, source, time_passes, words
from support.live_azure import NIC, LiveAzure, attach, new_name, text
from support.samples import some


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with source(tmp_path_factory.mktemp("message")) as started:
        yield started


def kill_at(scene: Scene, commands: Source, file: Path, when: str, number: int, delay: float) -> int:
    """Run the change and kill it before or after a request, or so many seconds after it came; gives the exit code."""
    arm, ready, served = scene.azure.arm, threading.Event(), threading.Event()

    def kill(request: int) -> None:
        if request == number:
            ready.wait()
            if when == "amid":
                threading.Thread(target=lambda: (time.sleep(delay), running.kill())).start()
            else:
                running.kill()
            served.set()

    arm.spoil({number: "cut-before"} if when == "before" else {})  # with that the request never arrives
    setattr(arm, "after" if when == "after" else "before", kill)
    running = commands.start(words(scene, arm.url, scene.azure.directory, file), arm.environment())
    ready.set()
    code = running.wait()
    assert served.is_set(), running.text()
    arm.spoil({})
    return code


@pytest.mark.parametrize("kind", SCENES)
def test_killed_at_any_moment_the_invariant_holds_and_both_ways_on_work(
    azure: LiveAzure, commands: Source, tmp_path: Path, kind: str
) -> None:
    scene = Scene(azure, kind)
    chance = random.Random(kind)
    for when, number, way in some(moments(len(scene.methods)), 3 if kind in MAIN else 1, kind):
        scene.start()
        kept = len(azure.snapshots(scene.name))
        with azure.invariant(scene.name, scene.desired):
            code = kill_at(scene, commands, tmp_path / "gateway.yaml", when, number, chance.uniform(0, 0.01))
        assert code == -9 or when == "amid", (code, when, number)
        taken = azure.snapshots(scene.name)[kept:]
        if way == "on":
            with azure.invariant(scene.name, scene.desired):
                scene.go()
            assert azure.picture() == scene.end, (when, number)
        elif taken:
            with azure.invariant(scene.name, scene.before):
                azure.restore(taken[0])
            assert azure.picture() == scene.picture, (when, number)
        else:
            assert azure.picture() == scene.picture, (when, number)


def test_the_command_itself_is_killed_and_converges_when_it_runs_again(azure: LiveAzure, tmp_path: Path) -> None:
    name = new_name()
    azure.apply(text(name, ["10.0.0.2"], "mail, dns", attach(NIC)))
    new = text(name, ["10.0.0.3"], "mail, dns, cluster", attach(NIC))
    file = tmp_path / f"{name}.yaml"
    file.write_text(new)
    desired = azure.plan(new)[1].planned.packets()
    process: list[subprocess.Popen[str]] = []
    started = threading.Event()

    def apply() -> subprocess.Popen[str]:
        return applied(file, azure.arm.url, azure.directory, azure.arm.environment())

    def kill(_: object) -> None:
        started.wait()
        process[0].kill()
        process[0].wait()

    with azure.invariant(name, desired):
        azure.watchers.append(kill)
        process.append(apply())
        started.set()
        process[0].communicate()
        azure.watchers.remove(kill)
    assert process[0].returncode == -9
    time_passes(azure.directory)
    finished = apply()
    out, err = finished.communicate()
    assert finished.returncode == 0, err
    assert azure.permitted(name) == desired, out
    assert azure.plan(new)[1].empty
