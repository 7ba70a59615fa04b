"""The one family of errors: what is wrong, where it stands, and how to mend it.

A `Problem` is one finding about one place. Whoever reads a file collects all of its problems before raising, so that a
person mends a file once and not once for every mistake. Every error of this package is an `EsacloudError`; its
`exit_code` is the one that the command ends with (see docs/exit-codes.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, a line and column in it (counted from 1), and the key, as `peers.dns-servers[2]`."""

    file: str
    line: int | None = None
    column: int | None = None
    key: str | None = None

    def at(self, key: str) -> Place:
        """The same place in the file, said to be that of another key."""
        return Place(self.file, self.line, self.column, key)

    def __str__(self) -> str:
        parts = [self.file]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        text = ":".join(parts)
        return f"{text}: {self.key}" if self.key else text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong at one place, and what to write instead.

    `message` and `hint` are whole sentences without a line break; `severity` says whether the work can go on.
    """

    place: Place
    message: str
    hint: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message} {self.hint}".rstrip()


class EsacloudError(Exception):
    """Everything that this package raises on purpose."""

    exit_code = 2


class InputError(EsacloudError):
    """What the user gave cannot be used; nothing was written. Holds every problem found, errors before warnings."""

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("an InputError needs at least one problem")
        self.problems = tuple(sorted(problems, key=lambda problem: problem.severity))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OutsideError(EsacloudError):
    """Something outside this program failed: a cloud, terraform, a disk. What it said stands in the text."""

    exit_code = 3


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str | None:
    """The known word that `word` was most likely meant to be, or None when nothing is close."""
    from difflib import get_close_matches  # only a person with a mistake pays for this import

    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def one_of(known: list[str] | tuple[str, ...]) -> str:
    """`a, b or c`: a list as a sentence has it."""
    words = [str(word) for word in known]
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nothing"
