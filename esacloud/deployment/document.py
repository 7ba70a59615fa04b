"""YAML text (JSON is YAML) to nodes that know their place.

Refused, each with its place: what YAML itself refuses, duplicate keys, keys that are not texts, tags, merge keys, more than
one document, control characters, deep nesting, and aliases that would expand without bound. No tag is resolved and no
Python object is constructed, so `15.10` and `no` stay texts.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import yaml.composer
import yaml.parser
import yaml.reader
import yaml.scanner
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from esacloud.errors import InputError, Place, Problem

__all__ = ["MappingNode", "Node", "ScalarNode", "SequenceNode", "parse", "place_of"]

_ESCAPED_PAIR = r"(?i)(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})"
MOST_PROBLEMS = 100  # a file with more is not a deployment file
MOST_NODES = 200_000
DEEPEST = 32
_TOO_DEEP_FOR_LIBYAML = "maximum nesting depth"  # libyaml 0.2.6 stops at 1,000 levels


def place_of(file: str, node: Node, key: str | None) -> Place:
    """Where a node stands, line and column counted from 1."""
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1, key)


def parse(file: str, text: str) -> tuple[Node, list[Problem]]:
    """The root node of the text, and the problems that do not stop the reading. Raises InputError for the others."""
    if "\\u" in text:  # JSON writes a character beyond U+FFFF as two escapes, which YAML does not know
        text = re.sub(_ESCAPED_PAIR, _one_escape, text)
    try:
        root = compose(text)
    except TooMuchError as error:
        _refuse(file, error.mark, *(_TOO_DEEP if error.deep else _TOO_MANY))
    except (yaml.YAMLError, UnicodeEncodeError) as error:  # UnicodeEncodeError: a text with half a surrogate pair
        from esacloud.deployment.syntax import plain_words  # only a file with a mistake pays for its patterns

        raise InputError(plain_words(file, text, error)) from None
    if root is None:
        _refuse(file, None, "The file is empty.", "Write one with `esacloud init`.")
    inspection = _Inspection(file, root)
    inspection.inspect(root, 1)
    return root, inspection.problems


_TOO_DEEP = f"The file nests deeper than {DEEPEST} levels.", "Remove the inner levels; a deployment needs at most 8."
_TOO_MANY = (
    f"The file contains more than {MOST_NODES:,} values, with aliases expanded.",
    "Write fewer, wider networks, or use a prefix list.",
)


def _one_escape(match: re.Match[str]) -> str:
    high, low = int(match[2], 16), int(match[3], 16)
    return f"{match[1]}\\U{0x10000 + ((high - 0xD800) << 10) + low - 0xDC00:08X}"


def _refuse(file: str, mark: Any, message: str, hint: str) -> NoReturn:
    raise InputError.at(Place(file) if mark is None else Place(file, mark.line + 1, mark.column + 1), message, hint)


class TooMuchError(Exception):
    """The text has too many nodes, or too deep ones. `mark` is where, counted from 0."""

    def __init__(self, mark: Any, deep: bool) -> None:
        self.mark, self.deep = mark, deep


class _Hooks:
    """Replaces the resolver of tags: every scalar stays a text, and depth and number of nodes are limited."""

    depth = 0
    nodes = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:  # noqa: ARG002 - the composers' signature
        return ""

    def descend_resolver(self, parent: Node | None, index: Any) -> None:  # noqa: ARG002 - the composers' signature
        self.depth += 1
        self.nodes += 1
        if self.depth > DEEPEST or self.nodes > MOST_NODES:
            raise TooMuchError(parent and parent.start_mark, self.depth > DEEPEST)

    def ascend_resolver(self) -> None:
        self.depth -= 1


class PythonComposer(_Hooks, yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer):
    """The composer in Python, which gives the same nodes as libyaml, but more slowly."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)


try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML was built without libyaml
    FastestComposer: Any = PythonComposer
else:

    class _CComposer(_Hooks, CParser):
        pass

    FastestComposer = _CComposer


