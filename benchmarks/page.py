"""The figures as a page: what was measured, where, with which versions, and the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from string import Template

from benchmarks import proof, rule_counts
from benchmarks.experiments import Shape
from benchmarks.measure import Figures
from benchmarks.proof import ProofTimes
from benchmarks.rule_counts import RuleCount

OURS = "esacloud"
QUICK = "\n**From a quick run: too few policies and rounds for a figure that anybody should quote.**\n"


@dataclass(frozen=True, slots=True)
class Comparison:
    """esacloud beside its peers on one cloud. Dictionaries are by tool, in the order of the tables' rows.

    `targets` are the tools' versions and what they write. `large` has its figures once for each form in which the flows
    were handed over.
    """

    targets: Mapping[str, str]
    cold: Mapping[str, Figures]
    few: Mapping[str, Figures]
    many: Mapping[str, Figures]
    large: Mapping[str, Mapping[str, Figures]]
    shapes: Mapping[str, Shape]

    @property
    def peers(self) -> Sequence[str]:
        """Everybody else."""
        return [name for name in self.many if name != OURS]


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one run of the benchmarks found. `clouds` are by their names as people write them.

    `flows` are those of the small policy, and its pairs of a flow and a network; `added` are the networks of the flow that
    is added to it. `quick` marks figures of too few runs.
    """

    machine: Mapping[str, str]
    rounds: Mapping[str, int]
    policies: tuple[int, int]
    clouds: Mapping[str, Comparison]
    rules: Sequence[RuleCount]
    proofs: Mapping[str, ProofTimes]
    flows: tuple[int, int]
    added: int
    quick: bool


def render(results: Results) -> str:
    """The page in Markdown: `page.md` with the tables in their places."""
    few, many = results.policies
    tables: dict[str, str] = {}
    for cloud, found in results.clouds.items():
        tables |= {f"{name}_{cloud.lower()}": "\n".join(lines) for name, lines in _tables(found, results.policies).items()}
    return Template(Path(__file__).with_name("page.md").read_text(encoding="utf-8")).substitute(
        warning=QUICK if results.quick else "",
        where="\n".join(f"| {name} | {text} |" for name, text in _where(results)),
        flows=results.flows[0],
        pairs=results.flows[1],
        few=f"{few:,}",
        many=f"{many:,}",
        added=results.added,
        cold_rounds=results.rounds["cold"],
        many_rounds=results.rounds["many"],
        large_rounds=results.rounds["large"],
        proof_rounds=results.rounds["proof"],
        rule_counts="\n".join(rule_counts.table(results.rules)),
        proofs="\n".join(proof.table(results.proofs)),
        **tables,
    )


def _where(results: Results) -> Iterator[tuple[str, str]]:
    """The machine, and every tool with all of its targets."""
    yield from results.machine.items()
    for name in dict.fromkeys(chain.from_iterable(found.targets for found in results.clouds.values())):
        yield name, "; ".join(found.targets[name] for found in results.clouds.values() if name in found.targets)


def _tables(found: Comparison, policies: tuple[int, int]) -> dict[str, list[str]]:
    large = [["", f"As {form}:", "", *_table(figures)] for form, figures in found.large.items()]
    shapes = [f"| {name} | {shape.rules} | {shape.resources} | {shape.changed} |" for name, shape in found.shapes.items()]
    return {
        "cold": _table(found.cold),
        "policies": _many_table(found, policies),
        "large": [line for form in large for line in form][1:],
        "shapes": shapes,
    }


def _table(figures: Mapping[str, Figures]) -> list[str]:
    ours = figures[OURS].seconds
    lines = ["| | wall time | esacloud / this | peak memory |", "|---|---|---|---|"]
    for name, found in figures.items():
        lines.append(f"| {name} | {_seconds(found)} | {ours / found.seconds:.2f} | {found.peak_mib:.0f} MiB |")
    return lines


def _many_table(found: Comparison, policies: tuple[int, int]) -> list[str]:
    few, many = policies
    ours = found.many[OURS].seconds
    lines = [
        f"| | wall time | a policy | esacloud / this | peak after {few:,} | peak after {many:,} |",
        "|---|---|---|---|---|---|",
    ]
    for name, figures in found.many.items():
        each = f"{figures.seconds / many * 1000:.2f} ms"
        peaks = f"{found.few[name].peak_mib:.0f} MiB | {figures.peak_mib:.0f} MiB"
        lines.append(f"| {name} | {_seconds(figures)} | {each} | {ours / figures.seconds:.3f} | {peaks} |")
    return lines


def _seconds(found: Figures) -> str:
    return f"{found.seconds:.3f} s ({found.fastest:.3f})"
