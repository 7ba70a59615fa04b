"""Running programs under the launcher, in turns: every round starts each of them once, in an order that rotates.

So a machine that gets slower or busier while it measures does so for all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Program = Callable[[], Sequence[str]]  # prepares a run (an empty directory for the output) and returns its arguments

LAUNCHER = Path(__file__).with_name("launcher.py")
# pip compiles what it installs. esacloud, which runs from its checkout here, is compiled by the round that does not count,
# if the environment lets Python write what it has compiled; that of many a container does not.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: wall time from the start of the process to its end, and its peak memory."""

    seconds: float
    peak_kib: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The samples of one program, one a round."""

    samples: tuple[Sample, ...]

    @property
    def seconds(self) -> float:
        """The median wall time."""
        return median(sample.seconds for sample in self.samples)

    @property
    def fastest(self) -> float:
        """The shortest wall time."""
        return min(sample.seconds for sample in self.samples)

    @property
    def peak_mib(self) -> float:
        """The median peak memory."""
        return median(sample.peak_kib for sample in self.samples) / 1024


def run(arguments: Sequence[str], directory: Path) -> Sample:
    """Run this Python with the arguments, in `directory`. Raises RuntimeError, with its output, where it fails."""
    log = directory / "output.log"
    command = [sys.executable, "-I", "-S", str(LAUNCHER), str(log), sys.executable, *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    seconds, peak, code = done.stdout.split()
    if code != "0":
        raise RuntimeError(f"{arguments} ended with {code}:\n{log.read_text(errors='replace')[-4000:]}")
    return Sample(float(seconds), int(peak))


def in_turns(programs: Mapping[str, Program], rounds: int, directory: Path) -> dict[str, Figures]:
    """`rounds` runs of each program, taking turns, after one round that only warms the caches of the disk."""
    names = list(programs)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(-1, rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            sample = run(programs[name](), directory)
            if number >= 0:
                samples[name].append(sample)
    return {name: Figures(tuple(found)) for name, found in samples.items()}
