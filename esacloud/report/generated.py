"""What `generate --json` prints: one object for each module that was written (schemas/generate.schema.json)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from esacloud.report.summary import hostnames_left_open, proven_sentence

if TYPE_CHECKING:
    from esacloud.workflow import Module


def generated_document(modules: Mapping[str, Module], directories: Mapping[str, str]) -> dict[str, Any]:
    """The document; `modules` and `directories` have the same keys, the clouds."""
    return {
        "deployment": next(iter(modules.values())).policy.deployment,
        "modules": [_module(cloud, module, directories[cloud]) for cloud, module in modules.items()],
    }


def _module(cloud: str, module: Module, directory: str) -> dict[str, Any]:
    lowered, policy = module.lowered, module.policy
    return {
        "cloud": cloud,
        "directory": directory,
        "files": sorted(module.files),
        "groups": [
            {
                "name": group.name,
                "interface": group.interface,
                "inbound_rules": group.inbound,
                "outbound_rules": group.outbound,
            }
            for group in lowered.groups
        ],
        "quotas": [{"what": use.what, "used": use.used, "limit": use.limit} for use in lowered.quotas],
        "rows_covered": list(policy.rows),
        "rows_left_out": [{"row": left.row, "entry": left.entry, "why": left.why.en} for left in policy.left_out],
        "hostnames_left_open": list(hostnames_left_open(policy)),
        "widened": [widened.entry for widened in policy.widened],
        "notes": list(lowered.notes),
        "proven": proven_sentence(lowered),
        "warnings": [str(warning) for warning in policy.warnings],
    }
