"""Rules between three forms: as lowering makes them, as EC2 describes them, and as calls take them.

A rule's own form, its `native` value, is a JSON object with the fields of `SecurityGroupRule` that determine what it
permits. A reference to the first group of its interface is `self`, so that it holds whatever id that group has or gets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from esacloud.aws.evaluate import permitted
from esacloud.aws.ip_permissions import REFERENCED, SOURCES, DescribedRule, rules_of_group, single_rule
from esacloud.aws.model import SecurityGroupRule, SourceKind
from esacloud.change.model import LiveRule
from esacloud.packets.addresses import Version
from esacloud.packets.sets import Box

# what `aws/descriptions.py` writes, and hardly anybody else
_OURS = re.compile(
    r"(?:rows? (?P<rows>[0-9]+(?:[,-][0-9]+)*)(?:: (?P<entries>[a-z0-9, +-]+))?|not in table: [a-z0-9, +-]+)(?: \(|;|$)"
)
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}  # IANA; EC2 answers with names
_FAMILIES: Mapping[str, tuple[Version, ...]] = {
    **dict.fromkeys(("self", *SOURCES), (4, 6)),
    "cidr_ipv4": (4,),
    "cidr_ipv6": (6,),
}
Size = tuple[int, tuple[Version, ...]]  # of a prefix list: entries and families
Sizes = Mapping[str, Size]


def quota(version: Version) -> str:
    """What a rule of one address family counts against."""
    return f"IPv{version} rules"


def _counts(size: int, families: Iterable[Version]) -> tuple[tuple[str, int], ...]:
    return tuple((quota(version), size) for version in families)


def from_lowered(rule: SecurityGroupRule) -> LiveRule:
    """A rule that the deployment asks for."""
    ports = rule.from_port, rule.to_port
    native = _native(rule.direction, rule.ip_protocol, *ports, rule.source_kind, rule.source)
    return live_rule(native, rule.description, rule.rows, rule.entries, _counts(rule.size, rule.families))


def _native(*values: Any) -> dict[str, Any]:
    return dict(zip(("direction", "ip_protocol", "from_port", "to_port", "source_kind", "source"), values, strict=True))


def live_rule(
    native: Mapping[str, Any],
    description: str,
    rows: tuple[int, ...] = (),
    entries: tuple[str, ...] = (),
    counts: tuple[tuple[str, int], ...] = (),
) -> LiveRule:
    """A rule from its own form. Rows and entries are read from the description where they are not given.

    `counts` are given where they are known from before, as in a snapshot. Without them it counts as one rule. Raises
    KeyError for a kind of source that EC2 does not have, as an edited snapshot may hold.
    """
    kind, source = str(native["source_kind"]), str(native["source"])
    families = _FAMILIES[kind]
    ours = _OURS.match(description)
    plain = source.rpartition("/")[2] if kind == REFERENCED else source
    boxes: tuple[Box, ...] = ()
    with suppress(ValueError):  # EC2 has a rule that this package does not understand
        ports = native["from_port"], native["to_port"]
        boxes = (permitted(native["direction"], native["ip_protocol"], *ports, native["source_kind"], plain),)
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
        managed=ours is not None,
        counts=counts or _counts(1, families),
        supported=bool(boxes),
    )


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
    for rule in rules_of_group(group):
        yield sized(live_rule(_native_of(rule, first_group, group.get("OwnerId")), rule.description), sizes)


def ids_by_key(described: Iterable[Mapping[str, Any]], first_group: str | None) -> dict[str, str]:
    """The id of each rule, from what DescribeSecurityGroupRules answers."""
    found = {}
    for item in described:
        with suppress(ValueError):  # a kind of source that this package does not know
            native = _native_of(single_rule(item), first_group, item.get("GroupOwnerId"))
            found[live_rule(native, "").key] = str(item["SecurityGroupRuleId"])
    return found


def _native_of(rule: DescribedRule, first_group: str | None, owner: str | None) -> dict[str, Any]:
    """A described rule's own form. A group of another account than `owner` keeps that account, which calls have to name."""
    protocol = str(rule.protocol or "").lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    first, last = (None, None) if protocol == "-1" else rule.ports
    if protocol in ("icmp", "icmpv6") and (first, last) == (None, None):
        first, last = -1, -1
    kind, source = str(rule.kind), rule.source
    if source == first_group:
        kind, source = "self", ""
    elif kind == REFERENCED and rule.account not in ("", owner or rule.account):
        source = f"{rule.account}/{source}"
    return _native(rule.direction, protocol, first, last, kind, source)


def kind_of(rule: LiveRule) -> SourceKind:
    """The kind of the source or destination; `self` is a group."""
    kind: SourceKind = rule.native["source_kind"]
    return REFERENCED if kind == "self" else kind


def remote(rule: LiveRule, first_group: str) -> tuple[SourceKind, str, str]:
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
        ports = {} if first is None else {"FromPort": first, "ToPort": last}
        made = grouped.setdefault((protocol, first, last), {"IpProtocol": protocol, **ports})
        kind, account, source = remote(rule, first_group)
        item = {SOURCES[kind].item: source, **({"UserId": account} if account else {})}
        if described and rule.description:
            item["Description"] = rule.description
        made.setdefault(SOURCES[kind].items, []).append(item)
    return list(grouped.values())


def replacement(rule: LiveRule, first_group: str) -> dict[str, Any]:
    """The rule as ModifySecurityGroupRules takes it: it changes all of a rule but the direction and the kind of source.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRuleRequest.html
    """
    native = rule.native
    kind, _, source = remote(rule, first_group)
    first, last = (-1, -1) if native["from_port"] is None else (native["from_port"], native["to_port"])
    ports = {"FromPort": first, "ToPort": last}
    return {"IpProtocol": native["ip_protocol"], **ports, SOURCES[kind].request: source, "Description": rule.description}


def same_source_kind(old: LiveRule, new: LiveRule) -> bool:
    """Whether EC2 can turn one rule into the other."""
    return kind_of(old) == kind_of(new)


def sized(rule: LiveRule, sizes: Sizes) -> LiveRule:
    """The rule, with what its prefix list counts."""
    size = sizes.get(rule.native["source"]) if rule.native["source_kind"] == "prefix_list_id" else None
    return replace(rule, counts=_counts(*size)) if size else rule


def _default_rule(kind: str, source: str) -> LiveRule:
    return replace(live_rule(_native("egress", "-1", None, None, kind, source), ""), managed=True)


DEFAULT_RULES = (_default_rule("cidr_ipv4", "0.0.0.0/0"), _default_rule("cidr_ipv6", "::/0"))
"""What EC2 gives to a new group, the second only in a VPC with IPv6:
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"""
DEFAULT_EGRESS = frozenset(rule.key for rule in DEFAULT_RULES)
