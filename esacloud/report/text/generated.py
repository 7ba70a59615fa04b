"""What `generate --json` prints: one object for each module that was written (schemas/generate.schema.json)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from esacloud.errors import Place
from esacloud.report.text.summary import (
    hostnames_filtered,
    hostnames_left_open,
    hostnames_pinned,
    proven_sentence,
    waived_sentence,
)

if TYPE_CHECKING:
    from esacloud.workflow import Module


def generated_document(modules: Mapping[str, Module], directories: Mapping[str, str], place: Place) -> dict[str, Any]:
    """The document; `modules` and `directories` have the clouds as keys. `place` is the deployment file."""
    return {
        "deployment": next(iter(modules.values())).policy.deployment,
        "modules": [_module(cloud, module, directories[cloud], place) for cloud, module in modules.items()],
    }


def _module(cloud: str, module: Module, directory: str, place: Place) -> dict[str, Any]:
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
        "quotas": [{"quota": use.quota, "used": use.used, "limit": use.limit} for use in lowered.quotas],
        "rows_covered": list(policy.rows),
        "rows_left_out": [{"row": left.row, "entry": left.entry, "why": left.why.en} for left in policy.left_out],
        "hostnames_left_open": list(hostnames_left_open(policy)),
        "hostnames_pinned": list(hostnames_pinned(policy)),
        "hostnames_filtered": list(hostnames_filtered(policy)),
        "widened": [widened.entry for widened in policy.widened],
        "waived": [waived_sentence(waived) for waived in module.judgement.waived],
        "notes": list(lowered.notes),
        "proven": proven_sentence(lowered),
        "warnings": [str(warning) for warning in module.warnings(place)],
    }
