"""The rules that every network security group has from the start, and keeps: `default_rules.json`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def default_rules() -> tuple[dict[str, Any], ...]:
    """The six default rules, each with its `name` and `properties`, in the order in which the API lists them."""
    table = json.loads(Path(__file__).with_name("default_rules.json").read_bytes())["rules"]
    return tuple({"name": rule["name"], "properties": _properties(rule)} for rule in table)


def _properties(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": rule["description"],
        "protocol": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        "sourceAddressPrefix": rule["source"],
        "destinationAddressPrefix": rule["destination"],
        "access": rule["access"],
        "priority": rule["priority"],
        "direction": rule["direction"],
        "sourcePortRanges": [],
        "destinationPortRanges": [],
        "sourceAddressPrefixes": [],
        "destinationAddressPrefixes": [],
    }
