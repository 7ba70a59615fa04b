"""Network security groups as `az network nsg show` and `list` print them, as ARM JSON, and as azurerm in Terraform.

Network interfaces, subnets and virtual networks beside them say which groups count together; in Terraform, associations.

Every rule that allows becomes a statement of what it really lets through, deny rules and priorities counted; the default
rules become one statement more. A rule for a part of the interface's addresses is taken for all of them where it allows
and left out where it denies, and is listed: what is judged may be wider than what passes, never narrower.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.azure.evaluate import is_everything, match, permitted, whole_of
from esacloud.azure.inventory import planned
from esacloud.azure.inventory.arm_documents import GROUP, RULE, attachments, inner, items, kind_of
from esacloud.azure.model import EVERYTHING, PUBLIC_ADDRESS_SPACES, SELF, SecurityRule
from esacloud.packets.sets import PacketSet
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG, ActualGroup, ActualGroups
from esacloud.policy.model import Statement
from esacloud.terraform.show import Resource, is_shown, resources

NOTES = (
    "Security admin rules of a Virtual Network Manager come before every network security group, and are not in this: "
    "what they deny does not pass, and what they always allow passes whatever stands here. "
    "https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins",
)
# What each of them stands for: https://learn.microsoft.com/azure/virtual-network/service-tags-overview
_APART = frozenset({"service_tag:Internet", "service_tag:VirtualNetwork", "service_tag:AzureLoadBalancer"})
_DENY_THE_REST = (
    SecurityRule("deny-in", 4096, "Inbound", "Deny", "*"),
    SecurityRule("deny-out", 4096, "Outbound", "Deny", "*"),
)
_TAGS = {"internet": "Internet", "virtualnetwork": "VirtualNetwork", "azureloadbalancer": "AzureLoadBalancer"}
_SIDES = ("source", "destination")
_MEMBERS = {f"{side}_application_security_group_ids" for side in _SIDES}
_CAMEL = re.compile(r"[A-Z]")


def read(document: Any) -> ActualGroups | None:
    """What one such document says, or None for anything else."""
    if is_shown(document):
        made = list(resources(document))
        groups = list(_of_terraform(made))
        on, unknown = planned.attachments(document, made)
    else:
        found = list(items(document))
        groups = [_of_arm(item) for item in found if kind_of(item) == GROUP]
        on = attachments(found)
        apart = (one.get("name") for one in found if kind_of(one) == RULE)
        unknown = tuple(f"{name} is apart from its group, and was not judged" for name in apart)
    if not (groups or on.attached or on.around):
        return None
    return ActualGroups(
        "azure",
        tuple(groups),
        "all",
        on.attached,
        unknown,
        NOTES,
        PUBLIC_ADDRESS_SPACES,
        inside=on.inside,
        around=on.around,
        apart=_APART,
    )


def _of_arm(group: Mapping[str, Any]) -> ActualGroup:
    rules, name = inner(group).get("securityRules"), str(group.get("name"))
    listed = rules if isinstance(rules, list) else []
    unknown = [] if listed is rules else [f"{name} has no list securityRules"]
    rows = [_snake(row) for row in listed if isinstance(row, Mapping)]
    return _group(str(group.get("id") or name), name, rows, group.get("tags"), unknown)


def _snake(row: Mapping[str, Any]) -> dict[str, Any]:
    """ARM's rule in the provider's words, which differ in spelling alone."""
    inside = row.get("properties")
    flat = {**row, **inside} if isinstance(inside, Mapping) else row
    out = {_CAMEL.sub(lambda letter: f"_{letter[0].lower()}", key): value for key, value in flat.items()}
    for side in _SIDES:
        groups = out.pop(f"{side}_application_security_groups", None) or ()
        out[f"{side}_application_security_group_ids"] = [
            _name_of(one.get("id")) for one in groups if isinstance(one, Mapping)
        ]
    return out


def _of_terraform(found: list[Resource]) -> Iterator[ActualGroup]:
    alone = [item for item in found if item.type == "azurerm_network_security_rule"]
    taken: set[str] = set()
    for item in found:
        if item.type != "azurerm_network_security_group":
            continue
        name = str(item.values.get("name") or item.address)
        own = [rule for rule in alone if _belongs(rule, item, name)]
        taken.update(rule.address for rule in own)
        members = _makes_members(found, item)
        within = item.unknown_within.get("security_rule", frozenset({""}))
        unknown = []
        if "security_rule" in item.unknown and not (members and within <= _MEMBERS):
            unknown.append(f"{item.address}.security_rule: known after apply, as a whole or in part")
        gaps = {"id"} | (_MEMBERS if members else set())
        unknown += [f"{rule.address}.{gap}: known after apply" for rule in own for gap in sorted(rule.unknown - gaps)]
        inline = [row for row in item.values.get("security_rule") or () if isinstance(row, Mapping)]
        rows = [_terraform_row(row, members) for row in (*inline, *(rule.values for rule in own))]
        yield _group(item.address, name, rows, item.values.get("tags"), unknown)
    by_name: dict[str, list[Resource]] = {}
    for rule in alone:
        if rule.address not in taken:
            by_name.setdefault(str(rule.values.get("network_security_group_name")), []).append(rule)
    for name, rules in by_name.items():
        yield _group(name, name, [_terraform_row(rule.values) for rule in rules], None, [])


def _belongs(rule: Resource, group: Resource, name: str) -> bool:
    given = rule.values.get("network_security_group_name")
    return given == name if given else group.base in rule.references.get("network_security_group_name", ())


def _makes_members(found: Iterable[Resource], group: Resource) -> bool:
    """Whether the plan makes one application security group for the same interface: one that has no id yet is this."""
    whose = _tags(group)
    made = [item for item in found if item.type == "azurerm_application_security_group" and "id" in item.unknown]
    return whose[0] is not None and [_tags(item) for item in made].count(whose) == 1


def _tags(item: Resource) -> tuple[Any, Any]:
    tags = item.values.get("tags")
    return (tags.get(INTERFACE_TAG), tags.get(DEPLOYMENT_TAG)) if isinstance(tags, Mapping) else (None, None)


def _terraform_row(row: Mapping[str, Any], members: bool = False) -> dict[str, Any]:
    """The rule with application security groups by name; one that is known after apply is `self` or stays unknown."""
    out = dict(row)
    for key in _MEMBERS:
        ids = [SELF if one is None and members else one for one in row.get(key) or ()]
        out[key] = [one if one is None else _name_of(one) for one in ids]
    return out


def _name_of(resource_id: Any) -> str:
    return str(resource_id).rpartition("/")[2]


def _group(identity: str, name: str, rows: Iterable[Mapping[str, Any]], tags: Any, unknown: list[str]) -> ActualGroup:
    interface, deployment = (
        (tags.get(INTERFACE_TAG), tags.get(DEPLOYMENT_TAG)) if isinstance(tags, Mapping) else (None, None)
    )
    rules: list[SecurityRule] = []
    for row in rows:
        try:
            rule, remark = _rule(_with_self(row, interface) if interface else row)
            match(rule)
        except (ValueError, TypeError) as error:
            unknown.append(f"{name} {row.get('name')}: {error}")
            continue
        if remark:
            unknown.append(f"{name} {rule.name}: {remark}")
        if remark is None or rule.access == "Allow":
            rules.append(rule)
    return ActualGroup(identity, name, tuple(_statements(rules)), tuple(unknown), interface, deployment)


def _with_self(row: Mapping[str, Any], interface: str) -> Mapping[str, Any]:
    """The rule with `self` for the application security group that esacloud makes of the interface's members."""
    own = f"{interface}-members"
    return {**row, **{key: [SELF if str(one).endswith(own) else one for one in row.get(key) or ()] for key in _MEMBERS}}


