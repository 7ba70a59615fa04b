"""A deployment's content as inputs of the reusable modules, to hold the two against each other."""

from __future__ import annotations

from typing import Any

from esacloud import provider as clouds
from esacloud.catalogue.model import release_text
from esacloud.deployment.model import AnyAddress, Deployment, Hostname, Peer, Reference, SelfReference
from esacloud.packets.addresses import Network
from esacloud.terraform.manifest import module_files
from esacloud.workflow import compile_for


def inputs_of(deployment: Deployment, cloud: str) -> dict[str, Any]:
    """The module's arguments; what names a place (VPC, resource group) among them."""
    settings = deployment.clouds[cloud]
    made: dict[str, Any] = {
        "name": deployment.name,
        "release": release_text(deployment.release),
        "tags": dict(settings.tags),
        "features": {
            interface.name: {use.feature: dict(use.settings) for use in interface.features}
            for interface in deployment.interfaces
        },
        "peers": {role: _peer(peer, cloud) for role, peer in deployment.peers.items() if _is_for(peer, cloud)},
        "feature_peers": {
            interface.name: {
                use.feature: {role: _peer(peer, cloud) for role, peer in use.peers.items()}
                for use in interface.features
                if use.peers
            }
            for interface in deployment.interfaces
            if any(use.peers for use in interface.features)
        },
        "families": [f"ipv{version}" for version in deployment.versions],
        "hostnames_open": deployment.hostnames == "open",
        "as_printed": list(deployment.as_printed),
        "waivers": [
            {"code": waiver.code, "peer": waiver.peer, "reason": waiver.reason, "until": waiver.until}
            for waiver in deployment.waivers
        ],
    }
    values = settings.values
    if values.get("name_prefix"):
        made["name_prefix"] = values["name_prefix"]
    if cloud == "aws":
        made |= {"vpc_id": values["vpc"], "wider": list(deployment.wider)}
    else:
        made |= {"resource_group_name": values["resource_group"], "location": values["location"]}
        if values.get("subscription"):
            made["subscription_id"] = values["subscription"]
        made["load_balancer"] = values.get("load_balancer") in ("yes", "true")
    return made


def _is_for(peer: Peer, cloud: str) -> bool:
    return any(item.cloud in (None, cloud) for item in peer.items)


def _peer(peer: Peer, cloud: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for item in peer.items:
        if item.cloud not in (None, cloud):
            continue
        remote = item.remote
        if isinstance(remote, Network):
            made.setdefault("networks", []).append(str(remote))
        elif isinstance(remote, AnyAddress):
            made.setdefault("networks", []).append("any")
        elif isinstance(remote, Hostname):
            made.setdefault("hostnames", []).append(remote.name)
        elif isinstance(remote, SelfReference):
            made["self"] = True
        elif isinstance(remote, Reference):
            _put_reference(made, remote)
    return made


def _put_reference(made: dict[str, Any], remote: Reference) -> None:
    if remote.kind == "security_group":
        made.setdefault("security_groups", {})[remote.id.removeprefix("sg-")] = remote.id
    elif remote.kind == "prefix_list":
        family = None if remote.version is None else f"ipv{remote.version}"
        lists = made.setdefault("prefix_lists", {})
        lists[remote.id.removeprefix("pl-")] = {"id": remote.id, "max_entries": remote.size, "family": family}
    elif remote.kind == "application_security_group":
        made.setdefault("application_security_groups", {})[remote.id] = remote.id
    else:
        made.setdefault("service_tags", []).append(remote.id)


def generated(deployment: Deployment, cloud: str) -> dict[str, str]:
    """The files of the deployment's own module, whatever the guardrails say of it: here two modules are compared."""
    chosen = clouds.load(cloud)
    return dict(module_files(chosen, chosen.lower(compile_for(deployment, cloud), deployment), deployment))
