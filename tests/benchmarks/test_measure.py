"""The launcher and the page: numbers are those of the program, and stand where they belong."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("benchmarks", reason="the benchmarks stand beside the package in a checkout and are not installed")

from benchmarks import proof
from benchmarks.experiments import Shape
from benchmarks.measure import Figures, Sample, in_turns, run
from benchmarks.page import Comparison, Results, render
from benchmarks.proof import ROWS, ProofTimes
from benchmarks.rule_counts import RuleCount
from benchmarks.verdicts import verdicts


def test_the_peak_is_that_of_the_program_and_not_of_whoever_started_it(tmp_path: Path):
    held = bytearray(150 * 1024 * 1024)  # this process is large
    small = run(["-c", "pass"], tmp_path)
    large = run(["-c", "held = b'x' * (100 * 1024 * 1024)"], tmp_path)
    assert len(held) > small.peak_kib * 1024
    assert large.peak_kib - small.peak_kib == pytest.approx(100 * 1024, rel=0.1)


def test_a_program_that_fails_is_reported_with_its_output(tmp_path: Path):
    with pytest.raises(RuntimeError, match="what went wrong"):
        run(["-c", "raise SystemExit('what went wrong')"], tmp_path)


def test_programs_take_turns_and_the_first_round_does_not_count(tmp_path: Path):
    started = []

    def program(name: str):
        def prepare():
            started.append(name)
            return ["-c", "pass"]

        return prepare

    figures = in_turns({"a": program("a"), "b": program("b")}, 2, tmp_path)
    assert started == ["b", "a", "a", "b", "b", "a"]
    assert [len(found.samples) for found in figures.values()] == [2, 2]


def figures(*seconds: float) -> Figures:
    return Figures(tuple(Sample(each, 2048) for each in seconds))


def results(*, quick: bool) -> Results:
    tools = {"esacloud": figures(0.1, 0.2, 0.9), "peer": figures(0.4)}
    aws = Comparison(
        targets={"esacloud": "1.0, AWS", "peer": "2.0, for AWS"},
        cold={**tools, "esacloud --help": figures(0.05)},
        few=tools,
        many=tools,
        large={"5,000 flows": tools},
        shapes={"esacloud": Shape(73, 76, 2), "peer": Shape(50, 51, 40)},
    )
    slower = {"esacloud": figures(0.3), "peer": figures(0.4)}
    shapes = {"esacloud": Shape(50, 59, 1), "peer": Shape(88, 101, 100)}
    azure = Comparison({"esacloud": "1.0, Azure"}, slower, slower, slower, {"97 flows": slower}, shapes)
    return Results(
        machine={"processor": "a fast one"},
        rounds={"cold": 3, "many": 1, "large": 1, "proof": 51},
        policies=(100, 1000),
        clouds={"AWS": aws, "Azure": azure},
        rules=[RuleCount("an example", 12, 3456, 34, 23, 11)],
        proofs={"50 flows, AWS": ProofTimes(dict.fromkeys(ROWS, 0.001), 0.008)},
        flows=(50, 73),
        added=2,
        quick=quick,
    )


def test_the_page_has_the_median_the_shortest_the_ratio_and_the_memory():
    page = render(results(quick=False))
    assert "| esacloud | 0.200 s (0.100) | 1.00 | 2 MiB |" in page
    assert "| peer | 0.400 s (0.400) | 0.50 | 2 MiB |" in page
    assert "| peer | 50 | 51 | 40 |" in page
    assert "| esacloud | 1.0, AWS; 1.0, Azure |" in page
    assert "quick" not in page


def test_each_cloud_has_tables_of_its_own():
    aws, azure = render(results(quick=False)).partition("## Rules, and")[0].split("For Azure:", 1)
    assert "| esacloud | 0.300 s (0.300) | 1.00 | 2 MiB |" not in aws
    assert "| esacloud | 0.300 s (0.300) | 1.00 | 2 MiB |" in azure
    assert "| peer | 88 | 101 | 100 |" in render(results(quick=False))


def test_the_page_has_the_rules_beside_their_bounds_and_the_proof_beside_the_whole():
    page = render(results(quick=False))
    assert "| an example | 12 | 3,456 | 34 | 23 | 11 |" in page
    assert "| the proof, all four | 1.00 ms (12%) |" in page
    assert "| everything that `generate` does | 8.00 ms |" in page


def test_a_proof_is_measured_for_both_sizes_on_both_clouds(tmp_path: Path):
    found = proof.measure(1, tmp_path)
    assert list(found) == ["50 flows, AWS", "50 flows, Azure", "1,000 flows, AWS", "1,000 flows, Azure"]
    for times in found.values():
        assert times.rows.keys() == ROWS.keys()
        assert times.rows["the proof, all four"] == pytest.approx(
            sum(seconds for row, seconds in times.rows.items() if row.startswith("proof: "))
        )


def test_a_quick_page_says_so():
    assert "quick run" in render(results(quick=True))


def test_every_goal_gets_a_line():
    lines = list(verdicts(results(quick=False)))
    assert "AWS: cold, 2 times faster than the fastest: 2.0 times" in lines
    assert "Azure: cold, 2 times faster than the fastest: 1.3 times" in lines
    assert "AWS: a flow with 2 networks changes at most 2 resources: 2" in lines
    assert "Azure, an example: rules between the bound (11) and flow x network (3,456): 34" in lines
