"""The figures as a page: what was measured, where, with which versions, and the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from benchmarks.experiments import Shape
from benchmarks.measure import Figures

OURS = "esacloud"
QUICK = "\n**From a quick run: too few policies and rounds for a figure that anybody should quote.**\n"


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one run of the benchmarks found. Dictionaries are by tool, in the order of the tables' rows.

    `large` has them once for each form in which the flows were handed over. `quick` marks figures of too few runs.
    """

    machine: Mapping[str, str]
    tools: Mapping[str, str]
    rounds: Mapping[str, int]
    policies: tuple[int, int]
    cold: Mapping[str, Figures]
    few: Mapping[str, Figures]
    many: Mapping[str, Figures]
    large: Mapping[str, Mapping[str, Figures]]
    shapes: Mapping[str, Shape]
    flows: tuple[int, int]
    added: int
    quick: bool


def render(results: Results) -> str:
    """The page in Markdown: `page.md` with the tables in their places."""
    few, many = results.policies
    where = [*results.machine.items(), *results.tools.items()]
    shapes = [f"| {name} | {shape.rules} | {shape.resources} | {shape.changed} |" for name, shape in results.shapes.items()]
    return Template(Path(__file__).with_name("page.md").read_text(encoding="utf-8")).substitute(
        warning=QUICK if results.quick else "",
        where="\n".join(f"| {name} | {text} |" for name, text in where),
        flows=results.flows[0],
        pairs=results.flows[1],
        few=f"{few:,}",
        many=f"{many:,}",
        added=results.added,
        cold_rounds=results.rounds["cold"],
        many_rounds=results.rounds["many"],
        large_rounds=results.rounds["large"],
        cold="\n".join(_table(results.cold)),
        policies="\n".join(_many_table(results)),
        large="\n\n".join("\n".join([f"As {form}:", "", *_table(found)]) for form, found in results.large.items()),
        shapes="\n".join(shapes),
    )


def _table(figures: Mapping[str, Figures]) -> list[str]:
    ours = figures[OURS].seconds
    lines = ["| | wall time | esacloud / this | peak memory |", "|---|---|---|---|"]
    for name, found in figures.items():
        lines.append(f"| {name} | {_seconds(found)} | {ours / found.seconds:.2f} | {found.peak_mib:.0f} MiB |")
    return lines


def _many_table(results: Results) -> list[str]:
    few, many = results.policies
    ours = results.many[OURS].seconds
    lines = [
        f"| | wall time | a policy | esacloud / this | peak after {few:,} | peak after {many:,} |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in results.many.items():
        each = f"{found.seconds / many * 1000:.2f} ms"
        peaks = f"{results.few[name].peak_mib:.0f} MiB | {found.peak_mib:.0f} MiB"
        lines.append(f"| {name} | {_seconds(found)} | {each} | {ours / found.seconds:.3f} | {peaks} |")
    return lines


def _seconds(found: Figures) -> str:
    return f"{found.seconds:.3f} s ({found.fastest:.3f})"


def verdicts(results: Results) -> Sequence[str]:
    """One line for each goal of the project: what was wanted, what was reached."""
    peers = [name for name in results.many if name != OURS]
    cold, many = results.cold, results.many
    pairs = results.flows[1]
    shape = results.shapes[OURS]
    fastest_cold = min(cold[name].seconds for name in peers)
    fastest_many = min(many[name].seconds for name in peers)
    return (
        f"--help under 0.1 s: {cold['esacloud --help'].seconds:.3f} s",
        f"generate with its proof under 0.15 s: {cold[OURS].seconds:.3f} s",
        f"cold, 2 times faster than the fastest: {fastest_cold / cold[OURS].seconds:.1f} times",
        f"many policies, 10 times faster than the fastest: {fastest_many / many[OURS].seconds:.1f} times",
        f"never more rules than flow x network ({pairs}): {shape.rules}",
        f"a flow with {results.added} networks changes {results.added} resources: {shape.changed}",
        f"flat memory: {results.few[OURS].peak_mib:.0f} MiB, then {many[OURS].peak_mib:.0f} MiB",
    )
