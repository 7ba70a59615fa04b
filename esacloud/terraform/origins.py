"""The origin of a value that is known only after apply, as far as a plan's configuration shows it.

A plan lists the names that each expression mentions, in order, and nothing else: neither locals, nor which instance of a
resource `[each.key]` selects. So the answer is every instance that it can be, and empty if it can be anything else.
https://developer.hashicorp.com/terraform/internals/json-format#expression-representation
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.json_files import mapping, mappings
from esacloud.terraform.show import Resource, mentions

Path = tuple[tuple[str, str | None], ...]  # of a module: module names with their keys; "" is no key, None any
_KEY = r'(\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?'
_step = re.compile(rf"module\.([^.\[]+){_KEY}\.?").match
_name = re.compile(rf"([^.\[]+)\.([^.\[]+){_KEY}").match
_KNOWN = ("count.", "each.key", "path.", "terraform.")  # not made by a cloud
_DEEPEST = 64


class Origins:
    """The configuration of a plan, with the instances that the plan has of it."""

    def __init__(self, document: Mapping[str, Any], found: Iterable[Resource]) -> None:
        self._root = mapping(mapping(document.get("configuration")).get("root_module"))
        self._written_in: dict[tuple[str, ...], dict[str, Mapping[str, Any]]] = {}  # by module, as far as asked
        self._known: dict[tuple[str, str, tuple[str | int, ...]], tuple[Resource, ...]] = {}
        self._made: dict[str, list[tuple[Path, str, Resource]]] = {}
        for item in found:
            path, local = _split(item.base)
            self._made.setdefault(local, []).append((path, item.address[len(item.base) :], item))

    def of(self, item: Resource, kind: str, *argument: str | int) -> tuple[Resource, ...]:
        """The resources of one type whose id the argument can be, block by block as `("ip_configuration", 0, "subnet_id")`.

        Empty where it can be anything else.
        """
        asked = item.base, kind, argument  # all instances of a resource have one answer
        if asked not in self._known:
            path, local = _split(item.base)
            written = self._written(path, local)
            expression = _inside(written.get("expressions"), argument)
            self._known[asked] = self._all(path, expression, written.get("for_each_expression"), kind)
        return self._known[asked]

    def blocks(self, item: Resource, argument: str) -> int:
        """How many blocks of one kind the configuration has. A plan does not list dynamic blocks."""
        written = _inside(self._written(*_split(item.base)).get("expressions"), (argument,))
        return len(written) if isinstance(written, list) else 0

    def of_variable(self, item: Resource, kind: str, variable: str) -> tuple[Resource, ...]:
        """The same for the value of a variable of the resource's module."""
        return self._all(_split(item.base)[0], {"references": [f"var.{variable}"]}, None, kind)

    def mentioned(self, item: Resource, kind: str, *argument: str | int) -> tuple[Resource, ...]:
        """The resources of one type that the expression itself mentions, among other things."""
        path, local = _split(item.base)
        heads = _heads(_inside(self._written(path, local).get("expressions"), argument))
        return tuple(made for head in heads if head.startswith(f"{kind}.") for made in self._instances(path, head))

    def _all(self, path: Path, expression: Any, repeated: Any, kind: str) -> tuple[Resource, ...]:
        found: dict[str, Resource] = {}
        whole = self._follow(path, expression, repeated, kind, found)
        return tuple(sorted(found.values(), key=lambda made: made.address)) if whole else ()

    def _follow(
        self, path: Path, expression: Any, repeated: Any, kind: str, found: dict[str, Resource], depth: int = 0
    ) -> bool:
        """Add every possible origin to `found`; returns whether those are all. `repeated` is the for_each expression."""
        if depth > _DEEPEST:
            return False
        for head in _heads(expression):
            if head.startswith(_KNOWN):
                continue
            if head.startswith(f"{kind}."):
                found.update((made.address, made) for made in self._instances(path, head))
                continue
            further = self._further(path, head, repeated)
            if further is None or not all(self._follow(*origin, kind, found, depth + 1) for origin in further):
                return False
        return True

    def _further(self, path: Path, head: str, repeated: Any) -> list[tuple[Path, Any, Any]] | None:
        """The expressions behind a mention: a for_each, a module's argument or its output. None where they are unknown."""
        parts = _name(head)
        if head.startswith("each."):
            return [(path, repeated, None)] if repeated else None
        if head.startswith("var.") and parts:
            if not path:
                return []  # a variable of the root module is known at plan time
            call = mapping(mapping(self._module(path[:-1]).get("module_calls")).get(path[-1][0]))
            return [(path[:-1], mapping(call.get("expressions")).get(parts[2]), call.get("for_each_expression"))]
        step = _step(head)
        if step is None:
            return None
        inside = (*path, (step[1], step[2]))
        outputs = mapping(self._module(inside).get("outputs"))
        name = re.split(r"[.\[]", head[step.end() :])[0]
        named = [outputs.get(name)] if name else list(outputs.values())
        return (
            [(inside, mapping(output).get("expression"), None) for output in named] if named and None not in named else None
        )

    def _instances(self, path: Path, head: str) -> Iterator[Resource]:
        parts = _name(head)
        if parts:
            for module, key, made in self._made.get(f"{parts[1]}.{parts[2]}", ()):
                if parts[3] in (None, key) and _is_one_of(module, path):
                    yield made

    def _written(self, path: Path, local: str) -> Mapping[str, Any]:
        names = tuple(name for name, _ in path)
        if names not in self._written_in:
            found = mappings(self._module(path).get("resources"))
            self._written_in[names] = {str(resource.get("address")): resource for resource in found}
        return self._written_in[names].get(local, {})

    def _module(self, path: Path) -> Mapping[str, Any]:
        module = self._root
        for name, _ in path:
            module = mapping(mapping(mapping(module.get("module_calls")).get(name)).get("module"))
        return module


def _split(base: str) -> tuple[Path, str]:
    """`module.a["x"].aws_b.c` as the path of its module, and its name in it."""
    path: list[tuple[str, str | None]] = []
    while step := _step(base):
        path.append((step[1], step[2] or ""))
        base = base[step.end() :]
    return tuple(path), base


def _is_one_of(module: Path, path: Path) -> bool:
    return len(module) == len(path) and all(
        name == expected_name and expected_key in (None, key)
        for (name, key), (expected_name, expected_key) in zip(module, path, strict=True)
    )


def _inside(expressions: Any, argument: Iterable[str | int]) -> Any:
    for step in argument:
        if isinstance(step, int):
            expressions = expressions[step] if isinstance(expressions, list) and step < len(expressions) else None
        else:
            expressions = mapping(expressions).get(step)
    return expressions


def _heads(expression: Any) -> list[str]:
    """The longest form of each mention. Terraform lists a mention whole, then its prefixes: `a.b.c`, `a.b`."""
    heads, last = [], ""
    for word in mentions(expression):
        if not (last.startswith(word) and last[len(word) : len(word) + 1] in (".", "[")):
            heads.append(word)
        last = word
    return heads
