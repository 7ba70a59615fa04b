"""Terraform's JSON syntax as cloud packages need it: string literals, and the differences of two documents.

In Terraform's JSON every string is a template, object keys in expressions included: `${` and `%{` begin an expression
unless they are doubled (https://developer.hashicorp.com/terraform/language/syntax/json, "Expression Mapping").
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = 0  # marshal's format without references: equal values have equal bytes
_OPENINGS = r"\$\$\{|%%\{|\$\{|%\{"  # not compiled here: few texts have a brace


def literal(text: str) -> str:
    """The text escaped so that terraform reads it literally."""
    return text.replace("${", "$${").replace("%{", "%%{") if "{" in text else text


def plain(value: object) -> str | None:
    """The text that terraform reads from a string; None for another type or a string with an expression."""
    if not isinstance(value, str):
        return None
    if "{" not in value:
        return value
    if not {"${", "%{"}.isdisjoint(re.findall(_OPENINGS, value)):
        return None
    return value.replace("$${", "${").replace("%%{", "%{")


def module_deviations(documents: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """The differences of a module's documents, by file name, from the expected ones: sentences that begin with the file."""
    for file in sorted(documents.keys() | expected.keys()):
        if file not in expected:
            yield f"{file}: esacloud does not write this file."
        elif file not in documents:
            yield f"{file}: The file is missing."
        else:
            yield from (f"{file}: {sentence}" for sentence in document_deviations(documents[file], expected[file]))


def document_deviations(found: Any, expected: Any, path: str = "") -> Iterator[str]:
    """The differences of a document from the expected one: sentences that begin with the path (`locals.tags is missing.`).

    Types count: neither 1 nor 1.0 equals true.
    """
    match found, expected:
        case _ if found is expected:
            return
        case dict(), dict():
            yield from (f"{_join(path, key)} is missing." for key in expected if key not in found)
            for key, value in found.items():
                if key not in expected:
                    yield f"{_join(path, key)} is not written by esacloud."
                elif not _is_same(value, expected[key]):
                    yield from document_deviations(value, expected[key], _join(path, key))
        case list(), list() if len(found) == len(expected):
            for number, (value, other) in enumerate(zip(found, expected, strict=True)):
                yield from document_deviations(value, other, f"{path}[{number}]")
        case _ if type(found) is not type(expected) or found != expected:
            yield f"{path or 'The document'} is not what esacloud writes there."


def _is_same(value: Any, other: Any) -> bool:
    """Equal to the byte, types and key order included, as nearly all values are. marshal is the quickest way to compare."""
    return value is other or marshal.dumps(value, _PLAIN) == marshal.dumps(other, _PLAIN)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
