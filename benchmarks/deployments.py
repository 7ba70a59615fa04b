"""The deployment files that are measured: made from a number, so that all differ and the same number gives the same file.

The features are those of a real site and the same every time; what differs are the networks of the peers, drawn at random
from 10.0.0.0/8, so that no tool can reuse what it worked out for another file. IPv4 alone, and networks alone, because
that is what all tools can say. Each file names one cloud, and says the same of every cloud.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType

# 50 flows: a gateway with everything about administration on one interface and mail on the other two.
SITE = {
    "management": (
        *("admin-cli", "admin-gui: {plain_http: yes, new_gui: 4431}", "api", "log-scp", "dns", "ntp"),
        *("syslog: {transport: both}", "updates", "snmp", "snmp-traps", "ldaps: {port: both}", "cluster: {transport: ssh}"),
        *("central-quarantine: {quarantines: both}", "sma-reporting", "smart-licensing", "telemetry", "tac-upload"),
        "threat-response: {region: eu}",
    ),
    "data1": (
        *("mail", "dns", "reputation", "file-reputation: {region: eu}", "file-analysis: {region: eu}"),
        *("amp-console: {region: eu}", "mailbox-remediation-office365", "phishing-protection", "ldap: {port: both}"),
        *("spam-quarantine: {plain_http: yes}", "imap-auth", "threat-feeds: {transport: both}"),
    ),
    "data2": ("mail", "dns", "qmqp"),
}
# How many networks play each role: 73 pairs of a flow and a network with the flows above. Mail goes anywhere.
SITE_PEERS: Mapping[str, int] = {
    **dict.fromkeys(("administrators", "dns-servers", "ntp-servers", "syslog-servers", "update-servers"), 2),
    **dict.fromkeys(("snmp-managers", "ldaps-servers"), 2),
    **dict.fromkeys(("quarantine-users",), 3),
    **dict.fromkeys(("api-clients", "scp-log-servers", "cluster-members", "management-appliances", "licensing-servers"), 1),
    **dict.fromkeys(("telemetry-servers", "tac-servers", "threat-response-servers", "reputation-servers"), 1),
    **dict.fromkeys(("file-reputation-servers", "file-analysis-servers", "amp-console-servers", "office365-servers"), 1),
    **dict.fromkeys(
        ("phishing-protection-servers", "ldap-servers", "imap-servers", "threat-feed-servers", "qmqp-clients"), 1
    ),
}
# What the added flow is: put first in the file, with two networks.
ADDED_FEATURE, ADDED_ROLE, ADDED_NETWORKS = "pop-auth", "pop-servers", 2

# 5,000 pairs of a flow and a network: as many as three interfaces hold within quotas that AWS grants on request; Azure
# holds them by default. Each interface has the same features, and its own peers: feature -> its settings, and the roles of
# its peers.
LARGE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "admin-cli": ("", ("administrators",)),
    "admin-gui": ("plain_http: yes, new_gui: 4431", ("administrators",)),
    "api": ("plain_http: yes", ("api-clients",)),
    "central-quarantine": ("quarantines: both", ("management-appliances",)),
    "cluster": ("transport: both", ("cluster-members",)),
    "dns": ("", ("dns-servers",)),
    "ldap": ("port: both", ("ldap-servers",)),
    "ldaps": ("port: both", ("ldaps-servers",)),
    "mail": ("", ("mail-senders", "mail-receivers")),
    "ntp": ("", ("ntp-servers",)),
    "qmqp": ("", ("qmqp-clients",)),
    "sma-reporting": ("", ("management-appliances",)),
    "snmp": ("", ("snmp-managers",)),
    "snmp-traps": ("", ("snmp-managers",)),
    "spam-quarantine": ("plain_http: yes", ("quarantine-users",)),
    "syslog": ("transport: both", ("syslog-servers",)),
    "updates": ("", ("update-servers",)),
}
# How many networks play each role; how many each of the two roles of mail; and how many servers one more feature of the
# last interface has, for a round number.
LARGE_SIZE, MIDDLE_SIZE = (55, 8, 2), (11, 1, 4)

CLOUDS: Mapping[str, Mapping[str, str]] = {
    "aws": {"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718"},
    "azure": {"resource_group": "rg-mail", "location": "westeurope"},
}
# Only for what is larger than a site.
QUOTAS: Mapping[str, Mapping[str, str]] = {
    "aws": {"quotas": "{rules_per_group: 200, groups_per_interface: 5}"},
    "azure": {},
}


def site(number: int, cloud: str = "aws") -> str:
    """Deployment file `number` with 50 flows."""
    return _text(f"site-{number}", cloud, SITE, _peers(SITE_PEERS, number))


def site_with_one_more(number: int, cloud: str = "aws") -> str:
    """The same file with one more flow, at the top."""
    networks = _networks(Random(f"added {number}"))
    interfaces = {**SITE, "management": (ADDED_FEATURE, *SITE["management"])}
    added = {ADDED_ROLE: tuple(next(networks) for _ in range(ADDED_NETWORKS))}
    return _text(f"site-{number}", cloud, interfaces, {**added, **_peers(SITE_PEERS, number)})


def large(number: int, cloud: str = "aws") -> str:
    """Deployment file `number` with 5,000 pairs of a flow and a network."""
    return _of_size(f"large-{number}", LARGE_SIZE, number, cloud)


def middle(number: int, cloud: str = "aws") -> str:
    """Deployment file `number` with 1,000 pairs of a flow and a network: the features of `large`, and fewer peers."""
    return _of_size(f"middle-{number}", MIDDLE_SIZE, number, cloud)


def _of_size(name: str, size: tuple[int, int, int], number: int, cloud: str) -> str:
    many, mail, last = size
    networks = _networks(Random(number))
    interfaces = {interface: _features_with_peers(networks, many, mail) for interface in SITE}
    servers = ", ".join(f"192.0.2.{address}" for address in range(1, last + 1))
    interfaces["data2"] += (f"{ADDED_FEATURE}: {{peers: {{{ADDED_ROLE}: [{servers}]}}}}",)
    return _text(name, cloud, interfaces, {}, QUOTAS[cloud])


def _features_with_peers(networks: Iterator[str], many: int, mail: int) -> tuple[str, ...]:
    peers: dict[str, str] = {}
    features = []
    for feature, (settings, roles) in LARGE.items():
        for role in roles:
            if role not in peers:
                count = mail if feature == "mail" else many
                peers[role] = f"{role}: [{', '.join(next(networks) for _ in range(count))}]"
        own = f"peers: {{{', '.join(peers[role] for role in roles)}}}"
        features.append(f"{feature}: {{{', '.join(filter(None, [settings, own]))}}}")
    return tuple(features)


def _networks(random: Random) -> Iterator[str]:
    """Different /24 networks of 10.0.0.0/8, without end that anybody here reaches."""
    return (f"10.{number >> 8}.{number & 255}.0/24" for number in random.sample(range(1 << 16), 1 << 12))


def _peers(counts: Mapping[str, int], number: int) -> dict[str, tuple[str, ...]]:
    networks = _networks(Random(number))
    return {role: tuple(next(networks) for _ in range(count)) for role, count in counts.items()}


def _text(
    name: str,
    cloud: str,
    interfaces: Mapping[str, tuple[str, ...]],
    peers: Mapping[str, tuple[str, ...]],
    quotas: Mapping[str, str] = MappingProxyType({}),
) -> str:
    settings = {**CLOUDS[cloud], **quotas}
    lines = [f"name: {name}", 'asyncos: "15.5"', "families: [ipv4]", "cloud:", f"  {cloud}:"]
    lines += [f"    {setting}: {value}" for setting, value in settings.items()]
    lines.append("interfaces:")
    for interface, features in interfaces.items():
        lines.append(f"  {interface}:")
        lines += [f"    - {feature}" if ":" not in feature else f"    - {{{feature}}}" for feature in features]
    lines += ["peers:"] if peers else []
    lines += [f"  {role}: [{', '.join(networks)}]" for role, networks in peers.items()]
    return "\n".join(lines) + "\n"
