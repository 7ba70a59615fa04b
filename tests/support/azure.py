"""Policies and deployments on Azure made by hand, and strategies that draw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from support import policies

from esacloud.aws.provider import PROVIDER as aws
from esacloud.azure.provider import PROVIDER as azure
from esacloud.deployment.model import CloudSettings, Deployment, Reference, SelfReference
from esacloud.deployment.read import read
from esacloud.errors import Place
from esacloud.packets.addresses import Network, parse_network
from esacloud.policy.compile import compile_policy
from esacloud.policy.model import Flow, Policy
from esacloud.terraform.manifest import module_files

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SETTINGS = {"resource_group": "rg-mail", "location": "westeurope", "subscription": SUBSCRIPTION}
PLACE = Place("gateway.yaml", 3, 3, "cloud.azure")


def remote(text: str) -> Network | Reference | SelfReference:
    """`10.0.0.0/8`, `self`, `asg-...` for an application security group, `Internet` for a service tag."""
    if text == "self":
        return SelfReference()
    if text.startswith(("asg-", "/subscriptions")):
        return Reference("azure", "application_security_group", text)
    return Reference("azure", "service_tag", text) if text[0].isupper() else parse_network(text)


def flow(text: str, interface: str = "data1", rows: tuple[int, ...] = (1,), **more: object) -> Flow:
    """A flow as one says it: `tcp/25 ingress 10.0.0.0/8`, `udp/53-60 egress self`, `tcp/443 egress Storage`."""
    message, direction, where = text.split()
    return replace(policies.flow(f"{message} {direction} 10.0.0.0/8", interface, rows), remote=remote(where), **more)


def policy(*flows: Flow, interfaces: tuple[str, ...] = ("data1",)) -> Policy:
    return replace(policies.policy(flows, interfaces), cloud="azure")


def deployment(
    interfaces: tuple[str, ...] = ("data1",),
    quotas: Mapping[str, int] | None = None,
    tags: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    **more: object,
) -> Deployment:
    cloud = CloudSettings("azure", {**SETTINGS, **(values or {})}, tags or {}, quotas or {}, PLACE)
    return policies.deployment(interfaces, clouds={"azure": cloud}, **more)


def remotes() -> st.SearchStrategy[Network | Reference | SelfReference]:
    named = st.sampled_from(["self", "asg-one", "asg-two", "Internet", "AzureLoadBalancer", "Storage.WestEurope"])
    return policies.networks() | policies.networks() | named.map(remote)


@st.composite
def flows(draw: st.DrawFn, interfaces: tuple[str, ...] = ("data1",)) -> Flow:
    """Flows that Azure can say: no ICMP but to IPv4; few entries, so that rules hold several flows."""
    drawn = draw(policies.flows(interfaces, source_ports=True))
    where = draw(remotes())
    transport = drawn.transport
    if transport == "icmp" and not (isinstance(where, Network) and where.version == 4):
        transport = "all"
    rows = draw(st.sampled_from([(1,), (2,), (3,), (1, 2)]))
    return replace(
        drawn,
        transport=transport,
        remote=where,
        rows=rows,
        entries=tuple(f"row-{row}" for row in rows),
        source_ports=drawn.source_ports if transport in ("tcp", "udp") else (0, 65535),
    )


def distinct(drawn: list[Flow]) -> list[Flow]:
    """One flow for the same packets, as a policy has it."""
    return list({(f.interface, f.direction, f.transport, f.ports, f.source_ports, f.remote): f for f in drawn}.values())


def read_file(path: Path) -> Deployment:
    """A deployment file with every cloud's dialect."""
    return read(str(path), {"aws": aws.dialect, "azure": azure.dialect})


def files_of(deployment: Deployment) -> dict[str, str]:
    """The texts of the deployment's module on Azure."""
    lowered = azure.lower(compile_policy(deployment, azure.dialect), deployment)
    return dict(module_files(azure, lowered, deployment))
