"""What `generate --json` and `verify --json` print (schemas/generate.schema.json, schemas/verify.schema.json).

All mappings that the functions take have the clouds as keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from esacloud.errors import Place
from esacloud.report.json.findings import boxes
from esacloud.report.text.summary import hostnames, proven_sentence, waived_sentence

if TYPE_CHECKING:
    from esacloud.workflow import Module, Verification


def generated_document(modules: Mapping[str, Module], directories: Mapping[str, str], place: Place) -> dict[str, Any]:
    """The document of `generate`. `place` is the deployment file."""
    return {
        "deployment": next(iter(modules.values())).policy.deployment,
        "modules": [_generated(cloud, module, directories[cloud], place) for cloud, module in modules.items()],
    }


def verified_document(found: Mapping[str, Verification], directories: Mapping[str, str]) -> dict[str, Any]:
    """The document of `verify`."""
    return {
        "proven": all(verification.proven for verification in found.values()),
        "modules": [
            {
                "cloud": cloud,
                "directory": directories[cloud],
                "proven": verification.proven,
                "differences": [
                    {"interface": one.interface, "extra": boxes(one.extra), "missing": boxes(one.missing)}
                    for one in verification.differences
                ],
                "deviations": list(verification.deviations),
            }
            for cloud, verification in found.items()
        ],
    }


def _generated(cloud: str, module: Module, directory: str, place: Place) -> dict[str, Any]:
    lowered, policy = module.lowered, module.policy
    return {
        "cloud": cloud,
        "directory": directory,
        "files": sorted(module.files),
        "groups": [
            {"name": line.name, "interface": line.interface, "inbound_rules": line.inbound, "outbound_rules": line.outbound}
            for line in lowered.groups
        ],
        "quotas": [asdict(use) for use in lowered.quotas],
        "rows_covered": list(policy.rows),
        "rows_uncovered": [{"row": item.row, "entry": item.entry, "why": item.why.en} for item in policy.uncovered],
        "hostnames_open": list(hostnames(policy, "open")),
        "hostnames_pinned": list(hostnames(policy, "pinned")),
        "hostnames_filtered": list(hostnames(policy, "filtered")),
        "widened": [widened.entry for widened in policy.widened],
        "waived": [waived_sentence(waived) for waived in module.judgement.waived],
        "notes": list(lowered.notes),
        "proven": proven_sentence(lowered),
        "warnings": [str(warning) for warning in module.warnings(place)],
    }
