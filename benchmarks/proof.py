"""How long a proof takes, and what share of `generate` it is: `python -m benchmarks.proof [--rounds N]`.

In one process, for policies of 50 and of 1,000 flows, on each cloud: the median wall time of lowering, of reading the
module's own text back, and of comparing what it permits with the policy. Every round takes deployment files of its own, so
that nothing is known from the one before. No peer proves what it writes, so no other proof can stand beside this one: what
does is the time of everything that `generate` does, which the benchmarks hold against the peers.
"""

from __future__ import annotations

import gc
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import deployments, steps
from esacloud import workflow

CLOUDS = {"AWS": "aws", "Azure": "azure"}
SIZES: Mapping[str, Callable[[int, str], str]] = {"50 flows": deployments.site, "1,000 flows": deployments.middle}
ROWS: Mapping[str, Sequence[str]] = {
    "lower: the policy in the cloud's rules": (steps.LOWER,),
    "proof: the policy's packets": (steps.PACKETS,),
    "proof: parse the module's text": (steps.PARSE,),
    "proof: evaluate its rules": (steps.EVALUATE,),
    "proof: compare": (steps.COMPARE,),
    "the proof, all four": (steps.PACKETS, steps.PARSE, steps.EVALUATE, steps.COMPARE),
}
"""What stands in the table: the steps that each row sums up."""
ROUNDS = 51


@dataclass(frozen=True, slots=True)
class ProofTimes:
    """Medians in seconds: of each of `ROWS`, and of everything from a file's text to the module on the disk.

    `whole` is measured on files of its own, without a clock between the steps.
    """

    rows: Mapping[str, float]
    whole: float


def measure(rounds: int, directory: Path) -> dict[str, ProofTimes]:
    """The times by size and cloud, taking turns; a first round only warms the caches and does not count."""
    gc.set_threshold(50_000)  # as the command itself does when it starts
    columns = {f"{size}, {cloud}": (made, name) for size, made in SIZES.items() for cloud, name in CLOUDS.items()}
    spent: dict[str, list[dict[str, float]]] = {column: [] for column in columns}
    whole: dict[str, list[float]] = {column: [] for column in columns}
    for number in range(rounds + 1):
        for column, (made, cloud) in columns.items():
            out = str(directory / f"{cloud}-{number}")
            found = dict(steps.step_by_step(made(2 * number, cloud), cloud, f"{out}-{column}", time.perf_counter))
            seconds = _whole(made(2 * number + 1, cloud), cloud, f"{out}-{column}-whole")
            if number:
                spent[column].append(found)
                whole[column].append(seconds)
    return {
        column: ProofTimes(
            {row: median(sum(found[step] for step in summed) for found in of_it) for row, summed in ROWS.items()},
            median(whole[column]),
        )
        for column, of_it in spent.items()
    }


def _whole(text: str, cloud: str, directory: str) -> float:
    start = time.perf_counter()
    module = workflow.generate(workflow.read_deployment("deployment.yaml", text), cloud)
    workflow.write_module(directory, module)
    return time.perf_counter() - start


def table(times: Mapping[str, ProofTimes]) -> list[str]:
    """The lines of a Markdown table: milliseconds, and in brackets the share of everything."""
    lines = [f"| | {' | '.join(times)} |", f"|---|{'---|' * len(times)}"]
    for row in ROWS:
        cells = (f"{of.rows[row] * 1000:.2f} ms ({of.rows[row] / of.whole:.0%})" for of in times.values())
        lines.append(f"| {row} | {' | '.join(cells)} |")
    wholes = " | ".join(f"{of.whole * 1000:.2f} ms" for of in times.values())
    return [*lines, f"| everything that `generate` does | {wholes} |"]


def main() -> None:
    """Print the table."""
    parser = ArgumentParser(prog="python -m benchmarks.proof", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many rounds to measure")
    with TemporaryDirectory(prefix="esacloud-proof-") as directory:
        print("\n".join(table(measure(parser.parse_args().rounds, Path(directory)))))


if __name__ == "__main__":
    main()
