"""AWS's quotas: the numbers of `limits.json`, where source and date stand beside them, and what a deployment overrides.

An account's own quotas are written in the deployment file under `cloud.aws.quotas`. AWS couples two of them: rules per
group times groups per interface never exceeds 1,000, whatever was granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Problem
from esacloud.json_files import read_beside

_FACTS = read_beside(__file__, "limits.json")

QUOTAS: Mapping[str, tuple[int, int, int]] = {
    name: (quota["default"], quota["lowest"], quota["highest"]) for name, quota in _FACTS["quotas"].items()
}
FIXED: Mapping[str, int] = _FACTS["fixed"]
_WEIGHTS: Mapping[str, int] = _FACTS["managed_prefix_lists"]["weights"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits: rules in one group, for each direction and address family apart, and groups at one interface."""

    rules_per_group: int
    groups_per_interface: int


def limits(deployment: Deployment) -> Limits:
    """AWS's quotas, those that the deployment overrides replaced.

    Raises InputError where a quota is outside what AWS grants, or the two multiply to more than AWS allows.
    """
    settings = deployment.clouds.get("aws")
    given = settings.quotas if settings else {}
    values = {name: given.get(name, default) for name, (default, _, _) in QUOTAS.items()}
    if not given:
        return Limits(**values)
    place = (settings.place if settings else deployment.place).at("cloud.aws.quotas")
    problems = [
        Problem(
            place.at(f"cloud.aws.quotas.{name}"),
            f"AWS grants {name} from {lowest} to {highest}, and the file says {values[name]}.",
            f"Write the number that the Service Quotas console shows, or leave {name} out for {default}.",
        )
        for name, (default, lowest, highest) in QUOTAS.items()
        if not lowest <= values[name] <= highest
    ]
    most = FIXED["rules_times_groups"]
    rules, groups = values["rules_per_group"], values["groups_per_interface"]
    if not problems and rules * groups > most:
        hint = f"Write groups_per_interface: {most // rules} beside rules_per_group: {rules}, or fewer rules."
        message = f"rules_per_group x groups_per_interface is {rules} x {groups} = {rules * groups}; AWS allows {most}."
        problems.append(Problem(place, message, hint))
    if problems:
        raise InputError(*problems)
    return Limits(**values)


def managed_prefix_list_weight(name: str) -> int | None:
    """How many rules a prefix list of AWS counts as, by its name (`com.amazonaws.eu-central-1.s3`); None for one not known.

    `limits.json` has the source.
    """
    return next((weight for end, weight in _WEIGHTS.items() if name.endswith(f".{end}")), None)
