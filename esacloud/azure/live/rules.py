"""Rules between three forms: as lowering makes them, as the API shows them, and as a state and a snapshot have them.

A rule's own form, its `native` value, is a JSON object in the API's words, in one spelling only (see `arm_rules`): lists in
the plural and in order, application security groups as the deployment file names them, the interface's own as `self`. So
two rules are equal exactly when these values are, whoever wrote them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from esacloud.azure.arm_rules import SIDES, WORDS, one_or_many, ordered_ports, ordered_prefixes, read_rule
from esacloud.azure.descriptions import DENY
from esacloud.azure.evaluate import match, permitted
from esacloud.azure.live.scope import Scope
from esacloud.azure.model import EVERYTHING, SELF, SecurityRule
from esacloud.change.model import LiveRule
from esacloud.packets.sets import IPV4, IPV6, PacketSet

_FIELDS = ("PortRange", "PortRanges", "AddressPrefix", "AddressPrefixes", "ApplicationSecurityGroups")
_KNOWN = {*WORDS[1:], "description", "provisioningState", *(f"{side}{field}" for side in SIDES for field in _FIELDS)}
# what `azure/descriptions.py` writes, and hardly anybody else
_OURS = re.compile(r"(?:Table rows? (?P<rows>[0-9][0-9, -]*)(?:[0-9]+ more)?: |Not in the table: )(?P<entries>.*)$")


class Judge:
    """What rules of one group permit. `*` stands for all address spaces seen here, so that states are comparable."""

    def __init__(self) -> None:
        self.address_spaces: set[str] = set()

    def __call__(self, rules: tuple[LiveRule, ...]) -> PacketSet:
        """All packets that the rules and Azure's default rules permit; unsupported rules are ignored."""
        return permitted([security_rule(rule.native) for rule in rules if rule.supported], self.address_spaces)

    def learn(self, rule: LiveRule) -> LiveRule:
        """Remember the address spaces that the rule names."""
        if rule.supported:
            named = {address_space for address_space, _ in match(security_rule(rule.native)).remote or ()}
            self.address_spaces |= named - {IPV4, IPV6}
        return rule


def from_lowered(rule: SecurityRule) -> LiveRule:
    """A rule that the deployment asks for."""
    return live_rule(_native(rule), rule.description, rule.rows, rule.entries)


def from_document(document: Mapping[str, Any], where: Scope, own_members: str) -> LiveRule:
    """A rule as the API shows it; `own_members` is the ID of the group that `self` stands for."""
    properties = document.get("properties") or {}

    def group_name(resource_id: Any) -> str:
        return SELF if str(resource_id).lower() == own_members.lower() else where.group_name(str(resource_id))

    native = _native(read_rule(document.get("name"), properties, group_name))
    unknown = {key: value for key, value in properties.items() if key not in _KNOWN}
    if unknown:
        native["more"] = unknown
    return live_rule(native, str(properties.get("description") or ""))


def _native(rule: SecurityRule) -> dict[str, Any]:
    words = rule.name, rule.priority, rule.direction, rule.access, rule.protocol
    native: dict[str, Any] = dict(zip(WORDS, words, strict=True))
    for side in rule.sides:
        native[f"{side.name}PortRanges"] = ordered_ports(side.ports)
        if side.groups:
            native[f"{side.name}ApplicationSecurityGroups"] = sorted(side.groups)
        else:
            native[f"{side.name}AddressPrefixes"] = ordered_prefixes(side.prefixes)
    return native


def live_rule(
    native: Mapping[str, Any], description: str, rows: tuple[int, ...] = (), entries: tuple[str, ...] = ()
) -> LiveRule:
    """A rule from its own form. Rows and entries are read from the description where they are not given."""
    ours = _OURS.match(description)
    try:
        match(security_rule(native))
        supported = "more" not in native
    except (ValueError, TypeError):  # Azure has a rule that this package does not support
        supported = False
    if ours and not entries:
        rows = tuple(_rows(ours["rows"] or ""))
        entries = tuple(word for word in ours["entries"].split(", ") if word and not word.endswith(" more"))
    return LiveRule(
        key=_key(native),
        direction="ingress" if native["direction"] == "Inbound" else "egress",
        boxes=(),  # what a rule permits depends on the rules before it: see `Judge`
        description=description,
        native=native,
        rows=rows,
        entries=entries,
        managed=ours is not None or description == DENY,
        supported=supported,
    )


def security_rule(native: Mapping[str, Any]) -> SecurityRule:
    """The rule as `evaluate.py` takes it."""
    words: dict[str, Any] = {word: native[word] for word in WORDS}
    sides: dict[str, Any] = {}
    for side in SIDES:
        sides[f"{side}_port_ranges"] = tuple(native.get(f"{side}PortRanges", ()))
        sides[f"{side}_address_prefixes"] = tuple(native.get(f"{side}AddressPrefixes", ()))
        sides[f"{side}_application_security_groups"] = tuple(native.get(f"{side}ApplicationSecurityGroups", ()))
    return SecurityRule(**words, **sides)


def body(rule: LiveRule, where: Scope, own_members: str) -> dict[str, Any]:
    """The rule as the API takes it."""
    native = rule.native
    properties = {word: native[word] for word in WORDS[1:]}
    if rule.description:
        properties["description"] = rule.description
    for side in SIDES:
        properties |= one_or_many(f"{side}PortRange", "s", native.get(f"{side}PortRanges", ()))
        groups = native.get(f"{side}ApplicationSecurityGroups")
        if groups:
            ids = (own_members if one == SELF else where.group_id(one) for one in groups)
            properties[f"{side}ApplicationSecurityGroups"] = [{"id": one} for one in ids]
        else:
            properties |= one_or_many(f"{side}AddressPrefix", "es", native.get(f"{side}AddressPrefixes", ()))
    return {"name": native["name"], "properties": {**properties, **native.get("more", {})}}


def _key(native: Mapping[str, Any]) -> str:
    """`mail-in 250: Allow ingress Tcp/25 from Internet`, with everything that identifies the rule."""
    inbound = native["direction"] == "Inbound"
    remote, local = ("source", "destination") if inbound else ("destination", "source")
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
    if (own := _side(native, local)) != "*":
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
