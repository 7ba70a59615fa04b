"""PyYAML's composers, told to leave every scalar the text it is, and to stop at a depth and a number of nodes.

The one in C is used where PyYAML has it; the one in Python gives the same nodes, only more slowly. No tag is resolved and
nothing is constructed, so `15.10` stays `15.10`, `no` stays `no`, and no Python object is ever made from a file.
"""

from __future__ import annotations

from typing import Any

import yaml.composer
import yaml.parser
import yaml.reader
import yaml.scanner
from yaml.nodes import Node

MOST_NODES = 200_000
DEEPEST = 32
_TOO_DEEP_FOR_LIBYAML = "maximum nesting depth"  # libyaml 0.2.6 looks ahead, and stops at 1,000 before any node is there


class TooMuchError(Exception):
    """The text has more nodes, or deeper ones, than may be. `mark` is where, as PyYAML counts: from 0."""

    def __init__(self, mark: Any, deep: bool) -> None:
        self.mark, self.deep = mark, deep


class _Hooks:
    """What both composers call on the way: they think that they ask a resolver of tags."""

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
    """The composer that is always there."""

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

    Scalars are plain exactly where their `style` is false. Raises yaml.YAMLError and TooMuchError.
    """
    try:
        root: Node | None = (composer or FastestComposer)(text).get_single_node()
    except yaml.scanner.ScannerError as error:
        if _TOO_DEEP_FOR_LIBYAML not in str(error.problem):
            raise
        raise TooMuchError(error.problem_mark, deep=True) from None
    return root
