"""Measure esacloud and its peers side by side: `python -m benchmarks.run [--quick] [--write]`.

About ten minutes, most of them spent on the peers; `--quick` takes one and shows only that everything runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import deployments, experiments, inputs
from benchmarks.equal_policy import flow_networks
from benchmarks.measure import Figures
from benchmarks.page import Results, render, verdicts
from benchmarks.tools import Tool, aerleon, capirca, esacloud, fwshift

TOOLS: tuple[Tool, ...] = (esacloud, capirca, aerleon, fwshift)
MEMORY = Path("/dev/shm")  # a disk's own pace, and whatever else writes to it, is no tool's
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def main() -> int:
    """Run everything, print the page, and write it where asked."""
    parser = ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few policies and one round: shows that everything runs")
    parser.add_argument("--write", action="store_true", help=f"write the page to {PAGE.parent.name}/{PAGE.name}")
    arguments = parser.parse_args()
    missing = [tool.NAME for tool in TOOLS if not _installed(tool)]
    if missing:
        print(f"{', '.join(missing)} cannot be found. Run: {sys.executable} -m pip install -e '.[bench]'", file=sys.stderr)
        return 2
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="esacloud-benchmarks-", dir=place) as directory:
        results = measure(Path(directory), quick=arguments.quick)
    text = render(results)
    print(text)
    print("\n".join(verdicts(results)))
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def measure(directory: Path, *, quick: bool) -> Results:
    """All experiments, in turn."""
    rounds = {"cold": 3, "many": 1, "large": 1} if quick else {"cold": 15, "many": 3, "large": 5}
    counts = (10, 50) if quick else (100, 1000)
    site, one_more = inputs.site(), inputs.site_with_one_more()
    shapes = {}
    for tool in TOOLS:
        _say(f"checking that {tool.NAME} says the same packets")
        shapes[tool.NAME] = experiments.shape(tool, site, one_more, directory / "shape")
    _say("one policy, cold")
    cold = experiments.cold(TOOLS, site, rounds["cold"], directory / "cold", floor=True)
    _say(f"{counts[1]} policies")
    policies = inputs.sites(counts[1])
    few = experiments.many(TOOLS, policies[: counts[0]], 1, directory / "few")
    many = experiments.many(TOOLS, policies, rounds["many"], directory / "many")
    _say("one policy of 5,000 flows")
    large = _large(rounds["large"], directory)
    return Results(
        machine=_machine(directory),
        tools={tool.NAME: f"{version(tool.DISTRIBUTION)}, {tool.TARGET}" for tool in TOOLS},
        rounds=rounds,
        policies=counts,
        cold=cold,
        few=few,
        many=many,
        large=large,
        shapes=shapes,
        flows=(len(site.flows), flow_networks(site.flows)),
        added=deployments.ADDED_NETWORKS,
        quick=quick,
    )


def _large(rounds: int, directory: Path) -> dict[str, dict[str, Figures]]:
    """The 5,000 flows in two forms; esacloud reads the same deployment file in both."""
    together = inputs.large()
    apart = inputs.one_network_each(together)
    forms = {
        f"{len(together.flows)} flows, all networks of each together": together,
        f"{len(apart.flows):,} flows of one network": apart,
    }
    found = {}
    for form, policy in forms.items():
        for tool in TOOLS:
            experiments.convert(tool, policy, directory / "equal")
        found[form] = experiments.cold(TOOLS, policy, rounds, directory / "large", floor=False)
    return found


def _installed(tool: Tool) -> bool:
    try:
        version(tool.DISTRIBUTION)
    except PackageNotFoundError:
        return False
    return True


def _machine(directory: Path) -> dict[str, str]:
    """What pyperf says of this machine."""
    file = directory / "machine.json"
    subprocess.run([sys.executable, "-m", "pyperf", "collect_metadata", "-o", str(file)], check=True, capture_output=True)
    facts = json.loads(file.read_text())["metadata"]
    return {
        "date": facts["date"][:10],
        "processor": f"{facts.get('cpu_model_name', 'unknown')}, {facts['cpu_count']} cores",
        "system": facts["platform"],
        "Python": facts["python_version"],
        "load at the end": str(facts.get("load_avg_1min", "unknown")),
    }


def _say(what: str) -> None:
    print(f"... {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
