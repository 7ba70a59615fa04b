"""The launcher and the page: numbers are those of the program, and stand where they belong."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("benchmarks", reason="the benchmarks stand beside the package in a checkout and are not installed")

from benchmarks.experiments import Shape
from benchmarks.measure import Figures, Sample, in_turns, run
from benchmarks.page import Results, render, verdicts


def test_the_peak_is_that_of_the_program_and_not_of_whoever_started_it(tmp_path: Path):
    held = bytearray(150 * 1024 * 1024)  # this process is large
    small = run(["-c", "pass"], tmp_path)
    large = run(["-c", "held = b'x' * (100 * 1024 * 1024)"], tmp_path)
    assert len(held) > small.peak_kib * 1024
    assert large.peak_kib - small.peak_kib == pytest.approx(100 * 1024, rel=0.1)


def test_a_program_that_fails_is_told_with_its_output(tmp_path: Path):
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
    return Results(
        machine={"processor": "a fast one"},
        tools={"esacloud": "1.0", "peer": "2.0"},
        rounds={"cold": 3, "many": 1, "large": 1},
        policies=(100, 1000),
        cold={**tools, "esacloud --help": figures(0.05)},
        few=tools,
        many=tools,
        large={"5,000 flows": tools},
        shapes={"esacloud": Shape(73, 76, 2), "peer": Shape(50, 51, 40)},
        flows=(50, 73),
        added=2,
        quick=quick,
    )


def test_the_page_has_the_median_the_shortest_the_ratio_and_the_memory():
    page = render(results(quick=False))
    assert "| esacloud | 0.200 s (0.100) | 1.00 | 2 MiB |" in page
    assert "| peer | 0.400 s (0.400) | 0.50 | 2 MiB |" in page
    assert "| peer | 50 | 51 | 40 |" in page
    assert "quick" not in page


def test_a_quick_page_says_so():
    assert "quick run" in render(results(quick=True))


def test_every_goal_gets_a_line():
    lines = verdicts(results(quick=False))
    assert "cold, 2 times faster than the fastest: 2.0 times" in lines
    assert "a flow with 2 networks changes 2 resources: 2" in lines
