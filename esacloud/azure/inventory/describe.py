"""Network security groups and what they are attached to, as values for the audit: from ARM JSON, and what Terraform shares.

Every rule that allows becomes a statement of what it really permits, after deny rules and priorities; the default rules
become one more statement. A rule for a part of the interface's addresses is taken for all of them where it allows, and is
omitted where it denies, and is listed: what is judged may be wider than what passes, never narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from esacloud.azure.arm_rules import read_rule
from esacloud.azure.evaluate import match, permitted, whole_of
from esacloud.azure.inventory.arm_documents import inner
from esacloud.azure.model import EVERYTHING, SELF, SecurityRule
from esacloud.json_files import mapping, mappings
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG, ActualGroup
from esacloud.policy.model import Statement

Row = tuple[object, Mapping[str, Any]]  # the name and the properties of a rule, as ARM has them
_DENY_THE_REST = (
    SecurityRule("deny-in", 4096, "Inbound", "Deny", "*"),
    SecurityRule("deny-out", 4096, "Outbound", "Deny", "*"),
)


def arm_group(group: Mapping[str, Any]) -> ActualGroup:
    """A network security group as the ARM API and `az` have it."""
    rules, name = inner(group).get("securityRules"), str(group.get("name"))
    unknown = [] if isinstance(rules, list) else [f"{name} has no list securityRules"]
    rows = [(row.get("name"), inner(row)) for row in mappings(rules)]
    return described_group(str(group.get("id") or name), name, rows, group.get("tags"), unknown)


def owner(tags: Any) -> tuple[Any, Any]:
    """The interface and the deployment in the tags of a resource."""
    return mapping(tags).get(INTERFACE_TAG), mapping(tags).get(DEPLOYMENT_TAG)


def described_group(
    group_id: str, name: str, rows: Iterable[Row], tags: Any, unknown: list[str], *, has_members: bool = False
) -> ActualGroup:
    """A group from its rules. `has_members`: an application security group without an ID is that of the interface."""
    interface, deployment = owner(tags)
    group_name = _group_names(interface, has_members)
    rules: list[SecurityRule] = []
    for rule_name, properties in rows:
        try:
            rule, remark = _rule(rule_name, properties, group_name)
            match(rule)
        except (ValueError, TypeError) as error:
            unknown.append(f"{name} {rule_name}: {error}")
            continue
        if remark:
            unknown.append(f"{name} {rule.name}: {remark}")
        if remark is None or rule.access == "Allow":
            rules.append(rule)
    return ActualGroup(group_id, name, tuple(_statements(rules)), tuple(unknown), interface, deployment)


def _group_names(interface: str | None, has_members: bool) -> Callable[[Any], str]:
    """Names application security groups: `self` for that of the interface's members, which esacloud creates."""

    def group_name(resource_id: Any) -> str:
        if resource_id is None and not has_members:
            raise ValueError("an application security group that is known after apply")
        name = SELF if resource_id is None else str(resource_id).rpartition("/")[2]
        return SELF if interface and name.endswith(f"{interface}-members") else name

    return group_name


def _rule(name: object, properties: Mapping[str, Any], group_name: Callable[[Any], str]) -> tuple[SecurityRule, str | None]:
    """The rule, and a remark where it is not taken literally. Raises ValueError for one that Azure refuses."""
    rule = read_rule(name, properties, group_name)
    if (
        rule.direction not in ("Inbound", "Outbound")
        or rule.access not in ("Allow", "Deny")
        or type(rule.priority) is not int
    ):
        raise ValueError("a rule without a direction, an access or a priority")
    source, destination = rule.sides
    local = destination if rule.direction == "Inbound" else source
    if (local.prefixes, local.groups) in ((EVERYTHING, ()), (("VirtualNetwork",), ())):
        return rule, None
    everything = {f"{local.name}_address_prefixes": EVERYTHING, f"{local.name}_application_security_groups": ()}
    verb = "taken for all of them" if rule.access == "Allow" else "not counted"
    return replace(rule, **everything), f"is for a part of the interface's addresses only, and was {verb}"  # type: ignore[arg-type]


def _statements(rules: list[SecurityRule]) -> Iterator[Statement]:
    """What each rule that allows permits, and what only the default rules do."""
    passing = permitted(rules)
    address_spaces = passing.address_spaces()
    whole = whole_of(address_spaces)
    denies = [rule for rule in rules if rule.access == "Deny"]
    allows = [rule for rule in rules if rule.access == "Allow"]
    partial = not all(match(rule).is_everything for rule in denies)
    for rule in sorted(allows, key=lambda rule: (rule.direction, rule.priority)):
        narrowed = partial or any(deny.direction == rule.direction and deny.priority < rule.priority for deny in denies)
        if boxes := _boxes(tuple(match(rule).boxes(whole)), passing if narrowed else None):
            yield Statement(rule.name, boxes)
    rest = passing - permitted((*allows, *_DENY_THE_REST), address_spaces)
    if rest:
        yield Statement("default rules", tuple(rest.boxes()))


def _boxes(boxes: tuple[Box, ...], passing: PacketSet | None) -> tuple[Box, ...]:
    """The boxes of a rule as disjoint ones, and only what passes where that is less."""
    if passing is None and len(boxes) < 2:
        return boxes
    packets = PacketSet.of(boxes)
    return tuple((packets if passing is None else packets & passing).boxes())
