"""Reading the HCL of the reusable modules, as far as their README needs it: blocks, their arguments, and comments.

For files that `terraform fmt` has formatted: a block starts and ends at the margin, an argument two spaces in. Values stay
texts; those of several lines are put on one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(r'^(\w+)((?: "[^"]+")*) \{\n(.*?)^\}$', re.MULTILINE | re.DOTALL)
_HEREDOC = "<<-EOT"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument with the text of its value, and the comment above it."""

    name: str
    value: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a file: `variable "peers" { ... }` has the kind `variable` and the labels ("peers",)."""

    kind: str
    labels: tuple[str, ...]
    body: str

    def argument(self, name: str) -> str | None:
        """The value of an argument as a text, None where the block lacks it."""
        return next((found.value for found in arguments(self.body) if found.name == name), None)

    def text(self, name: str) -> str:
        """The value of an argument that is a string. Raises KeyError where the block lacks it."""
        value = self.argument(name)
        if value is None:
            raise KeyError(f"{self.kind} {' '.join(self.labels)}: {name}")
        if value.startswith(_HEREDOC):
            return " ".join(value.split()[1:-1])
        text: str = json.loads(value)
        return text


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a file, in their order."""
    for kind, labels, body in _BLOCK.findall(text):
        yield Block(kind, tuple(re.findall(r'"([^"]+)"', labels)), body)


def arguments(body: str, margin: str = "  ") -> Iterator[Argument]:
    """The arguments that stand at a margin, in their order."""
    lines, comment = iter(body.splitlines()), ""
    for line in lines:
        if line.startswith(f"{margin}# "):
            comment = f"{comment} {line.strip().removeprefix('# ')}".lstrip()
            continue
        if found := re.match(rf"{margin}(\w+)\s+= (.*)", line):
            value = [found[2]]
            while not _is_whole(value):
                value.append(next(lines))
            yield Argument(found[1], "\n".join(value), comment)
        comment = ""


def one_line(value: str) -> str:
    """A type or a value of several lines on one, without its comments."""
    lines = [line.partition(" #")[0].strip() for line in value.splitlines() if not line.strip().startswith("#")]
    joined = ", ".join(re.sub(r"(\w)\s+= ", r"\1 = ", line) for line in lines)
    return re.sub(r"([({\[]), ", r"\1", joined).replace(", }", "}").replace(", ]", "]")


def _is_whole(lines: list[str]) -> bool:
    if lines[0].startswith(_HEREDOC):
        return lines[-1].strip() == "EOT"
    code = re.sub(r'"(?:[^"\\]|\\.)*"|#.*', "", "\n".join(lines))
    return sum(code.count(bracket) for bracket in "([{") == sum(code.count(bracket) for bracket in ")]}")
