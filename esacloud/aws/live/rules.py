"""Rules between three forms: as lowering makes them, as EC2 describes them, and as calls take them.

A rule's own form, its `native` value, is a JSON object with the fields of `SecurityGroupRule` that say what it permits; a
reference to the first group of its interface is `self`, so that it holds whatever id that group has or gets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from esacloud.aws.evaluate import box
from esacloud.aws.model import SecurityGroupRule
from esacloud.change.model import LiveRule
from esacloud.packets.addresses import Version
from esacloud.packets.sets import Box, Direction

# what `aws/descriptions.py` writes, and nobody else is likely to
_OURS = re.compile(
    r"(?:rows? (?P<rows>[0-9]+(?:[,-][0-9]+)*)(?:: (?P<entries>[a-z0-9, +-]+))?|not in table: [a-z0-9, +-]+)(?: \(|;|$)"
)
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}  # IANA; EC2 answers with names
REFERENCED = "referenced_security_group_id"
SOURCES: tuple[tuple[str, str, str, tuple[Version, ...]], ...] = (
    ("IpRanges", "CidrIp", "cidr_ipv4", (4,)),
    ("Ipv6Ranges", "CidrIpv6", "cidr_ipv6", (6,)),
    ("PrefixListIds", "PrefixListId", "prefix_list_id", (4, 6)),
    ("UserIdGroupPairs", "GroupId", REFERENCED, (4, 6)),
)
_LIST_OF = {kind: (name, inside) for name, inside, kind, _ in SOURCES}
_FAMILIES = {kind: families for _, _, kind, families in SOURCES} | {"self": (4, 6)}
Sizes = Mapping[str, tuple[int, tuple[Version, ...]]]  # of prefix lists: entries and families


def quota(version: Version) -> str:
    """What a rule of one address family counts against."""
    return f"IPv{version} rules"


def from_lowered(rule: SecurityGroupRule) -> LiveRule:
    """A rule that the deployment asks for."""
    native = {
        "direction": rule.direction,
        "ip_protocol": rule.ip_protocol,
        "from_port": rule.from_port,
        "to_port": rule.to_port,
        "source_kind": rule.source_kind,
        "source": rule.source,
    }
    return live_rule(native, rule.description, {rule.source: (rule.size, rule.families)}, rule.rows, rule.entries)


def live_rule(
    native: Mapping[str, Any],
    description: str,
    sizes: Sizes | None = None,
    rows: tuple[int, ...] = (),
    entries: tuple[str, ...] = (),
    counts: tuple[tuple[str, int], ...] = (),
) -> LiveRule:
    """A rule from its own form. Rows and entries are read from the description where they are not given.

    `counts` are given where they are known from before, as in a snapshot; `sizes` come first.
    """
    kind, source = str(native["source_kind"]), str(native["source"])
    size, families = (sizes or {}).get(source, (1, _FAMILIES[kind])) if kind == "prefix_list_id" else (1, _FAMILIES[kind])
    ours = _OURS.match(description)
    plain = source.rpartition("/")[2] if kind == REFERENCED else source
    boxes: tuple[Box, ...] = ()
    with suppress(ValueError):  # EC2 has a rule that is not understood here
        boxes = (box(_rule(native, plain)),)
    if ours and not rows:
        rows = tuple(_rows(ours["rows"] or ""))
        entries = tuple(filter(None, (ours["entries"] or "").split(", ")))
    return LiveRule(
        key=_key(native, plain),
        direction=native["direction"],
        boxes=boxes,
        description=description,
        native=native,
        rows=rows,
        entries=entries,
        ours=ours is not None,
        counts=counts or tuple((quota(version), size) for version in families),
        judged=bool(boxes),
    )


def _rule(native: Mapping[str, Any], source: str) -> SecurityGroupRule:
    kind = native["source_kind"]
    direction: Direction = native["direction"]
    ports = native["from_port"], native["to_port"]
    return SecurityGroupRule(direction, native["ip_protocol"], *ports, kind, source, "", (), (), 1, "")


def _key(native: Mapping[str, Any], source: str) -> str:
    first, last = native["from_port"], native["to_port"]
    ports = "" if first is None or (first, last) == (-1, -1) else f"/{first}" if first == last else f"/{first}-{last}"
    protocol = "all" if native["ip_protocol"] == "-1" else native["ip_protocol"]
    where = "from" if native["direction"] == "ingress" else "to"
    return f"{native['direction']} {protocol}{ports} {where} {source or 'self'}"


def _rows(text: str) -> Iterator[int]:
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def from_described(group: Mapping[str, Any], first_group: str | None, sizes: Sizes) -> Iterator[LiveRule]:
    """The rules of a group as DescribeSecurityGroups answers; `first_group` is the id that `self` stands for."""
    for name, direction in (("IpPermissions", "ingress"), ("IpPermissionsEgress", "egress")):
        for permission in group.get(name, ()):
            protocol = str(permission.get("IpProtocol", "")).lower()
            protocol = _PROTOCOLS.get(protocol, protocol)
            ports = (None, None) if protocol == "-1" else (permission.get("FromPort"), permission.get("ToPort"))
            if protocol in ("icmp", "icmpv6") and ports == (None, None):
                ports = (-1, -1)
            for list_name, inside, kind, _ in SOURCES:
                for item in permission.get(list_name, ()):
                    source = str(item.get(inside, ""))
                    native = {
                        "direction": direction,
                        "ip_protocol": protocol,
                        "from_port": ports[0],
                        "to_port": ports[1],
                        "source_kind": "self" if source == first_group else kind,
                        "source": "" if source == first_group else _with_account(kind, source, item, group),
                    }
                    yield live_rule(native, str(item.get("Description") or ""), sizes)


def _with_account(kind: str, source: str, item: Mapping[str, Any], group: Mapping[str, Any]) -> str:
    """A group of another account with that account, which an authorize call has to name."""
    account = item.get("UserId")
    other = kind == REFERENCED and account and account != group.get("OwnerId", account)
    return f"{account}/{source}" if other else source


def kind_of(rule: LiveRule) -> str:
    """The kind of the source or destination; `self` is a group."""
    kind = str(rule.native["source_kind"])
    return REFERENCED if kind == "self" else kind


def remote(rule: LiveRule, first_group: str) -> tuple[str, str, str]:
    """The source or destination as calls take it: kind, account of a group of another account, network or ID."""
    kind, source = kind_of(rule), str(rule.native["source"])
    if rule.native["source_kind"] == "self":
        return kind, "", first_group
    account, _, name = source.rpartition("/") if kind == REFERENCED else ("", "", source)
    return kind, account, name


def permissions(rules: Iterable[LiveRule], first_group: str, *, described: bool) -> list[dict[str, Any]]:
    """The rules as calls take them, one permission for each protocol and ports; `described` with their descriptions."""
    grouped: dict[tuple[Any, ...], dict[str, Any]] = {}
    for rule in rules:
        native = rule.native
        protocol, first, last = native["ip_protocol"], native["from_port"], native["to_port"]
        made = grouped.setdefault((protocol, first, last), _permission(protocol, first, last))
        kind, account, source = remote(rule, first_group)
        name, inside = _LIST_OF[kind]
        item = {inside: source, **({"UserId": account} if account else {})}
        if described and rule.description:
            item["Description"] = rule.description
        made.setdefault(name, []).append(item)
    return list(grouped.values())


def _permission(protocol: str, first: int | None, last: int | None) -> dict[str, Any]:
    return {"IpProtocol": protocol} if first is None else {"IpProtocol": protocol, "FromPort": first, "ToPort": last}


def sized(rule: LiveRule, sizes: Sizes) -> LiveRule:
    """The rule, with what its prefix list counts."""
    source = str(rule.native["source"])
    if rule.native["source_kind"] != "prefix_list_id" or source not in sizes:
        return rule
    size, families = sizes[source]
    return replace(rule, counts=tuple((quota(version), size) for version in families))


def _default_rule(kind: str, source: str) -> LiveRule:
    native = {"direction": "egress", "ip_protocol": "-1", "from_port": None, "to_port": None}
    return replace(live_rule({**native, "source_kind": kind, "source": source}, ""), ours=True)


DEFAULT_RULES = (_default_rule("cidr_ipv4", "0.0.0.0/0"), _default_rule("cidr_ipv6", "::/0"))
"""What EC2 gives to a new group, the second only in a VPC with IPv6:
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"""
DEFAULT_EGRESS = frozenset(rule.key for rule in DEFAULT_RULES)
