"""Resources out of `terraform show -json`, of a plan or of a state, whatever provider they belong to.

Values that are known only after apply are missing from a plan's values; `unknown` names them, and `references` names their
sources in the configuration. https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from esacloud.json_files import mapping, mappings


@dataclass(frozen=True, slots=True)
class Resource:
    """One instance of a managed resource. `key` is its for_each or count key; `base` its address without the key.

    - `unknown`: names of arguments whose value, or a part of it, is known only after apply.
    - `references`: argument -> the addresses that its expression mentions, with their module.
    - `unknown_within`: list of blocks -> the arguments that are unknown in any of its blocks.
    """

    address: str
    base: str
    type: str
    key: str | int | None
    values: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown_within: Mapping[str, frozenset[str]] = field(default_factory=dict)


def is_shown(document: Any) -> bool:
    """Whether the JSON value is output of `terraform show -json`."""
    return (
        isinstance(document, dict) and isinstance(document.get("format_version"), str) and "terraform_version" in document
    )


def resources(document: Mapping[str, Any]) -> Iterator[Resource]:
    """All managed resources as they will be (a plan) or are (a state)."""
    body = document.get("planned_values") or document.get("values") or {}
    after = {
        change.get("address"): mapping(mapping(change.get("change")).get("after_unknown"))
        for change in mappings(document.get("resource_changes"))
    }
    references = dict(_references(mapping(mapping(document.get("configuration")).get("root_module")), ""))
    for found in _walk(mapping(body.get("root_module"))):
        if found.get("mode", "managed") != "managed":
            continue
        address, kind = str(found.get("address")), str(found.get("type"))
        base = address[: address.rindex("[")] if "index" in found and address.endswith("]") else address
        yield Resource(
            address,
            base,
            kind,
            found.get("index"),
            mapping(found.get("values")),
            _unknown_names(after.get(address)),
            references.get(_without_keys(base), {}),
            {name: _unknown_in_blocks(value) for name, value in after.get(address, {}).items() if isinstance(value, list)},
        )


def data(document: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """The values of all data sources of one kind that were read, for a plan or at the last apply."""
    before = mapping(mapping(document.get("prior_state")).get("values"))  # where a plan keeps the data that it read
    for body in (document.get("planned_values"), before, document.get("values")):
        for found in _walk(mapping(mapping(body).get("root_module"))):
            if found.get("mode") == "data" and found.get("type") == kind:
                yield mapping(found.get("values"))


def _walk(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from mappings(module.get("resources"))
    for child in mappings(module.get("child_modules")):
        yield from _walk(child)


def _unknown_names(value: Any) -> frozenset[str]:
    return frozenset(name for name, inside in mapping(value).items() if _has_true(inside))


def _unknown_in_blocks(blocks: list[Any]) -> frozenset[str]:
    """The arguments that are unknown in any of the blocks; "" where a whole block is."""
    return frozenset(name for block in blocks for name in (_unknown_names(block) if isinstance(block, Mapping) else ("",)))


def _has_true(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_true, value.values()))
    return any(map(_has_true, value)) if isinstance(value, list) else value is True


def _references(module: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    """Address without keys -> argument -> the addresses it refers to, through all modules."""
    for resource in mappings(module.get("resources")):
        expressions = mapping(resource.get("expressions")).items()
        found = {name: tuple(prefix + word for word in mentions(expression)) for name, expression in expressions}
        yield prefix + str(resource.get("address")), found
    for name, call in mapping(module.get("module_calls")).items():
        yield from _references(mapping(mapping(call).get("module")), f"{prefix}module.{name}.")


def mentions(expression: Any) -> list[str]:
    """The names that an expression of the configuration mentions, in terraform's order."""
    found = mapping(expression).get("references")
    return [word for word in found if isinstance(word, str)] if isinstance(found, list) else []


def _without_keys(address: str) -> str:
    """`module.a["x"].aws_b.c` as the configuration writes it: `module.a.aws_b.c`."""
    out, depth = [], 0
    for letter in address:
        depth += letter == "["
        if not depth:
            out.append(letter)
        depth -= letter == "]"
    return "".join(out)
