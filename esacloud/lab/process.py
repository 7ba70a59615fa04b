"""Local clouds that keep running after the command that starts them: one process for each cloud, described by a state file.

A lab holds a lock on its file while it runs. So a file that was left when the machine was switched off is not mistaken
for a running lab, and no other process is ever stopped by mistake.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from esacloud.errors import InputError, OutsideError, Place, Problem, one_of
from esacloud.provider import CLOUDS, Lab, load_lab

STARTS_WITHIN = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class RunningLab:
    """A running local cloud. `lag`: seconds by which its reads lag behind its writes."""

    cloud: str
    address: str
    pid: int
    lag: float = 0.0


def lab_of(cloud: str) -> Lab:
    """The lab of a cloud. Raises InputError for an unknown cloud, or where a package that its lab needs is missing."""
    if cloud not in CLOUDS:
        raise InputError(Problem(Place("lab"), f"There is no lab for {cloud!r}.", f"Choose {one_of(tuple(CLOUDS))}."))
    try:
        return load_lab(cloud)
    except ModuleNotFoundError as error:
        hint = "Install it: pip install 'esacloud[lab]'."
        raise InputError(Problem(Place("lab"), f"The lab needs {error.name}.", hint)) from None


def running(cloud: str, state_directory: Path) -> RunningLab | None:
    """The lab of a cloud, when it is running."""
    path = _file(cloud, state_directory)
    try:
        if not _held(path):
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
        return RunningLab(cloud, found["address"], found["pid"], found.get("lag", 0.0))
    except (OSError, ValueError, KeyError):
        return None


def start(cloud: str, state_directory: Path, lag: float | None = None) -> RunningLab:
    """The lab of a cloud, started if it is not running. Raises OutsideError when it does not start.

    `lag`: seconds by which its reads lag behind its writes; None for that of a running lab, else 0. Raises InputError when
    the lab runs with another lag, which cannot be changed.
    """
    lab_of(cloud)
    found = running(cloud, state_directory)
    if found is not None:
        return _with_lag(found, lag)
    path = _file(cloud, state_directory)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = path.with_suffix(".log")
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "esacloud.lab.serve", cloud, str(path), "--lag", str(lag or 0.0)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        found = running(cloud, state_directory)
        if found is not None:
            return _with_lag(found, lag)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    found = running(cloud, state_directory)  # another command may have started it at the same time
    if found is not None:
        return _with_lag(found, lag)
    process.kill()
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise OutsideError(f"The lab for {cloud} did not start: {lines[-1] if lines else 'no output'} (see {log}).")


def _with_lag(lab: RunningLab, lag: float | None) -> RunningLab:
    if lag is None or lag == lab.lag:
        return lab
    has = f"a lag of {lag_text(lab.lag)}" if lab.lag else "no lag"
    message = f"The lab for {lab.cloud} is running with {has}, and its lag cannot be changed."
    hint = f"Stop it with `esacloud lab stop {lab.cloud}` (its content is lost), or omit --lag."
    raise InputError(Problem(Place("--lag"), message, hint))


def lag_of(text: str) -> float:
    """The seconds that `2s`, `0.5s` or `500ms` mean. Raises InputError for other text."""
    import re

    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)s|(\d{1,6})ms", text)
    if found is None:
        hint = "Write a number with its unit: --lag 2s, --lag 500ms or --lag 0s."
        raise InputError(Problem(Place("--lag"), f"{text!r} is not a duration.", hint))
    return float(found[1]) if found[1] else int(found[2]) / 1000


def lag_text(seconds: float) -> str:
    """A lag as `lag_of` reads it."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def stop(cloud: str, state_directory: Path) -> bool:
    """Stop the lab of a cloud; its content is lost. False when it was not running."""
    found = running(cloud, state_directory)
    if found is None:
        return False
    path = _file(cloud, state_directory)
    os.kill(found.pid, signal.SIGTERM)
    until = time.monotonic() + STARTS_WITHIN
    while _held(path):
        if time.monotonic() > until:
            raise OutsideError(f"The lab for {cloud} (process {found.pid}) does not stop.")
        time.sleep(0.02)
    path.unlink(missing_ok=True)
    return True


def _file(cloud: str, state_directory: Path) -> Path:
    return state_directory / "lab" / f"{cloud}.json"


def _held(path: Path) -> bool:
    """Whether a lab holds its file."""
    import fcntl

    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(handle)
