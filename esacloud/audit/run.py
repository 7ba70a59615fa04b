"""The two audits that people ask for: against a deployment file, exactly, or against the catalogue for some features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from esacloud import clouds
from esacloud.audit.compare import audit
from esacloud.audit.expected import from_features, from_policy, needed_without_settings
from esacloud.audit.groups import by_itself, for_interfaces, named
from esacloud.audit.model import Audit
from esacloud.catalogue.model import Catalogue
from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Place, Problem
from esacloud.policy.actual import ActualGroups
from esacloud.policy.compile import compile_policy

if TYPE_CHECKING:
    from datetime import date


def against_deployment(
    actual: ActualGroups,
    deployment: Deployment,
    today: date,
    given: Mapping[str, tuple[str, ...]] | None = None,
    source: str = "groups",
) -> Audit:
    """Hold the groups against a deployment: every packet of its policy has to pass, and no other may.

    `given` says which groups are on which interface, where the groups' tags do not; `source` names the groups in errors.
    Raises InputError for an interface without groups, and for a deployment that does not compile.
    """
    place = Place(source)
    if actual.cloud not in deployment.clouds:
        named_clouds = ", ".join(sorted(deployment.clouds))
        what = f"The groups are of {actual.cloud}, and {deployment.place.file} is about {named_clouds}."
        raise InputError(
            Problem(place, what, f"Add `cloud.{actual.cloud}` to the deployment file, or audit its own cloud.")
        )
    policy = compile_policy(deployment, clouds.load(actual.cloud).DIALECT)
    placed = for_interfaces(actual, policy.interfaces, given or {}, place)
    wanted = from_policy(policy)
    return audit(actual, placed, wanted, wanted, deployment.catalogue, today, deployment.waivers, deployment.own_networks)


def against_catalogue(
    actual: ActualGroups,
    catalogue: Catalogue,
    today: date,
    features: Iterable[str] | None = None,
    release: str | None = None,
    given: Mapping[str, tuple[str, ...]] | None = None,
    source: str = "groups",
) -> Audit:
    """Hold the groups against the catalogue: what no entry of the features asks for, and what is not there at all.

    Without `features` every entry may be there and none has to. Without `given`, the groups on one network interface count
    together where the source says so, and every other group counts alone. A flow is missing when no interface has it.
    Raises InputError for a feature, release or group that does not exist.
    """
    place = Place(source)
    placed = named(actual, given, place) if given else by_itself(actual)
    allowed = from_features(catalogue, features, release, place)
    needed = () if features is None else needed_without_settings(catalogue, allowed)
    return audit(actual, placed, dict.fromkeys(placed, allowed), {}, catalogue, today, needed_somewhere=needed)
