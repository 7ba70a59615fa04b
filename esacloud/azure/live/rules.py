"""Rules between three forms: as lowering makes them, as the API shows them, and as a state and a snapshot hold them.

A rule's own form, its `native` value, is a JSON object in the API's words, each thing said in one way alone: lists in the
plural and in order, networks and words as esacloud spells them, application security groups as the deployment file names
them, the interface's own as `self`. So two rules are the same exactly when these values are, whoever wrote them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from esacloud.azure.descriptions import DENY
from esacloud.azure.evaluate import match, permitted, port_range
from esacloud.azure.live.scope import Scope
from esacloud.azure.model import EVERYTHING, SELF, SecurityRule
from esacloud.change.model import LiveRule
from esacloud.packets.addresses import AddressError, parse_network
from esacloud.packets.sets import IPV4, IPV6, PacketSet

SIDES = ("source", "destination")
_WORDS = {word.lower(): word for word in ("Inbound", "Outbound", "Allow", "Deny", "Tcp", "Udp", "Icmp", "Esp", "Ah", "*")}
_TAGS = {tag.lower(): tag for tag in ("Internet", "VirtualNetwork", "AzureLoadBalancer", "AzureCloud", "Storage", "Sql")}
_KNOWN = frozenset(
    (
        *("description", "protocol", "access", "direction", "priority", "provisioningState"),
        *(
            f"{side}{message}"
            for side in SIDES
            for message in ("PortRange", "PortRanges", "AddressPrefix", "AddressPrefixes")
        ),
        *(f"{side}ApplicationSecurityGroups" for side in SIDES),
    )
)
# what `azure/descriptions.py` writes, and nobody else is likely to
_OURS = re.compile(r"(?:Table rows? (?P<rows>[0-9][0-9, -]*)(?:[0-9]+ more)?: |Not in the table: )(?P<entries>.*)$")


class Judge:
    """What rules of one group permit together. `*` stands for all that any rule seen here names, so that states compare."""

    def __init__(self) -> None:
        self.address_spaces: set[str] = set()

    def __call__(self, rules: tuple[LiveRule, ...]) -> PacketSet:
        """All packets that the rules and Azure's default rules permit; rules that are not understood are left out."""
        return permitted([security_rule(rule.native) for rule in rules if rule.supported], self.address_spaces)

    def learn(self, rule: LiveRule) -> LiveRule:
        """Remember what the rule names."""
        if rule.supported:
            named = {address_space for address_space, _ in match(security_rule(rule.native)).remote or ()}
            self.address_spaces |= named - {IPV4, IPV6}
        return rule


def from_lowered(rule: SecurityRule) -> LiveRule:
    """A rule that the deployment asks for."""
    native = {
        "name": rule.name,
        "priority": rule.priority,
        "direction": rule.direction,
        "access": rule.access,
        "protocol": rule.protocol,
    }
    for side in SIDES:
        native[f"{side}PortRanges"] = _ports(getattr(rule, f"{side}_port_ranges"))
        groups = getattr(rule, f"{side}_application_security_groups")
        if groups:
            native[f"{side}ApplicationSecurityGroups"] = sorted(groups)
        else:
            native[f"{side}AddressPrefixes"] = _prefixes(getattr(rule, f"{side}_address_prefixes"))
    return live_rule(native, rule.description, rule.rows, rule.entries)


def from_document(document: Mapping[str, Any], where: Scope, own_members: str) -> LiveRule:
    """A rule as the API shows it; `own_members` is the id of the group that `self` stands for."""
    given = document.get("properties") or {}
    native: dict[str, Any] = {"name": str(document.get("name")), "priority": given.get("priority")}
    for word in ("direction", "access", "protocol"):
        said = str(given.get(word))
        native[word] = _WORDS.get(said.lower(), said)
    for side in SIDES:
        native[f"{side}PortRanges"] = _ports(_both(given, f"{side}PortRange", "s"))
        groups = given.get(f"{side}ApplicationSecurityGroups")
        if groups:
            ids = [str(one.get("id")) for one in groups]
            named = (SELF if one.lower() == own_members.lower() else where.group_name(one) for one in ids)
            native[f"{side}ApplicationSecurityGroups"] = sorted(named)
        else:
            native[f"{side}AddressPrefixes"] = _prefixes(_both(given, f"{side}AddressPrefix", "es"))
    more = {key: value for key, value in given.items() if key not in _KNOWN}
    if more:
        native["more"] = more
    return live_rule(native, str(given.get("description") or ""))


