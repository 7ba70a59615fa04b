"""Notes for people on the network security groups of a deployment, in addition to the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from esacloud.azure.dialect import APPLICATION_SECURITY_GROUP, YES
from esacloud.azure.model import NetworkSecurityGroup
from esacloud.deployment.model import CloudSettings, Reference
from esacloud.guardrails.reach import mail_to_public
from esacloud.policy.model import Policy

PORT_25_SOURCE = "https://learn.microsoft.com/azure/virtual-network/troubleshoot-outbound-smtp-connectivity"
ADMIN_RULES_SOURCE = "https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins"


def notes(
    policy: Policy, groups: Iterable[NetworkSecurityGroup], settings: CloudSettings, merged: Mapping[str, int]
) -> Iterator[str]:
    """Sentences on what was merged, what the rules need, and what Azure does whatever they permit."""
    for interface, saved in merged.items():
        yield (
            f"{interface}: merging networks and ports exactly saved {saved} rules, because the group would overflow; "
            "a merged rule cites the table rows of all rules that it replaces."
        )
    if senders := mail_to_public(policy.flows, references=("Internet",)):
        yield (
            "Azure permits tcp/25 to public addresses only from some types of subscription (Enterprise Agreement), "
            f"whatever the rules permit ({PORT_25_SOURCE}). This affects {', '.join(senders)}."
        )
    for group in groups:
        if group.has_members:
            yield (
                f"{group.interface}: `self` is the application security group that the module creates; the network "
                "interface of every member must join it, as those in network_interface_ids do."
            )
    if any(isinstance(flow.remote, Reference) and flow.remote.kind == APPLICATION_SECURITY_GROUP for flow in policy.flows):
        yield "Azure requires all network interfaces of the application security groups of a rule in one virtual network."
    if settings.values.get("load_balancer", "no") not in YES and any(
        flow.direction == "ingress" and flow.transport == "tcp" for flow in policy.flows
    ):
        yield (
            "Health probes of a load balancer are denied, because the file does not have one. If there is one, write "
            "`load_balancer: yes` under `cloud.azure`."
        )
    yield (
        "Security admin rules of a Virtual Network Manager are evaluated before these groups, and what they deny stays "
        f"denied ({ADMIN_RULES_SOURCE})."
    )
