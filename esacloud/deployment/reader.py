"""Nodes to plain values of the expected shape, collecting every problem instead of stopping at the first.

A method that finds what it was asked for returns it; otherwise it notes a problem and returns None, and the caller goes on
with what it has. Numbers, true, false and null are not texts here unless they are quoted, which is also what JSON Schema
says of the same file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from esacloud.deployment.document import MOST_PROBLEMS, MappingNode, Node, ScalarNode, SequenceNode, parse, place_of
from esacloud.deployment.names import Refusal
from esacloud.errors import InputError, Place, Problem, nearest, one_of

NULLS = frozenset(("", "~", "null", "Null", "NULL"))
BOOLEANS = frozenset(("true", "True", "TRUE", "false", "False", "FALSE"))
_NUMBER = (
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_MANY = 40  # names that a sentence can list
_LONGEST = 1500  # characters of a sentence


def join(key: str, name: str) -> str:
    """The key of `name` inside `key`."""
    return f"{key}.{name}" if key else name


def is_null(node: Node) -> bool:
    """Whether the node is empty, `~` or `null`, unquoted."""
    return isinstance(node, ScalarNode) and not node.style and node.value in NULLS


def is_number(text: str) -> bool:
    """Whether YAML 1.2 reads the text, unquoted, as a number."""
    return re.fullmatch(_NUMBER, text) is not None


class Reader:
    """One file being read: its name, its nodes, and the problems found so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.root, self.problems = parse(file, text)
        self._errors = 0
        self._meant: set[str] = set()  # keys that are there, misspelt

    def place(self, node: Node, key: str) -> Place:
        """Where the node stands."""
        mark = node.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1, key or None)

    def note(self, node: Node, key: str, message: str, hint: str) -> None:
        """Remember an error; with MOST_PROBLEMS of them, give up. What it quotes is cut where it gets long."""
        message, hint = (
            sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]}…." for sentence in (message, hint)
        )
        self.problems.append(Problem(place_of(self.file, node, key or None), message, hint))
        self._errors += 1
        if self._errors == MOST_PROBLEMS:
            raise InputError(*self.problems)

    def mapping(self, node: Node, key: str, known: Collection[str], noun: str = "key") -> dict[str, Node]:
        """The known keys of a mapping with their values; unknown ones, and a node that is no mapping, are noted."""
        if not isinstance(node, MappingNode):
            message = f"{_named(key)} should be a mapping with {noun}s, and is {_kind(node)}."
            self.note(node, key, message, f"Write `{noun}: value` lines under it.")
            return {}
        fields = {}
        for name, value in node.value:
            if name.value in known:
                fields[name.value] = value
            else:
                self.unknown(name, join(key, name.value), noun, name.value, known)
                if noun == "key":
                    self._meant.add(join(key, nearest(name.value, tuple(known)) or ""))
        return fields

    def any_mapping(self, node: Node, key: str) -> list[tuple[Node, str, Node]]:
        """Key node, key and value of a mapping whose keys the user makes up."""
        if isinstance(node, MappingNode):
            return [(name, name.value, value) for name, value in node.value]
        self.note(
            node, key, f"{_named(key)} should be a mapping, and is {_kind(node)}.", "Write `key: value` lines under it."
        )
        return []

    def unknown(self, node: Node, key: str, noun: str, name: str, known: Iterable[str]) -> None:
        """Note a name that is none of the known ones, and name the nearest of them."""
        names = tuple(known)
        close = nearest(name, names)
        if close is not None:
            hint = f"Write {close}."
        else:
            hint = f"Write {one_of(names)}." if len(names) <= _MANY else "`esacloud ports` lists the known ones."
        self.note(node, key, f"The {noun} {name!r} is unknown.", hint)

    def missing(self, node: Node, key: str, hint: str) -> None:
        """Note that a key is not there, unless it is there under a misspelt name."""
        if key not in self._meant:
            self.note(node, key, f"The key {key.rpartition('.')[2]!r} is missing.", hint)

    def items(self, node: Node, key: str, hint: str) -> list[Node]:
        """The items of a list."""
        if isinstance(node, SequenceNode):
            nodes: list[Node] = node.value
            return nodes
        self.note(node, key, f"{_named(key)} should be a list, and is {_kind(node)}.", hint)
        return []

    def scalar(self, node: Node, key: str, hint: str) -> str | None:
        """The text of a scalar, quoted or not: a number keeps its digits as written. Null is none."""
        if isinstance(node, ScalarNode) and not is_null(node):
            text: str = node.value
            return text
        self.note(node, key, f"{_named(key)} should be a text, and is {_kind(node)}.", hint)
        return None

    def text(self, node: Node, key: str, hint: str) -> str | None:
        """A text: what YAML would read as a number or as true or false has to be quoted."""
        text = self.scalar(node, key, hint)
        if text is not None and not node.style and (text in BOOLEANS or is_number(text)):  # type: ignore[attr-defined]
            self.note(node, key, f"{_named(key)} should be a text, and is {_kind(node)}.", f'Write "{text}", in quotes.')
            return None
        return text

    def line(self, node: Node, key: str, longest: int, hint: str) -> str | None:
        """A text of one line that says something, for people to read."""
        text = self.text(node, key, hint)
        if text is None:
            return None
        if not text.strip() or not text.isprintable() or len(text) > longest:
            message = f"{_named(key)} should be one line of 1 to {longest} characters."
            self.note(node, key, message, hint)
            return None
        return text

    def number(self, node: Node, key: str, bounds: tuple[int, int]) -> int | None:
        """A whole number within bounds, both of which belong to it."""
        low, high = bounds
        text = node.value if isinstance(node, ScalarNode) and not node.style else ""
        if not re.fullmatch(r"0|[1-9][0-9]{0,8}", text):
            hint = f"Write a number from {low:,} to {high:,}, without quotes."
            self.note(node, key, f"{_named(key)} should be a whole number, and is {_kind(node)}.", hint)
        elif not low <= int(text) <= high:
            self.note(node, key, f"{text} is out of bounds.", f"Write a number from {low:,} to {high:,}.")
        else:
            return int(text)
        return None

    def choices(
        self, node: Node, key: str, noun: str, known: Collection[str], unfit: Callable[[str], Refusal | None] | None = None
    ) -> tuple[str, ...]:
        """A list of known names, each once, in order of the alphabet. `unfit` says why a known one may not be here."""
        found: set[str] = set()
        for index, item in enumerate(self.items(node, key, f"Write [{', '.join(list(known)[:2])}].")):
            place = f"{key}[{index}]"
            name = self.scalar(item, place, f"Write the name of {_article(noun)} {noun}.")
            if name is None:
                continue
            if name not in known:
                self.unknown(item, place, noun, name, known)
            elif name in found:
                self.note(item, place, f"{name} stands here a second time.", "Take it out.")
            elif unfit and (refusal := unfit(name)):
                self.note(item, place, *refusal)
            found.add(name)
        return tuple(sorted(found))


def _named(key: str) -> str:
    return f"`{key}`" if key else "The file"


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    text = node.value
    if is_null(node):
        return "empty"
    if not node.style and (text in BOOLEANS or is_number(text)):  # type: ignore[attr-defined]
        return f"{text}, which YAML does not read as a text"
    return f"the text {text!r}" if len(text) <= 40 else "a long text"
