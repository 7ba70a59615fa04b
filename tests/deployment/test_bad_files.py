"""Every file in `bad/` says in its head what is wrong with it, as `esacloud check` prints it: line, column, key, words."""

from __future__ import annotations

from pathlib import Path

import pytest

from esacloud.aws.dialect import DIALECT
from esacloud.deployment.read import read
from esacloud.errors import InputError, Problem

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))


def problems_of(file: str, text: str) -> tuple[Problem, ...]:
    try:
        return read(file, {"aws": DIALECT}, text=text).warnings
    except InputError as error:
        return error.problems


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_exactly_the_expected_problems_are_reported_with_place_and_remedy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix("# expected: ") for line in text.splitlines() if line.startswith("# expected: ")]
    assert expected, "the file has to say what is expected of it"
    problems = problems_of(path.name, text)
    assert [str(problem).removeprefix(f"{path.name}:").lstrip() for problem in problems] == expected


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_every_problem_is_two_sentences_in_one_line(path: Path) -> None:
    for problem in problems_of(path.name, path.read_text(encoding="utf-8")):
        for sentence in (problem.message, problem.hint):
            assert sentence.isprintable()
            assert sentence.endswith((".", "?"))


def test_all_problems_of_a_file_are_reported_in_its_order() -> None:
    text = (Path(__file__).parent / "bad" / "everything-at-once.yaml").read_text(encoding="utf-8")
    lines = [problem.place.line for problem in problems_of("f.yaml", text)]
    assert len(lines) == 5
    assert lines == sorted(lines, key=lambda line: line or 0)
