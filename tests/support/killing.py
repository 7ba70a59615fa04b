"""Commands in processes of their own, started quickly so that many can be killed: forked from one that has all loaded.

A command is the whole one, as `python -m esacloud apply …` runs it; only the loading of modules and of botocore's
descriptions is not done anew each time. `python -m support.killing` is the process that they are forked from.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, Protocol


class Forked:
    """A running command. `kill` ends it as `kill -9` does; `wait` gives its exit code, -9 where it was killed."""

    def __init__(self, source: Source, pid: int, output: Path) -> None:
        self.source, self.pid, self.output = source, pid, output

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        return int(self.source.ask({"wait": self.pid})["code"])

    def text(self) -> str:
        """What it wrote."""
        return self.output.read_text()


class Source:
    """The process that commands are forked from."""

    def __init__(self, process: subprocess.Popen[str], directory: Path) -> None:
        self.process, self.directory, self.count = process, directory, 0

    def start(self, words: list[str], environment: Mapping[str, str]) -> Forked:
        self.count += 1
        output = self.directory / f"output-{self.count}"
        answer = self.ask({"words": words, "environment": dict(environment), "output": str(output)})
        return Forked(self, int(answer["pid"]), output)

    def ask(self, message: Mapping[str, object]) -> dict[str, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        answer: dict[str, int] = json.loads(self.process.stdout.readline())
        return answer


class Scene(Protocol):
    """What the scenes of both clouds have: a snapshot to restore, else a new file to apply, else an old one to destroy."""

    path: Path | None
    old: str | None
    new: str | None


def words(scene: Scene, url: str, directory: Path, file: Path) -> list[str]:
    """The command that makes the change of a scene, against a cloud at `url`."""
    common = ["--yes", "--endpoint-url", url, "--state-dir", str(directory)]
    if scene.path:
        return ["restore", str(scene.path), *common]
    file.write_text(scene.new or scene.old or "")
    return ["apply", str(file), "--unmanaged", "purge", *common] if scene.new else ["destroy", str(file), *common]


def moments(calls: int) -> list[tuple[str, int, Literal["on", "back"]]]:
    """When a change of so many calls may be killed, and which way it goes then."""
    ways: tuple[Literal["on", "back"], ...] = ("on", "back")
    return [(when, number, way) for when in ("before", "after", "amid") for number in range(calls) for way in ways]


def time_passes(state_directory: Path, deployment: str = "") -> None:
    """So much that a command need not wait for the reads of a run that did not end; the file of the lock remembers that."""
    for one in (state_directory / "locks").glob(f"{deployment}*.lock"):
        one.unlink()


def applied(file: Path, url: str, directory: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """`esacloud apply` as a user starts it."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "esacloud",
            "apply",
            str(file),
            "--yes",
            "--endpoint-url",
            url,
            "--state-dir",
            str(directory),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


@contextmanager
def source(directory: Path) -> Iterator[Source]:
    """A process to fork commands from, which lives as long as the block."""
    tests = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    process = subprocess.Popen(
        [sys.executable, "-m", "support.killing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield Source(process, directory)
    finally:
        process.communicate()


def _load() -> None:
    import azure.identity
    import azure.mgmt.network  # noqa: F401
    import boto3
    import botocore.session
    from botocore.loaders import create_loader

    import esacloud.aws.live
    import esacloud.azure.live
    import esacloud.change.run
    import esacloud.cli.main  # noqa: F401

    loader = create_loader()
    botocore.session.create_loader = lambda *_: loader
    boto3.Session().client("ec2", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")


def _run(asked: Mapping[str, object]) -> None:
    from esacloud.cli.main import main

    out = os.open(str(asked["output"]), os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.update(asked["environment"])  # type: ignore[arg-type]
    code = main(asked["words"])  # type: ignore[arg-type]
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code or 0))


def _serve(questions: IO[str], answers: IO[str]) -> None:
    for line in questions:
        asked = json.loads(line)
        if "wait" in asked:
            # Not reaped, so that its number is not reused before a late kill.
            found = os.waitid(os.P_PID, asked["wait"], os.WEXITED | os.WNOWAIT)
            assert found is not None
            answer = {"code": found.si_status if found.si_code == os.CLD_EXITED else -found.si_status}
        else:
            pid = os.fork()
            if pid == 0:
                _run(asked)
            answer = {"pid": pid}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    _load()
    _serve(sys.stdin, sys.stdout)