def _statements(rules: list[SecurityRule]) -> Iterator[Statement]:
    """What each rule that allows lets through, and what only the default rules do."""
    passing = permitted(rules)
    address_spaces = passing.address_spaces()
    whole = whole_of(address_spaces)
    denies = [rule for rule in rules if rule.access == "Deny"]
    simple = all(is_everything(rule) for rule in denies)
    for rule in sorted(rules, key=lambda rule: (rule.direction, rule.priority)):
        if rule.access != "Allow":
            continue
        share = tuple(match(rule).boxes(whole))
        after = any(deny.direction == rule.direction and deny.priority < rule.priority for deny in denies)
        if after or not simple or len(share) > 1:
            packets = PacketSet.of(share)
            share = tuple((packets & passing if after or not simple else packets).boxes())
        if share:
            yield Statement(rule.name, share)
    explicit = [rule for rule in rules if rule.access == "Allow"]
    rest = passing - permitted((*explicit, *_DENY_THE_REST), address_spaces)
    if rest:
        yield Statement("default rules", tuple(rest.boxes()))


def _rule(row: Mapping[str, Any]) -> tuple[SecurityRule, str | None]:
    """The rule, and what was taken otherwise than it stands. Raises ValueError for one that Azure would not have."""
    direction, access = str(row.get("direction")).capitalize(), str(row.get("access")).capitalize()
    if direction not in ("Inbound", "Outbound") or access not in ("Allow", "Deny") or type(row.get("priority")) is not int:
        raise ValueError("a rule without a direction, an access or a priority")
    sides = {
        side: (_prefixes(row, side), tuple(row.get(f"{side}_application_security_group_ids") or ())) for side in _SIDES
    }
    if any(one is None for _, groups in sides.values() for one in groups):
        raise ValueError("an application security group that is known after apply")
    near = "destination" if direction == "Inbound" else "source"
    remark = None
    if sides[near] not in ((EVERYTHING, ()), (("VirtualNetwork",), ())):
        verb = "taken for all of them" if access == "Allow" else "not counted"
        remark = f"is for a part of the interface's addresses only, and was {verb}"
        sides[near] = (EVERYTHING, ())
    rule = SecurityRule(
        str(row.get("name")),
        row["priority"],
        direction,  # type: ignore[arg-type]
        access,  # type: ignore[arg-type]
        str(row.get("protocol")),  # type: ignore[arg-type]
        _many(row, "source_port_range"),
        _many(row, "destination_port_range"),
        sides["source"][0],
        sides["destination"][0],
        sides["source"][1],
        sides["destination"][1],
    )
    return rule, remark


def _prefixes(row: Mapping[str, Any], side: str) -> tuple[str, ...]:
    found = tuple(_TAGS.get(text.lower(), text) for text in _many(row, f"{side}_address_prefix", "es"))
    return () if row.get(f"{side}_application_security_group_ids") else found


def _many(row: Mapping[str, Any], key: str, plural: str = "s") -> tuple[str, ...]:
    """The one value and the list beside it, of which Azure fills either."""
    one, many = row.get(key), row.get(key + plural)
    return tuple(str(value) for value in (*([one] if one else []), *(many or ())))
