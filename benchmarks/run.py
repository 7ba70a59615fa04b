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
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import deployments, experiments, inputs, proof, rule_counts
from benchmarks.equal_policy import EqualPolicy, flow_networks
from benchmarks.page import Comparison, Results, render
from benchmarks.tools import Tool, aerleon, capirca, esacloud_aws, esacloud_azure, fwshift_aws, fwshift_azure
from benchmarks.verdicts import verdicts

AWS: tuple[Tool, ...] = (esacloud_aws, capirca, aerleon, fwshift_aws)
AZURE: tuple[Tool, ...] = (esacloud_azure, fwshift_azure)
MEMORY = Path("/dev/shm")  # a disk's own pace, and whatever else writes to it, is no tool's
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def main() -> int:
    """Run everything, print the page, and write it where asked."""
    parser = ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few policies and one round: shows that everything runs")
    parser.add_argument("--write", action="store_true", help=f"write the page to {PAGE.parent.name}/{PAGE.name}")
    arguments = parser.parse_args()
    missing = [tool.NAME for tool in AWS if not _installed(tool)]
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
    """All experiments, in turn. The proofs come first: they run in this process, while it is still small."""
    rounds = {"cold": 3, "many": 1, "large": 1, "proof": 3} if quick else {"cold": 15, "many": 3, "large": 5, "proof": 51}
    counts = (10, 50) if quick else (100, 1000)
    _say("proofs")
    proofs = proof.measure(rounds["proof"], directory / "proofs")
    rules = rule_counts.measure()
    site = inputs.site()
    clouds = {
        "AWS": _compare("aws", AWS, rounds, counts, directory),
        "Azure": _compare("azure", AZURE, rounds, counts, directory),
    }
    return Results(
        machine=_machine(directory),
        rounds=rounds,
        policies=counts,
        clouds=clouds,
        rules=rules,
        proofs=proofs,
        flows=(len(site.flows), flow_networks(site.flows)),
        added=deployments.ADDED_NETWORKS,
        quick=quick,
    )


def _compare(
    cloud: str, tools: Sequence[Tool], rounds: Mapping[str, int], counts: tuple[int, int], directory: Path
) -> Comparison:
    """All tools of one cloud beside each other."""
    site, one_more = inputs.site(cloud), inputs.site_with_one_more(cloud)
    shapes = {}
    for tool in tools:
        _say(f"{cloud}: checking that {tool.NAME} says the same packets")
        shapes[tool.NAME] = experiments.shape(tool, site, one_more, directory / "shape")
    _say(f"{cloud}: one policy, cold")
    cold = experiments.cold(tools, site, rounds["cold"], directory / "cold", floor=cloud == "aws")
    _say(f"{cloud}: {counts[1]} policies")
    policies = inputs.sites(counts[1], cloud)
    few = experiments.many(tools, policies[: counts[0]], 1, directory / "few")
    many = experiments.many(tools, policies, rounds["many"], directory / "many")
    _say(f"{cloud}: one policy of 5,000 flows")
    large = {}
    for form, policy in _large_forms(cloud).items():
        for tool in tools:
            experiments.convert(tool, policy, directory / "equal")
        large[form] = experiments.cold(tools, policy, rounds["large"], directory / "large", floor=False)
    targets = {tool.NAME: f"{version(tool.DISTRIBUTION)}, {tool.TARGET}" for tool in tools}
    return Comparison(targets, cold, few, many, large, shapes)


def _large_forms(cloud: str) -> dict[str, EqualPolicy]:
    """The 5,000 flows as they are handed over; esacloud reads the same deployment file in every form.

    With a line for each network fwshift would write more rules into a group of Azure's than the 2,000 that fit, and so it
    writes none.
    """
    together = inputs.large(cloud)
    forms = {f"{len(together.flows)} flows, all networks of each together": together}
    if cloud == "aws":
        apart = inputs.one_network_each(together)
        forms[f"{len(apart.flows):,} flows of one network"] = apart
    return forms


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
