"""The errors of this package: what is wrong, where, and a hint.

A `Problem` is one finding about one place. Readers of files collect all problems before they raise. Every error of this
package is an `EsacloudError`; its `exit_code` is the exit code of the command (see docs/exit-codes.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """A file, a line and column in it (counted from 1), and the key, as `peers.dns-servers[2]`."""

    file: str
    line: int | None = None
    column: int | None = None
    key: str | None = None

    def at(self, key: str) -> Place:
        """The same place in the file with another key."""
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
    """What is wrong at one place, and what to write instead.

    `message` and `hint` are whole sentences without a line break; an `error` stops the work, a `warning` does not.
    """

    place: Place
    message: str
    hint: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message} {self.hint}".rstrip()


class EsacloudError(Exception):
    """The base of all errors of this package."""

    exit_code = 2


class InputError(EsacloudError):
    """The input cannot be used; nothing was written. Contains every problem, errors before warnings."""

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("an InputError needs at least one problem")
        self.problems = tuple(sorted(problems, key=lambda problem: problem.severity))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def at(cls, place: Place | str, message: str, hint: str) -> InputError:
        """The error with one problem, at a place or in a file as a whole."""
        return cls(Problem(Place(place) if isinstance(place, str) else place, message, hint))


class OutsideError(EsacloudError):
    """Something outside this program failed: a cloud, terraform, a disk. The text contains its message."""

    exit_code = 3


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str | None:
    """The known word nearest to `word`, or None when none is near."""
    from difflib import get_close_matches  # only a person with a mistake pays for this import

    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: list[str] | tuple[str, ...], otherwise: str) -> str:
    """The hint for an unknown word: the known word nearest to it, or `otherwise` when none is near."""
    near = nearest(word, known)
    return f"Did you mean {near!r}?" if near else otherwise


def one_of(known: list[str] | tuple[str, ...]) -> str:
    """`a, b or c`."""
    words = [str(word) for word in known]
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nothing"
