"""Notes about the security groups of a deployment, besides the rules themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from esacloud.aws.limits import Limits
from esacloud.aws.model import SecurityGroup
from esacloud.packets.addresses import Network, parse_network
from esacloud.policy.model import Flow

SMTP = 25
PORT_25_SOURCE = "https://repost.aws/knowledge-center/ec2-port-25-throttle"
# RFC 1918, RFC 6598, RFC 3927, RFC 1122; RFC 4193, RFC 4291
_NOT_PUBLIC = tuple(
    parse_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)


def notes(
    flows: Iterable[Flow], groups: Mapping[str, list[SecurityGroup]], merged: Mapping[str, int], limits: Limits
) -> Iterator[str]:
    """What was merged, what was split, and what AWS does to outbound mail regardless of the rules.

    `groups` and `merged`: by interface, its groups, and how many rules merging saved.
    """
    for interface, saved in merged.items():
        yield (
            f"{interface}: merging networks and ports exactly saved {saved} rules, because one group takes "
            f"{limits.rules_per_group}; a merged rule cites the table rows of all rules that it replaces."
        )
    for interface, own_groups in groups.items():
        if len(own_groups) > 1:
            names = ", ".join(group.name for group in own_groups)
            yield f"{interface}: its rules take {len(own_groups)} groups; attach all of them to the interface: {names}."
    senders = sorted({entry for flow in flows if _sends_mail_to_public_addresses(flow) for entry in flow.entries})
    if senders:
        yield (
            f"AWS blocks outbound tcp/{SMTP} to public addresses on every instance, whatever its security groups permit, "
            f"until it lifts that on request ({PORT_25_SOURCE}); here it concerns {', '.join(senders)}."
        )


def _sends_mail_to_public_addresses(flow: Flow) -> bool:
    first, last = flow.ports
    if not (first <= SMTP <= last and flow.direction == "egress" and flow.transport in ("tcp", "all")):
        return False
    remote = flow.remote
    return isinstance(remote, Network) and not any(
        remote.version == network.version and network.first <= remote.first and remote.last <= network.last
        for network in _NOT_PUBLIC
    )
