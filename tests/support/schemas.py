"""Validates what the commands print against the schemas of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SCHEMAS = Path(__file__).parents[2] / "schemas"


def valid(document: Any, schema: str) -> Any:
    """The document, when it satisfies `schemas/<schema>.schema.json`; raises ValidationError when it does not."""
    every = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.schema.json")}
    rules = every[f"{schema}.schema.json"]
    Draft202012Validator.check_schema(rules)
    registry: Registry[Any] = Registry().with_resources((name, Resource.from_contents(one)) for name, one in every.items())
    Draft202012Validator(rules, registry=registry).validate(document)
    return document
