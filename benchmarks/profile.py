"""Where the time goes: `python -m benchmarks.profile cold|many|large`.

`cold` lists the slowest imports of one `esacloud generate`. `many` and `large` profile the library inside one process, by
time spent in each function itself, and say first what each step costs without the profiler.
"""

from __future__ import annotations

import cProfile
import pstats
import re
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from benchmarks import deployments
from benchmarks.steps import step_by_step
from benchmarks.tools import esacloud as tool
from esacloud import workflow

TOP = 30


def main() -> None:
    """Print one profile."""
    parser = ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("what", choices=("cold", "many", "large"))
    chosen = parser.parse_args().what
    with tempfile.TemporaryDirectory(prefix="esacloud-profile-") as directory:
        if chosen == "cold":
            _cold(Path(directory))
        else:
            texts = [deployments.site(number) for number in range(200)] if chosen == "many" else [deployments.large(0)] * 3
            _steps(texts, Path(directory) / "steps")
            _functions(texts, Path(directory) / "functions")


def _cold(directory: Path) -> None:
    """The imports of one run, and its phases."""
    (directory / "0000.yaml").write_text(deployments.site(0))
    command = [sys.executable, "-X", "importtime", *tool.cold(directory, directory / "out")]
    subprocess.run([sys.executable, *tool.cold(directory, directory / "warm")], check=True, capture_output=True)
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    found = re.findall(r"^import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)$", printed, re.MULTILINE)
    print(f"{len(found)} modules, {sum(int(own) for own, *_ in found) / 1000:.1f} ms in their own code")
    for own, total, depth, name in sorted(found, key=lambda line: -int(line[0]))[:TOP]:
        print(f"{int(own) / 1000:8.2f} ms own {int(total) / 1000:8.2f} ms in all  {'.' * (len(depth) // 2)}{name}")


def _steps(texts: Sequence[str], directory: Path) -> None:
    """The mean of every step in milliseconds of CPU time, which a busy machine distorts least, after one warm-up."""
    spent: dict[str, float] = {}
    for number, text in enumerate([texts[0], *texts]):
        if number == 1:
            spent.clear()
        for name, seconds in step_by_step(text, "aws", str(directory / str(number)), time.process_time):
            spent[name] = spent.get(name, 0.0) + seconds
    for name, seconds in spent.items():
        print(f"{seconds / len(texts) * 1000:9.3f} ms  {name}")
    print(f"{sum(spent.values()) / len(texts) * 1000:9.3f} ms  in all\n")


def _functions(texts: Sequence[str], directory: Path) -> None:
    """The table that cProfile makes."""
    profile = cProfile.Profile()
    profile.enable()
    for number, text in enumerate(texts):
        module = workflow.generate(workflow.read_deployment("deployment.yaml", text), "aws")
        workflow.write_module(str(directory / str(number)), module)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(TOP)


if __name__ == "__main__":
    main()
