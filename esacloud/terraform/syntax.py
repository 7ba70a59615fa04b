"""What every cloud's package has to know of Terraform's JSON: how it spells a text, and where two documents part.

In Terraform's JSON every string is a template, keys of objects in expressions included: `${` and `%{` begin something to
evaluate unless they are doubled (https://developer.hashicorp.com/terraform/language/syntax/json, "Expression Mapping").
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterator
from typing import Any

_PLAIN = 0  # of marshal's formats the one without references, so that equal values have equal bytes
_OPENINGS = r"\$\$\{|%%\{|\$\{|%\{"  # not compiled here, for few texts have a brace


def literal(text: str) -> str:
    """The text as Terraform's JSON has to spell it so that terraform reads it as it is."""
    return text.replace("${", "$${").replace("%{", "%%{") if "{" in text else text


def plain(value: object) -> str | None:
    """The text that terraform makes of a string; None where it is no string, or holds something to evaluate."""
    if not isinstance(value, str):
        return None
    if "{" not in value:
        return value
    if not {"${", "%{"}.isdisjoint(re.findall(_OPENINGS, value)):
        return None
    return value.replace("$${", "${").replace("%%{", "%{")


def document_deviations(found: Any, expected: Any, path: str = "") -> Iterator[str]:
    """Where a document is not as expected: sentences that begin with the path, as in `locals.tags is missing`.

    Types count, so that neither 1 nor 1.0 passes for true.
    """
    if found is expected:
        return
    if isinstance(found, dict) and isinstance(expected, dict):
        yield from (f"{_join(path, key)} is missing." for key in expected if key not in found)
        for key, value in found.items():
            if key not in expected:
                yield f"{_join(path, key)} is nothing that esacloud writes."
            elif value is not expected[key] and _bytes(value) != _bytes(expected[key]):  # equal, as nearly always: done
                yield from document_deviations(value, expected[key], _join(path, key))
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from document_deviations(one, other, f"{path}[{number}]")
    elif type(found) is not type(expected) or found != expected:
        yield f"{path or 'The document'} is not what esacloud writes there."


def _bytes(value: Any) -> bytes:
    """The value to the letter, types and order included. Nothing reads it: it is the quickest way to compare so."""
    return marshal.dumps(value, _PLAIN)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
