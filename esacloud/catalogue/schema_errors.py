"""The errors of JSON Schema in a catalogue document as sentences with a hint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from esacloud.catalogue.check import Finding, known
from esacloud.errors import one_of
from esacloud.json_files import schema

_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def schema_findings(data: Any) -> list[Finding]:
    """Everything in `data` that violates schemas/catalogue.schema.json, once each, in the order of the paths."""
    from jsonschema import Draft202012Validator  # slow to import, and only a user's own catalogue needs it

    errors = Draft202012Validator(schema("catalogue")).iter_errors(data)
    ordered = sorted(errors, key=lambda error: [f"{step:>8}" for step in error.absolute_path])
    return list(dict.fromkeys(finding for error in ordered for finding in _findings(tuple(error.absolute_path), error)))


def _findings(path: tuple[str | int, ...], error: Any) -> Iterator[Finding]:
    value, limit = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            allowed = tuple(error.schema["properties"])
            for key in value:
                if key not in allowed:
                    yield (*path, key), f"The key {key!a} is unknown.", known(key, allowed)
        case "required":
            for key in limit:
                if key not in value:
                    yield path, f"The key {key} is missing.", f"Add it: {_describe(error.schema, key)}"
        case "type":
            yield path, f"This must be {_TYPES[limit]}.", f"Write {_TYPES[limit]}: {_meant(error)}"
        case "enum":
            yield path, f"{_shown(value)} is not one of the allowed values.", f"Write {one_of(limit)}."
        case "const":
            yield path, f"{_shown(value)} is not allowed here.", f"Write {limit}, or leave the key out."
        case "minItems" | "minProperties":
            yield (
                path,
                f"This has {len(value)} items, and needs at least {limit}.",
                f"Add what is missing: {_meant(error)}",
            )
        case "uniqueItems":
            yield path, "An item of this list is repeated.", "Remove one of them."
        case "maxLength":
            yield path, f"This text has {len(value)} characters; the limit is {limit}.", "Shorten it."
        case "minimum":
            yield path, f"{_shown(value)} is too small.", f"Write {limit} or more."
        case _:  # pattern
            yield path, f"{_shown(value)} has the wrong form.", f"Write the right form: {_meant(error)}"


def _meant(error: Any) -> str:
    """What the schema says about the value."""
    return str(error.schema.get("description", "See the schema of the catalogue."))


def _describe(parent: dict[str, Any], key: str) -> str:
    return str(parent["properties"][key].get("description", "See the schema of the catalogue."))


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
