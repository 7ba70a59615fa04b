"""What a person should know about the network security groups of a deployment beside the rules themselves."""

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
    """Sentences on what was merged, what the rules need beside them, and what Azure does whatever they say."""
    for interface, saved in merged.items():
        yield (
            f"{interface}: merging networks and ports exactly saved {saved} rules, because the group would not hold them; "
            "a merged rule cites the table rows of all that it stands for."
        )
    if senders := mail_to_public(policy.flows, references=("Internet",)):
        yield (
            f"Azure lets tcp/25 out to public addresses only from some types of subscription (Enterprise Agreement), "
            f"whatever the rules permit ({PORT_25_SOURCE}); here it concerns {', '.join(senders)}."
        )
    for group in groups:
        if group.has_members:
            yield (
                f"{group.interface}: `self` is the application security group that the module makes; the network "
                "interface of every member has to join it, as those in network_interface_ids do."
            )
    if any(isinstance(flow.remote, Reference) and flow.remote.kind == APPLICATION_SECURITY_GROUP for flow in policy.flows):
        yield "Azure wants all network interfaces of the application security groups of a rule in one virtual network."
    if settings.values.get("load_balancer", "no") not in YES and any(
        flow.direction == "ingress" and flow.transport == "tcp" for flow in policy.flows
    ):
        yield (
            "Health probes of a load balancer are denied, because the file speaks of none; with one in front, write "
            "`load_balancer: yes` under cloud.azure."
        )
    yield (
        "Security admin rules of a Virtual Network Manager come before these groups, and what they deny stays denied "
        f"({ADMIN_RULES_SOURCE})."
    )
