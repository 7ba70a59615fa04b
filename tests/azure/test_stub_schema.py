"""The stub provider's schema against the real provider's, where that is there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[2]
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
    uses = {"r": "required", "o": "optional", "c": "computed"}
    ours = {
        name: (kind.removesuffix("!") if isinstance(kind, str) else kind, {uses[letter] for letter in use})
        for name, (kind, use) in OURS["resources"][resource].items()
    }
    theirs = {
        name: (attribute["type"], {use for use in uses.values() if attribute.get(use)})
        for name, attribute in real[resource]["block"]["attributes"].items()
    }
    assert ours == theirs
