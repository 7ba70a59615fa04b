"""The two audits that people ask for: against a deployment file, exactly, or against the catalogue for some features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from esacloud import provider as clouds
from esacloud.audit.assignment import Attachments, attachments, by_itself, for_interfaces, named, with_the_others
from esacloud.audit.compare import audit
from esacloud.audit.expected import from_features, from_policy, needed_without_settings
from esacloud.audit.model import Audit
from esacloud.catalogue.model import Catalogue
from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Place, Problem
from esacloud.packets.sets import PacketSet
from esacloud.policy.actual import ActualGroups
from esacloud.policy.compile import compile_policy
from esacloud.policy.packets import packets_by_interface

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

    What the cloud itself needs beside the policy, as health probes, has to pass too, and no guardrail is about it.

    `given` says which groups are on which interface, where the groups' tags do not; `source` names the groups in errors.
    Where tags say it, whatever else is on the same network interfaces counts too, as far as the source says so.
    Raises InputError for an interface without groups, and for a deployment that does not compile.
    """
    place = Place(source)
    check_cloud(actual.cloud, deployment, place)
    cloud = clouds.load(actual.cloud)
    policy = compile_policy(deployment, cloud.dialect)
    whole = cloud.lower(policy, deployment).policy
    given = given or {}
    placed = for_interfaces(actual, policy.interfaces, given, place, deployment.name)
    sought = {name: ids for name, ids in placed.items() if name not in given}
    ours = {one for ids in sought.values() for one in ids}
    on = attachments(actual, lambda ids: not ours.isdisjoint(ids))
    seen = {name: ((name,), ids) for name, ids in placed.items() if name in given} | with_the_others(on, sought)
    flows = from_policy(whole)
    desired = {called: tuple(flow for name in names for flow in flows[name]) for called, (names, _) in seen.items()}
    own = set(map(id, policy.flows))
    added = packets_by_interface(replace(whole, flows=tuple(flow for flow in whole.flows if id(flow) not in own)))
    return audit(
        _with_what_was_said(actual, on),
        {called: ids for called, (_, ids) in seen.items()},
        desired,
        desired,
        deployment.catalogue,
        today,
        deployment.waivers,
        deployment.own_networks,
        beyond_judging={called: _all(added[name] for name in names) for called, (names, _) in seen.items()},
    )


def _all(parts: Iterable[PacketSet]) -> PacketSet:
    return PacketSet.of(box for part in parts for box in part.boxes())


def check_cloud(cloud: str, deployment: Deployment, place: Place) -> None:
    """Refuse groups of a cloud that the deployment file does not name. Raises InputError."""
    if cloud not in deployment.clouds:
        about = ", ".join(sorted(deployment.clouds))
        message = f"The groups are of {cloud}, and {deployment.place.file} is about {about}."
        raise InputError(Problem(place, message, f"Add `cloud.{cloud}` to the deployment file, or audit its own cloud."))


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
    on = Attachments({}) if given else attachments(actual)
    placed = named(actual, given, place) if given else by_itself(actual, on)
    allowed = from_features(catalogue, features, release, place)
    needed = () if features is None else needed_without_settings(catalogue, allowed)
    return audit(
        _with_what_was_said(actual, on),
        placed,
        dict.fromkeys(placed, allowed),
        {},
        catalogue,
        today,
        needed_somewhere=needed,
    )


def _with_what_was_said(actual: ActualGroups, on: Attachments) -> ActualGroups:
    return replace(actual, unknown=(*actual.unknown, *on.unknown), notes=(*actual.notes, *on.notes))
