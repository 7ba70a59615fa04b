"""What the project wanted of its figures, and what a run found."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.page import OURS, Comparison, Results


def verdicts(results: Results) -> Iterator[str]:
    """One line for each goal: what was wanted, what was reached."""
    for cloud, found in results.clouds.items():
        for line in _of_cloud(found, results):
            yield f"{cloud}: {line}"
    for counted in results.rules:
        desired = f"between the bound ({counted.bound}) and flow x network ({counted.pairs:,})"
        yield f"Azure, {counted.what}: rules {desired}: {counted.rules}"


def _of_cloud(found: Comparison, results: Results) -> Iterator[str]:
    cold, many, shape = found.cold, found.many, found.shapes[OURS]
    fastest_cold = min(cold[name].seconds for name in found.peers)
    fastest_many = min(many[name].seconds for name in found.peers)
    if "esacloud --help" in cold:
        yield f"--help under 0.1 s: {cold['esacloud --help'].seconds:.3f} s"
    yield f"generate with its proof under 0.15 s: {cold[OURS].seconds:.3f} s"
    yield f"cold, 2 times faster than the fastest: {fastest_cold / cold[OURS].seconds:.1f} times"
    yield f"many policies, 10 times faster than the fastest: {fastest_many / many[OURS].seconds:.1f} times"
    yield f"never more rules than flow x network ({results.flows[1]}): {shape.rules}"
    yield f"a flow with {results.added} networks changes at most {results.added} resources: {shape.changed}"
    yield f"flat memory: {found.few[OURS].peak_mib:.0f} MiB, then {many[OURS].peak_mib:.0f} MiB"
