"""The stub provider's schema against the real provider's, where that is there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[3]
OURS = json.loads((HERE / "tests" / "support" / "azurerm_stub" / "schema.json").read_text(encoding="utf-8"))
SHARED = Path(os.environ.get("ESACLOUD_SHARED", HERE.parent / "shared"))
REFERENCE = SHARED / "data" / "azure" / f"azurerm-{OURS['version']}.schema.json"


@pytest.fixture(scope="module")
def real() -> dict[str, Any]:
    if not REFERENCE.is_file():
        pytest.skip(f"{REFERENCE.name} is not beside the checkout")
    schemas = json.loads(REFERENCE.read_text(encoding="utf-8"))["provider_schemas"]
    return dict(schemas[OURS["provider"]]["resource_schemas"])


@pytest.mark.parametrize("resource", OURS["resources"])
def test_our_schema_is_the_real_one(resource: str, real: dict[str, Any]) -> None:
    assert ours_of(OURS["resources"][resource]) == provider_schema(real[resource]["block"])


USES = {"r": "required", "o": "optional", "c": "computed"}


def ours_of(described: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, entry in described.items():
        if isinstance(entry, dict):
            found[name] = entry.get("least", 0), ours_of(entry["block"])
        else:
            kind, use = entry
            found[name] = kind.removesuffix("!") if isinstance(kind, str) else kind, {USES[letter] for letter in use}
    return found


def provider_schema(block: dict[str, Any]) -> dict[str, Any]:
    return {
        **{
            name: (attribute["type"], {use for use in USES.values() if attribute.get(use)})
            for name, attribute in block["attributes"].items()
        },
        **{
            name: (inside.get("min_items", 0), provider_schema(inside["block"]))
            for name, inside in block.get("block_types", {}).items()
            if name != "timeouts" and inside["nesting_mode"] == "list"
        },
    }
