"""AWS's quotas: the numbers of `limits.json`, with source and date, and what a deployment overrides.

An account's own quotas are written in the deployment file under `cloud.aws.quotas`; `dialect.py` checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from esacloud.json_files import read_beside

_FACTS = read_beside(__file__, "limits.json")

QUOTAS: Mapping[str, tuple[int, int, int]] = {
    name: (quota["default"], quota["lowest"], quota["highest"]) for name, quota in _FACTS["quotas"].items()
}
FIXED: Mapping[str, int] = _FACTS["fixed"]
_WEIGHTS: Mapping[str, int] = _FACTS["managed_prefix_lists"]["weights"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rules a group takes, for each direction and address family, and how many groups an interface takes."""

    rules_per_group: int
    groups_per_interface: int


def limits(overrides: Mapping[str, int]) -> Limits:
    """AWS's quotas, with those of the deployment file over them."""
    return Limits(**{name: overrides.get(name, default) for name, (default, _, _) in QUOTAS.items()})


def managed_prefix_list_weight(name: str) -> int | None:
    """How many rules a prefix list of AWS counts as, by its name (`com.amazonaws.eu-central-1.s3`); None if unknown."""
    return next((weight for end, weight in _WEIGHTS.items() if name.endswith(f".{end}")), None)
