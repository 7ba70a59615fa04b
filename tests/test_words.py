"""The words of the field, and none of our own: in names, and in all text that somebody reads."""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A word that only this project would use -> what the field calls it.
IN_NAMES = {
    "alike": "equivalent, equal",
    "breach": "violation",
    "breaches": "violations",
    "carrier": "attachment",
    "carriers": "attachments",
    "far": "remote",
    "fars": "remotes",
    "foreign": "unmanaged",
    "law": "invariant",
    "leftovers": "uncovered",
    "meeting": "intersection",
    "mend": "hint",
    "oddities": "deviations",
    "oddity": "deviation",
    "performer": "executor",
    "realm": "address_space",
    "realms": "address_spaces",
    "said": "message",
    "shall": "desired",
    "theirs": "other",
    "todo": "pending",
    "told": "message",
    "unasked": "unexpected",
    "wanted": "desired",
    "whereabouts": "scope",
}
IN_TEXT = {
    r"far (side|end)s?": "remote; in text for people source or destination",
    r"mend(s|ed|ing)?": "hint, correct",
    r"foreign": "unmanaged",
    r"oddit(y|ies)": "deviation",
    r"realms?": "address space",
    r"whereabouts": "scope",
    r"breach(es|ed)?": "violation",
    r"unasked": "unexpected",
    r"carriers?": "attachment",
    r"performers?": "executor",
    r"leftovers": "uncovered rows",
    r"the law": "the safety invariant",
    r"shall": "desired; is to",
    r"alike": "equivalent, equal",
    r"taken over|takes over|take over": "adopted",
    r"in the clothes of": "an IPv4-mapped IPv6 address",
}
TEXT = re.compile(r"\b(?:" + "|".join(IN_TEXT) + r")\b", re.IGNORECASE)
OF_OTHERS = {"foreign": ("foreign key",), "realm": ("realm =", 'realm="')}  # what a standard calls so


def files(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = [name for name in listed.splitlines() if name != "tests/test_words.py"]
    return [ROOT / name for name in found if (ROOT / name).exists()]


def parts(name: str) -> list[str]:
    return [part.lower() for part in re.split(r"_|(?<=[a-z0-9])(?=[A-Z])", name) if part]


def names_in(path: Path) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME:
            for part in parts(token.string):
                if part in IN_NAMES:
                    yield f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}; write {IN_NAMES[part]}"


def text_in(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for found in TEXT.finditer(line):
            if not any(other in line for other in OF_OTHERS.get(found[0].lower(), ())):
                yield f"{path.relative_to(ROOT)}:{number}: {found[0]}; write {instead_of(found[0])}"


def instead_of(text: str) -> str:
    return next(word for pattern, word in IN_TEXT.items() if re.fullmatch(pattern, text, re.IGNORECASE))


@pytest.mark.parametrize("folder", ["esacloud", "tests", "benchmarks", "examples"])
def test_names_in_the_code_are_words_of_the_field(folder: str) -> None:
    assert not [finding for path in files(f"{folder}/*.py") for finding in names_in(path)]


@pytest.mark.parametrize("folder", ["esacloud", "tests", "benchmarks", "examples", "schemas", "modules", "docs", "*.md"])
def test_texts_are_in_words_of_the_field(folder: str) -> None:
    patterns = (
        [folder] if folder.endswith(".md") else [f"{folder}/*{end}" for end in (".py", ".md", ".json", ".yaml", ".tf")]
    )
    assert not [finding for path in files(*patterns) if "CHANGELOG" not in path.name for finding in text_in(path)]
