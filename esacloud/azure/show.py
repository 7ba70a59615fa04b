"""Network security groups as `az network nsg show` and `list` print them, as ARM JSON, and as azurerm in Terraform.

Every rule that allows becomes a statement of what it really lets through, deny rules and priorities counted; the default
rules become one statement more. A rule for a part of the interface's addresses is taken for all of them where it allows
and left out where it denies, and is listed: what is judged may be wider than what passes, never narrower.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.azure.evaluate import is_everything, permitted
from esacloud.azure.model import EVERYTHING, PUBLIC_REALMS, SecurityRule
from esacloud.policy.actual import ActualGroup, ActualGroups, Statement
from esacloud.terraform_show import Resource, is_shown, resources

INTERFACE_TAG = "esacloud:interface"
NOTES = (
    "Security admin rules of a Virtual Network Manager come before every network security group, and are not in this: "
    "what they deny does not pass, and what they always allow passes whatever stands here. "
    "https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins",
)
_KIND = "microsoft.network/networksecuritygroups"
_DENY_THE_REST = (
    SecurityRule("deny-in", 4096, "Inbound", "Deny", "*"),
    SecurityRule("deny-out", 4096, "Outbound", "Deny", "*"),
)
_TAGS = {"internet": "Internet", "virtualnetwork": "VirtualNetwork", "azureloadbalancer": "AzureLoadBalancer"}
_SIDES = ("source", "destination")
_CAMEL = re.compile(r"[A-Z]")


def read(document: Any) -> ActualGroups | None:
    """The groups of one such document, or None for anything else."""
    found = list(_of_terraform(document) if is_shown(document) else map(_of_arm, _arm_groups(document)))
    if not found:
        return None
    return ActualGroups("azure", tuple(found), "all", notes=NOTES, public_realms=PUBLIC_REALMS)


def _arm_groups(document: Any) -> Iterator[Mapping[str, Any]]:
    """Every group in a group, a list of groups, a page of them, or a template."""
    if isinstance(document, list):
        for item in document:
            yield from _arm_groups(item)
    elif isinstance(document, Mapping):
        if _is_group(document):
            yield document
        else:
            for key in ("value", "resources"):
                if isinstance(document.get(key), list):
                    yield from _arm_groups(document[key])


def _is_group(item: Mapping[str, Any]) -> bool:
    if str(item.get("type", "")).lower() == _KIND:
        return True
    return isinstance(item.get("securityRules"), list) and isinstance(item.get("name"), str)


def _of_arm(group: Mapping[str, Any]) -> ActualGroup:
    properties = group.get("properties") if isinstance(group.get("properties"), Mapping) else group
    rules = properties.get("securityRules") if isinstance(properties, Mapping) else None
    rows = [_snake(row) for row in rules or () if isinstance(row, Mapping)]
    name = str(group.get("name"))
    return _group(str(group.get("id") or name), name, rows, group.get("tags"), [])


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


def _of_terraform(document: Mapping[str, Any]) -> Iterator[ActualGroup]:
    found = list(resources(document))
    alone = [item for item in found if item.type == "azurerm_network_security_rule"]
    taken: set[str] = set()
    for item in found:
        if item.type != "azurerm_network_security_group":
            continue
        name = str(item.values.get("name") or item.address)
        own = [rule for rule in alone if _belongs(rule, item, name)]
        taken.update(rule.address for rule in own)
        unknown = (
            [f"{item.address}.security_rule: known after apply, as a whole or in part"]
            if "security_rule" in item.unknown
            else []
        )
        unknown += [f"{rule.address}.{gap}: known after apply" for rule in own for gap in sorted(rule.unknown - {"id"})]
        inline = [row for row in item.values.get("security_rule") or () if isinstance(row, Mapping)]
        rows = [_terraform_row(row) for row in (*inline, *(rule.values for rule in own))]
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


def _terraform_row(row: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(row)
    for side in _SIDES:
        key = f"{side}_application_security_group_ids"
        out[key] = [_name_of(one) for one in row.get(key) or ()]
    return out


def _name_of(resource_id: Any) -> str:
    return str(resource_id).rpartition("/")[2]


def _group(identity: str, name: str, rows: Iterable[Mapping[str, Any]], tags: Any, unknown: list[str]) -> ActualGroup:
    rules: list[SecurityRule] = []
    for row in rows:
        try:
            rule, remark = _rule(row)
            permitted((rule,))
        except (ValueError, TypeError) as error:
            unknown.append(f"{name} {row.get('name')}: {error}")
            continue
        if remark:
            unknown.append(f"{name} {rule.name}: {remark}")
        if remark is None or rule.access == "Allow":
            rules.append(rule)
    interface = tags.get(INTERFACE_TAG) if isinstance(tags, Mapping) else None
    return ActualGroup(identity, name, tuple(_statements(rules)), tuple(unknown), interface)


def _statements(rules: list[SecurityRule]) -> Iterator[Statement]:
    """What each rule that allows lets through, and what only the default rules do."""
    passing = permitted(rules)
    realms = passing.realms()
    denies = [rule for rule in rules if rule.access == "Deny"]
    simple = all(is_everything(rule) for rule in denies)
    for rule in sorted(rules, key=lambda rule: (rule.direction, rule.priority)):
        if rule.access != "Allow":
            continue
        alone = permitted((rule, *_DENY_THE_REST), realms)
        after = any(deny.direction == rule.direction and deny.priority < rule.priority for deny in denies)
        share = alone & passing if after or not simple else alone
        if share:
            yield Statement(rule.name, tuple(share.boxes()))
    explicit = [rule for rule in rules if rule.access == "Allow"]
    rest = passing - permitted((*explicit, *_DENY_THE_REST), realms)
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