def live_rule(
    native: Mapping[str, Any], description: str, rows: tuple[int, ...] = (), entries: tuple[str, ...] = ()
) -> LiveRule:
    """A rule from its own form. Rows and entries are read from the description where they are not given."""
    ours = _OURS.match(description)
    try:
        match(security_rule(native))
        judged = "more" not in native
    except (ValueError, TypeError):  # Azure has a rule that is not understood here
        judged = False
    if ours and not entries:
        rows = tuple(_rows(ours["rows"] or ""))
        entries = tuple(word for word in ours["entries"].split(", ") if word and not word.endswith(" more"))
    return LiveRule(
        key=_key(native),
        direction="ingress" if native["direction"] == "Inbound" else "egress",
        boxes=(),  # what a rule permits depends on the rules before it: the group's judge says it
        description=description,
        native=native,
        rows=rows,
        entries=entries,
        managed=ours is not None or description == DENY,
        supported=judged,
    )


def security_rule(native: Mapping[str, Any]) -> SecurityRule:
    """The rule in the words of `evaluate.py`."""
    words: dict[str, Any] = {word: native[word] for word in ("name", "priority", "direction", "access", "protocol")}
    sides: dict[str, Any] = {}
    for side in SIDES:
        sides[f"{side}_port_ranges"] = tuple(native.get(f"{side}PortRanges", ()))
        sides[f"{side}_address_prefixes"] = tuple(native.get(f"{side}AddressPrefixes", ()))
        sides[f"{side}_application_security_groups"] = tuple(native.get(f"{side}ApplicationSecurityGroups", ()))
    return SecurityRule(**words, **sides)


def body(rule: LiveRule, where: Scope, own_members: str) -> dict[str, Any]:
    """The rule as the API takes it: one value in the singular, several in the plural."""
    native = rule.native
    properties = {word: native[word] for word in ("priority", "direction", "access", "protocol")}
    if rule.description:
        properties["description"] = rule.description
    for side in SIDES:
        _put(properties, f"{side}PortRange", "s", native.get(f"{side}PortRanges", ()))
        groups = native.get(f"{side}ApplicationSecurityGroups")
        if groups:
            ids = (own_members if one == SELF else where.group_id(one) for one in groups)
            properties[f"{side}ApplicationSecurityGroups"] = [{"id": one} for one in ids]
        else:
            _put(properties, f"{side}AddressPrefix", "es", native.get(f"{side}AddressPrefixes", ()))
    return {"name": native["name"], "properties": {**properties, **native.get("more", {})}}


def _put(properties: dict[str, Any], key: str, plural: str, values: Iterable[str]) -> None:
    values = list(values)
    properties[key if len(values) == 1 else key + plural] = values[0] if len(values) == 1 else values


def _both(given: Mapping[str, Any], key: str, plural: str) -> list[str]:
    one, many = given.get(key), given.get(key + plural)
    return [str(value) for value in (*([one] if one else []), *(many or ()))]


def _ports(texts: Iterable[str]) -> list[str]:
    try:
        return sorted(texts, key=port_range)
    except ValueError:
        return sorted(texts)


def _prefixes(texts: Iterable[str]) -> list[str]:
    return sorted(map(_prefix, texts))


@lru_cache(maxsize=4096)
def _prefix(text: str) -> str:
    try:
        return str(parse_network(text))
    except AddressError:
        return _TAGS.get(text.lower(), text)


def _key(native: Mapping[str, Any]) -> str:
    """`mail-in 250: Allow in Tcp/25 from Internet`, with everything that makes the rule this rule."""
    inbound = native["direction"] == "Inbound"
    remote, near = ("source", "destination") if inbound else ("destination", "source")
    ports = ",".join(native.get("destinationPortRanges", ()))
    sources = ",".join(native.get("sourcePortRanges", ()))
    words = [
        native["access"],
        "ingress" if inbound else "egress",
        native["protocol"] + (f"/{ports}" if ports != "*" else ""),
    ]
    if sources != "*":
        words.append(f"from port {sources}")
    words += ["from" if inbound else "to", _side(native, remote)]
    if (own := _side(native, near)) != "*":
        words.append(f"at {own}")
    if "more" in native:
        words.append(f"with {json.dumps(native['more'], sort_keys=True)}")
    return f"{native['name']} {native['priority']}: {' '.join(words)}"


def _side(native: Mapping[str, Any], side: str) -> str:
    groups = native.get(f"{side}ApplicationSecurityGroups") or native.get(f"{side}AddressPrefixes") or EVERYTHING
    return ",".join(groups)


def _rows(text: str) -> Iterator[int]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, _, last = part.partition("-")
        if first.isdigit() and (last or first).isdigit():
            yield from range(int(first), int(last or first) + 1)
