"""The family of errors: what is wrong, where, and how to correct it.

A `Problem` is one finding about one place. A reader of a file collects all problems before it raises, so that a person
corrects a file once and not once for every mistake. Every error of this package is an `EsacloudError`; its `exit_code` is
that of the command (see docs/exit-codes.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: line and column (counted from 1), and the key, such as `peers.dns-servers[2]`."""

    file: str
    line: int | None = None
    column: int | None = None
    key: str | None = None

    def at(self, key: str) -> Place:
        """The same place with another key."""
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
    """One problem at one place, and what to write instead.

    `message` and `hint` are whole sentences without a line break; an `error` stops the work, a `warning` does not.
    """

    place: Place
    message: str
    hint: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message} {self.hint}".rstrip()


class EsacloudError(Exception):
    """The base of all errors that this package raises deliberately."""

    exit_code = 2


class InputError(EsacloudError):
    """Invalid input; nothing was written. Holds every problem found, errors before warnings."""

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("an InputError needs at least one problem")
        self.problems = tuple(sorted(problems, key=lambda problem: problem.severity))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OutsideError(EsacloudError):
    """Something outside this program failed: a cloud, terraform, a disk. The text has its message."""

    exit_code = 3


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str | None:
    """The known word that `word` is most likely a typo of, or None."""
    from difflib import get_close_matches  # slow to import, and needed only for an error

    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def one_of(known: list[str] | tuple[str, ...]) -> str:
    """`a, b or c`: a list for a sentence."""
    words = [str(word) for word in known]
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nothing"