def compose(text: str, composer: Any = None) -> Node | None:
    """The root node of a text with one YAML document, None of an empty one.

    A scalar is plain where its `style` is false. Raises yaml.YAMLError and TooMuchError.
    """
    try:
        root: Node | None = (composer or FastestComposer)(text).get_single_node()
    except yaml.scanner.ScannerError as error:
        if _TOO_DEEP_FOR_LIBYAML not in str(error.problem):
            raise
        raise TooMuchError(error.problem_mark, deep=True) from None
    return root


class _Inspection:
    """One walk over all nodes with aliases expanded. Keeps the first of two equal keys."""

    def __init__(self, file: str, root: Node) -> None:
        self.file, self.root = file, root
        self.problems: list[Problem] = []
        self.nodes = 0

    def inspect(self, node: Node, depth: int) -> None:
        if node.tag:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.note(node, f"The YAML tag {tag} is not supported.", "Write the plain value, without a tag.")
        if isinstance(node, ScalarNode):
            return
        if depth > DEEPEST:  # the composer has counted the written levels, so this level comes from an alias
            message = f"The alias here contains itself, or nests deeper than {DEEPEST} levels."
            _refuse(self.file, node.start_mark, message, "Write the value instead of the alias.")
        self.nodes += len(node.value)
        if self.nodes > MOST_NODES:
            _refuse(self.file, node.start_mark, *_TOO_MANY)
        if isinstance(node, SequenceNode):
            for child in node.value:
                if child.tag or type(child) is not ScalarNode:
                    self.inspect(child, depth + 1)
        else:
            self.inspect_mapping(node, depth)

    def inspect_mapping(self, node: Node, depth: int) -> None:
        if _is_plain(node):  # as nearly every mapping of nearly every file is
            for _, value in node.value:
                if value.tag or type(value) is not ScalarNode:
                    self.inspect(value, depth + 1)
            return
        first: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.note(key, "A key here is a list or a mapping.", "Write a plain word before the colon.")
                continue
            self.inspect_key(key, first, depth)
            if value.tag or type(value) is not ScalarNode:
                self.inspect(value, depth + 1)
        if len(first) < len(node.value):
            node.value = [
                (key, value) for key, value in node.value if isinstance(key, ScalarNode) and first.get(key.value) is key
            ]

    def inspect_key(self, key: ScalarNode, first: dict[str, Node], depth: int) -> None:
        if key.tag:
            self.inspect(key, depth)
        name = key.value
        if name == "<<" and not key.style:
            self.note(key, "Merge keys are not supported.", "Write the merged keys here.")
        elif name in first:
            where = f"line {first[name].start_mark.line + 1}"
            self.note(key, f"The key {name!r} is repeated; the first is in {where}.", "Remove one of them.")
        else:
            first[name] = key

    def note(self, node: Node, message: str, hint: str) -> None:
        key = _key_of(self.root, node, "", 0)
        self.problems.append(Problem(place_of(self.file, node, key or None), message, hint))
        if len(self.problems) == MOST_PROBLEMS:
            raise InputError(*self.problems)


def _is_plain(node: Node) -> bool:
    """Whether all keys of a mapping are different texts without a tag, and none is a merge key."""
    try:
        names = {key.value for key, _ in node.value}
    except TypeError:  # the value of a list or mapping is a list, which is in no set
        return False
    tags = {key.tag for key, _ in node.value}
    return len(names) == len(node.value) and "<<" not in names and tags <= {""}


def _key_of(inside: Node, target: Node, path: str, depth: int) -> str | None:
    """The path of keys to a node, searched only to report a problem."""
    if inside is target:
        return path
    if depth > DEEPEST or isinstance(inside, ScalarNode):
        return None
    if isinstance(inside, SequenceNode):
        children = [(child, f"{path}[{index}]") for index, child in enumerate(inside.value)]
    else:
        children = []
        for key, value in inside.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            if key is target:
                return name if isinstance(key, ScalarNode) else path
            children.append((value, name))
    return next((found for child, name in children if (found := _key_of(child, target, name, depth + 1)) is not None), None)
