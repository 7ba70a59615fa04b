"""The names of security rules: derived from a rule's purpose, and from nothing else that may change.

A name contains direction, protocol, ports, kind of remote and the entries that need the rule, as `out-udp-53-ipv4-dns-udp`.
The priority is derived from the name. So a rule keeps both when other rules or its own addresses change.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from esacloud.azure.limits import NAME_LENGTH
from esacloud.catalogue.model import EVERY_PORT, PortRange
from esacloud.policy.model import Direction

# The documented rule, see limits.py; its \w is a letter, a digit or an underscore.
is_rule_name = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?").fullmatch
_DIGEST = 10  # hexadecimal digits; modules/azure/rules.tf makes the same names
_not_in_a_name = re.compile(r"[^A-Za-z0-9_.-]+")

PREFIXES: dict[Direction, str] = {"ingress": "in", "egress": "out"}  # of the names of rules, which have few characters


class RuleIdentity(NamedTuple):
    """What identifies a rule.

    `remote` is the kind of remote: `ipv4`, `ipv6`, `any-ipv4`, `any-ipv6`, `groups`, or a service tag. Where direction,
    protocol, ports and remote identify a rule (`any`), `entries` is empty; where the remote does, `ports` is too.
    """

    direction: Direction
    transport: str
    source_ports: PortRange
    ports: tuple[PortRange, ...]
    remote: str
    entries: tuple[str, ...]


@lru_cache(maxsize=4096)
def rule_name(identity: RuleIdentity) -> str:
    """The name: at most 80 characters of Azure's set. A longer name is cut, and ends with a digest of the whole."""
    words = [PREFIXES[identity.direction], identity.transport]
    if identity.ports and identity.ports != (EVERY_PORT,):
        words.append("_".join(map(port_text, identity.ports)))
    if identity.source_ports != EVERY_PORT:
        words.append(f"from-{port_text(identity.source_ports)}")
    words.append(identity.remote)
    if identity.entries:
        words.append("_".join(identity.entries))
    name = "-".join(words)
    if len(name) <= NAME_LENGTH and is_rule_name(name):
        return name
    digest = sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{_not_in_a_name.sub('', name)[: NAME_LENGTH - 1 - _DIGEST]}-{digest}"


@lru_cache(maxsize=4096)
def port_text(ports: PortRange) -> str:
    """A range as Azure writes it: `53`, `1024-65535`."""
    first, last = ports
    return str(first) if first == last else f"{first}-{last}"
