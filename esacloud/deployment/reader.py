"""Nodes to plain values of the type that a `Key` declares. Collects every problem instead of stopping at the first.

A method returns the value, or notes a problem and returns None; the caller then continues without it. Numbers, true, false
and null are not texts unless they are quoted, as in the JSON Schema of the same file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from esacloud.deployment.document import MOST_PROBLEMS, MappingNode, Node, ScalarNode, SequenceNode, parse, place_of
from esacloud.deployment.specification import Key
from esacloud.errors import InputError, Place, Problem, did_you_mean, nearest, one_of
from esacloud.packets.addresses import AddressError, Network, parse_network

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

    def failed(self) -> bool:
        """Whether there is a problem that is not a warning."""
        return any(problem.severity == "error" for problem in self.problems)

    def place(self, node: Node, key: str) -> Place:
        """Where the node stands."""
        return place_of(self.file, node, key or None)

    def note(self, node: Node, key: str, message: str, hint: str) -> None:
        """Remember an error; with MOST_PROBLEMS of them, give up. What it quotes is cut where it gets long."""
        message, hint = (
            sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]}…." for sentence in (message, hint)
        )
        self.problems.append(Problem(self.place(node, key), message, hint))
        self._errors += 1
        if self._errors == MOST_PROBLEMS:
            raise InputError(*self.problems)

    def warn(self, place: Place, message: str, hint: str) -> None:
        """Remember a warning about a place."""
        self.problems.append(Problem(place, message, hint, "warning"))

    def value(self, key: Key, node: Node, path: str) -> Any:
        """The value of a key, by its type; None where it cannot be used. Types that have a module are not read here."""
        match key.type:
            case "text":
                read = self.scalar if key.unquoted else self.text
                return self._checked(key, node, path, read(node, path, key.instead()))
            case "line":
                return self._checked(key, node, path, self._line(key, node, path))
            case "word":
                return self._word(key, node, path)
            case "words":
                return self._words(key, node, path)
            case "number":
                return self._number(node, path, key.bounds)
            case "networks":
                return self._networks(key, node, path)
            case "mapping":
                return self.values(key.keys, node, path, key.noun)
            case "mappings":
                items = enumerate(self.items(node, path, key.instead()))
                return [
                    (item, f"{path}[{index}]", self.values(key.keys, item, f"{path}[{index}]")) for index, item in items
                ]
        raise ValueError(key.type)

    def values(self, keys: Iterable[Key], node: Node, path: str, noun: str = "key") -> dict[str, Any]:
        """The value of each key of a mapping that is there and can be used."""
        nodes = self.nodes(keys, node, path, noun)
        values = {key.name: self.value(key, nodes[key.name], join(path, key.name)) for key in keys if key.name in nodes}
        return {name: value for name, value in values.items() if value is not None}

    def nodes(self, keys: Iterable[Key], node: Node, path: str, noun: str = "key") -> dict[str, Node]:
        """The nodes of the keys of a mapping; unknown keys, and required ones that are not there, are noted."""
        fields = self.mapping(node, path, [key.name for key in keys], noun)
        if isinstance(node, MappingNode) or is_null(node):
            for key in keys:
                if key.required and key.name not in fields:
                    self.missing(node, join(path, key.name), key.missing())
        return fields

    def mapping(self, node: Node, key: str, known: Collection[str], noun: str = "key") -> dict[str, Node]:
        """The known keys of a mapping with their nodes; unknown ones, and a node that is not a mapping, are noted."""
        if not isinstance(node, MappingNode):
            message = f"{_named(key)} must be a mapping with {noun}s, but is {_kind(node)}."
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
        """Key node, key and value of a mapping with keys of the user's choice."""
        if isinstance(node, MappingNode):
            return [(name, name.value, value) for name, value in node.value]
        message = f"{_named(key)} must be a mapping, but is {_kind(node)}."
        self.note(node, key, message, "Write `key: value` lines under it.")
        return []

    def unknown(self, node: Node, key: str, noun: str, name: str, known: Iterable[str]) -> None:
        """Note a name that is not known, with the nearest known one."""
        names = tuple(known)
        every = f"Write {one_of(names)}." if len(names) <= _MANY else "List the known ones with `esacloud ports`."
        self.note(node, key, f"The {noun} {name!r} is unknown.", did_you_mean(name, names, every))

    def missing(self, node: Node, key: str, hint: str) -> None:
        """Note that a key is not there, unless a misspelt key was meant to be it."""
        if key not in self._meant:
            self.note(node, key, f"The key {key.rpartition('.')[2]!r} is missing.", hint)

    def items(self, node: Node, key: str, hint: str) -> list[Node]:
        """The items of a list."""
        if isinstance(node, SequenceNode):
            nodes: list[Node] = node.value
            return nodes
        self.note(node, key, f"{_named(key)} must be a list, but is {_kind(node)}.", hint)
        return []

    def scalar(self, node: Node, key: str, hint: str) -> str | None:
        """The text of a scalar, quoted or not: a number keeps its digits as written. None for null."""
        if isinstance(node, ScalarNode) and not is_null(node):
            text: str = node.value
            return text
        self.note(node, key, f"{_named(key)} must be a text, but is {_kind(node)}.", hint)
        return None

    def text(self, node: Node, key: str, hint: str) -> str | None:
        """A text; one that YAML reads as a number or as true or false must be quoted."""
        text = self.scalar(node, key, hint)
        if text is not None and not node.style and (text in BOOLEANS or is_number(text)):  # type: ignore[attr-defined]
            self.note(node, key, f"{_named(key)} must be a text, but is {_kind(node)}.", f'Write "{text}", in quotes.')
            return None
        return text

    def texts(self, key: Key, node: Node, path: str) -> list[tuple[Node, str, str]]:
        """Node, path and text of a text, or of each item of a list of texts, that the key's check accepts."""
        many = key.type == "texts"
        nodes = self.items(node, path, key.instead()) if many else [node]
        places = [(item, f"{path}[{index}]" if many else path) for index, item in enumerate(nodes)]
        found = [
            (item, place, self._checked(key, item, place, self.text(item, place, key.instead()))) for item, place in places
        ]
        return [(item, place, text) for item, place, text in found if text is not None]

    def _checked(self, key: Key, node: Node, path: str, text: str | None) -> str | None:
        if text is not None and key.check is not None and (refusal := key.check(text)):
            self.note(node, path, *refusal)
            return None
        return text

    def _line(self, key: Key, node: Node, path: str) -> str | None:
        text = self.text(node, path, key.instead())
        if text is not None and (not text.strip() or not text.isprintable() or len(text) > key.longest):
            message = f"{_named(path)} must be one line of 1 to {key.longest} characters."
            self.note(node, path, message, key.instead())
            return None
        return text

    def _word(self, key: Key, node: Node, path: str) -> str | None:
        words = key.words or {}
        text = self.scalar(node, path, key.hint or f"Write {one_of(tuple(words))}.")
        if text is not None and text not in words:
            self.unknown(node, path, key.noun, text, words)
            return None
        return text

    def _words(self, key: Key, node: Node, path: str) -> tuple[str, ...]:
        """The words in alphabetical order."""
        words = key.words or {}
        hint = f"Write [{', '.join(list(words)[:2])}]."
        items, found = self.items(node, path, hint), set()
        if key.at_least_one and isinstance(node, SequenceNode) and not items:
            self.note(node, path, f"{_named(path)} is empty.", hint)
        for index, item in enumerate(items):
            place = f"{path}[{index}]"
            article = "an" if key.noun[0] in "aeiou" else "a"
            word = self.scalar(item, place, f"Write the name of {article} {key.noun}.")
            if word is None:
                continue
            if word not in words:
                self.unknown(item, place, key.noun, word, words)
            elif word in found:
                self.note(item, place, f"{word} is repeated.", "Remove it.")
            else:
                self._checked(key, item, place, word)
                found.add(word)
        return tuple(sorted(found))

    def _number(self, node: Node, path: str, bounds: tuple[int, int]) -> int | None:
        low, high = bounds
        text = node.value if isinstance(node, ScalarNode) and not node.style else ""
        if not re.fullmatch(r"0|[1-9][0-9]{0,8}", text):
            hint = f"Write a number from {low:,} to {high:,}, without quotes."
            self.note(node, path, f"{_named(path)} must be a whole number, but is {_kind(node)}.", hint)
        elif not low <= int(text) <= high:
            self.note(node, path, f"{text} is out of bounds.", f"Write a number from {low:,} to {high:,}.")
        else:
            return int(text)
        return None

    def _networks(self, key: Key, node: Node, path: str) -> tuple[Network, ...]:
        """The networks, ascending, each once."""
        networks = set()
        for index, item in enumerate(self.items(node, path, key.instead())):
            text = self.scalar(item, f"{path}[{index}]", key.instead())
            try:
                networks.update([] if text is None else [parse_network(text)])
            except AddressError as error:
                self.note(item, f"{path}[{index}]", error.message, error.hint)
        return tuple(sorted(networks))


def _named(key: str) -> str:
    return f"`{key}`" if key else "The file"


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
