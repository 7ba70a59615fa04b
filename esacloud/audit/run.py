"""The two audits: against a deployment file, exactly, or against the catalogue for some features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from esacloud import provider as clouds
from esacloud.audit.assignment import Attachments, attachments, by_itself, for_interfaces, named, with_other_groups
from esacloud.audit.compare import audit
from esacloud.audit.expected import from_features, from_policy, needed_without_settings
from esacloud.audit.model import Audit
from esacloud.catalogue.model import Catalogue
from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Place
from esacloud.packets.sets import PacketSet
from esacloud.policy.actual import ActualGroups
from esacloud.policy.compile import compile_policy
from esacloud.policy.model import Policy
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
    """Compare the groups with a deployment: every packet of its policy has to pass, and no other packet.

    Flows that the cloud needs in addition, such as health probes, have to pass too; the guardrails do not judge them.

    `given` assigns groups to interfaces where their tags do not; `source` names the groups in errors. Where tags assign a
    group, the other groups on the same network interfaces count too, if the source has them.
    Raises InputError for an interface without groups, and for a deployment that does not compile.
    """
    place = Place(source)
    check_cloud(actual.cloud, deployment, place)
    cloud = clouds.load(actual.cloud)
    policy = compile_policy(deployment, cloud.dialect)
    whole = cloud.lower(policy, deployment).policy
    given = given or {}
    assignment = for_interfaces(actual, policy.interfaces, given, place, deployment.name)
    by_tags = {name: ids for name, ids in assignment.items() if name not in given}
    tagged = {group for ids in by_tags.values() for group in ids}
    on = attachments(actual, lambda ids: not tagged.isdisjoint(ids))
    audited = {name: ((name,), assignment[name]) for name in assignment if name in given} | with_other_groups(on, by_tags)
    flows = from_policy(whole)
    desired = {label: tuple(flow for name in names for flow in flows[name]) for label, (names, _) in audited.items()}
    added = _added_by_cloud(policy, whole)
    return audit(
        _with_messages(actual, on),
        {label: ids for label, (_, ids) in audited.items()},
        desired,
        desired,
        deployment.catalogue,
        today,
        deployment.waivers,
        deployment.own_networks,
        exempt={label: reduce(or_, (added[name] for name in names)) for label, (names, _) in audited.items()},
    )


def _added_by_cloud(policy: Policy, whole: Policy) -> dict[str, PacketSet]:
    """The packets by interface of the flows that lowering added."""
    compiled = set(map(id, policy.flows))
    return packets_by_interface(replace(whole, flows=tuple(flow for flow in whole.flows if id(flow) not in compiled)))


def check_cloud(cloud: str, deployment: Deployment, place: Place) -> None:
    """Refuse groups of a cloud that the deployment file does not name. Raises InputError."""
    if cloud not in deployment.clouds:
        clouds_of_file = ", ".join(sorted(deployment.clouds))
        message = f"The groups are on {cloud}, and {deployment.place.file} names {clouds_of_file}."
        raise InputError.at(place, message, f"Add `cloud.{cloud}` to the deployment file, or audit groups of its cloud.")


def against_catalogue(
    actual: ActualGroups,
    catalogue: Catalogue,
    today: date,
    features: Iterable[str] | None = None,
    release: str | None = None,
    given: Mapping[str, tuple[str, ...]] | None = None,
    source: str = "groups",
) -> Audit:
    """Compare the groups with the catalogue: packets that no entry of the features needs, and flows that are missing.

    Without `features` every entry is optional. Without `given`, the groups on one network interface count together if the
    source has the attachment, and every other group counts by itself. A flow is missing when no interface permits it.
    Raises InputError for a feature, release or group that does not exist.
    """
    place = Place(source)
    on = Attachments({}) if given else attachments(actual)
    assignment = named(actual, given, place) if given else by_itself(actual, on)
    allowed = from_features(catalogue, features, release, place)
    needed = () if features is None else needed_without_settings(catalogue, allowed)
    return audit(
        _with_messages(actual, on),
        assignment,
        dict.fromkeys(assignment, allowed),
        {},
        catalogue,
        today,
        needed_somewhere=needed,
    )


def _with_messages(actual: ActualGroups, on: Attachments) -> ActualGroups:
    return replace(actual, unknown=(*actual.unknown, *on.unknown), notes=(*actual.notes, *on.notes))
