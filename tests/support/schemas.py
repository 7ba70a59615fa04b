"""Validates what the commands print against the schemas of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[2] / "schemas"


def valid(document: Any, schema: str) -> Any:
    """The document, when it satisfies `schemas/<schema>.schema.json`; raises ValidationError when it does not."""
    rules = json.loads((SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(rules)
    Draft202012Validator(rules).validate(document)
    return document
