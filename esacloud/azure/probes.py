"""Health probes of a load balancer: what Azure needs in addition to the policy where the file has a load balancer.

The rule that denies the rest also denies probes, and a gateway that answers no probe gets no mail. Probes come from the
service tag AzureLoadBalancer and may reach only the TCP ports that the interface serves: each is a flow of the policy like
any other, with the entries and rows of the port that it probes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from esacloud.azure.dialect import SERVICE_TAG, YES
from esacloud.catalogue.model import EVERY_PORT, PortRange
from esacloud.deployment.model import CloudSettings, Reference
from esacloud.policy.model import Flow, Policy

PROBES = "AzureLoadBalancer"  # https://learn.microsoft.com/azure/virtual-network/service-tags-overview
_REMOTE = Reference("azure", SERVICE_TAG, PROBES)


def with_probes(policy: Policy, settings: CloudSettings) -> Policy:
    """The policy with the probes' flows, or unchanged where the file has no load balancer."""
    if settings.values.get("load_balancer", "no") not in YES:
        return policy
    probes = [probe for interface in policy.interfaces for probe in _probes(interface, policy.flows)]
    return replace(policy, flows=(*policy.flows, *probes)) if probes else policy


def _probes(interface: str, flows: Iterable[Flow]) -> list[Flow]:
    """One flow for each port range served over TCP, unless the policy already permits the load balancer there."""
    served: dict[PortRange, list[Flow]] = {}
    permitted: set[PortRange] = set()
    for flow in flows:
        if flow.interface == interface and flow.direction == "ingress" and flow.transport == "tcp":
            if flow.source_ports == EVERY_PORT and flow.remote == _REMOTE:
                permitted.add(flow.ports)
            served.setdefault(flow.ports, []).append(flow)
    return [
        Flow(
            interface,
            "ingress",
            "tcp",
            ports,
            EVERY_PORT,
            _REMOTE,
            entries=tuple(sorted({entry for flow in asking for entry in flow.entries})),
            rows=tuple(sorted({row for flow in asking for row in flow.rows})),
            peers=(),
        )
        for ports, asking in sorted(served.items())
        if ports not in permitted
    ]
