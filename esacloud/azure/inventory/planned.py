"""Network security groups in a Terraform plan or state with azurerm, and the network interfaces and subnets they are on.

Attachments come from the two kinds of associations, from network interfaces with their subnets, and from subnets, virtual
networks and data sources of subnets. What a plan knows only after apply is found through its configuration where that is
unambiguous; everything else is listed, and nothing is guessed. Resources have their IDs as names, or their addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.azure.arm_rules import SIDES
from esacloud.azure.inventory.arm_documents import Attachments
from esacloud.azure.inventory.describe import Row, described_group, owner
from esacloud.json_files import mapping, mappings
from esacloud.policy.actual import INTERFACE_TAG, ActualGroup
from esacloud.terraform.origins import Origins
from esacloud.terraform.show import Resource, data

GROUP, INTERFACE = "azurerm_network_security_group", "azurerm_network_interface"
SUBNET, NETWORK = "azurerm_subnet", "azurerm_virtual_network"
ON_SUBNET, ON_INTERFACE = (
    "azurerm_subnet_network_security_group_association",
    "azurerm_network_interface_security_group_association",
)
_READ = frozenset({GROUP, INTERFACE, SUBNET, NETWORK, ON_SUBNET, ON_INTERFACE})
_ENDS = {  # what an association attaches a group to, the argument for it, and the variable of our modules behind that
    ON_SUBNET: (SUBNET, "subnet_id", "subnet_ids"),
    ON_INTERFACE: (INTERFACE, "network_interface_id", "network_interface_ids"),
}
_ID, _BY_ITSELF = "network_security_group_id", "known after apply; its group is judged separately"
_WRITTEN = f"{_ID}_wo"  # since version 5 of the provider a subnet may have this argument itself


_MEMBERS = {f"{side}_application_security_group_ids" for side in SIDES}
_after_underscore = re.compile(r"_([a-z])")


def groups(found: Iterable[Resource]) -> Iterator[ActualGroup]:
    """The network security groups, with their inline rules and with rules that are resources of their own."""
    found = list(found)
    standalone = [item for item in found if item.type == "azurerm_network_security_rule"]
    assigned: set[str] = set()
    for item in found:
        if item.type == GROUP:
            name = str(item.values.get("name") or item.address)
            rules = [rule for rule in standalone if _belongs(rule, item, name)]
            assigned.update(rule.address for rule in rules)
            yield _group(item, name, rules, has_members=_creates_members(found, item))
    by_name: dict[str, list[Resource]] = {}
    for rule in standalone:
        if rule.address not in assigned:
            by_name.setdefault(str(rule.values.get("network_security_group_name")), []).append(rule)
    for name, rules in by_name.items():
        yield described_group(name, name, [_row(rule.values) for rule in rules], None, [])


def _group(item: Resource, name: str, rules: list[Resource], *, has_members: bool) -> ActualGroup:
    unknown = []
    within = item.unknown_within.get("security_rule", frozenset({""}))
    if "security_rule" in item.unknown and not (has_members and within <= _MEMBERS):
        unknown.append(f"{item.address}.security_rule: known after apply, as a whole or in part")
    known_gaps = {"id"} | (_MEMBERS if has_members else set())
    unknown += [f"{rule.address}.{gap}: known after apply" for rule in rules for gap in sorted(rule.unknown - known_gaps)]
    inline = mappings(item.values.get("security_rule"))
    rows = [_row(values) for values in (*inline, *(rule.values for rule in rules))]
    return described_group(item.address, name, rows, item.values.get("tags"), unknown, has_members=has_members)


def _belongs(rule: Resource, group: Resource, name: str) -> bool:
    given = rule.values.get("network_security_group_name")
    return given == name if given else group.base in rule.references.get("network_security_group_name", ())


def _creates_members(found: Iterable[Resource], group: Resource) -> bool:
    """Whether the plan creates one application security group for the same interface: a group without an ID is that one."""
    interface = owner(group.values.get("tags"))
    created = [item for item in found if item.type == "azurerm_application_security_group" and "id" in item.unknown]
    return interface[0] is not None and [owner(item.values.get("tags")) for item in created].count(interface) == 1


def _row(values: Mapping[str, Any]) -> Row:
    """A rule of the provider as ARM has it: the same words in another spelling."""
    properties: dict[str, Any] = {}
    for key, value in values.items():
        name = _after_underscore.sub(lambda found: found[1].upper(), key.removesuffix("_ids") + "s" * (key in _MEMBERS))
        properties[name] = [{"id": group} for group in value or ()] if key in _MEMBERS else value
    return values.get("name"), properties


def attachments(document: Mapping[str, Any], found: list[Resource]) -> tuple[Attachments, tuple[str, ...]]:
    """Which group is on what, with the groups by their addresses, and sentences on what is not known."""
    return _Reader(document, found).read()


class _Reader:
    def __init__(self, document: Mapping[str, Any], found: list[Resource]) -> None:
        self.found = [item for item in found if item.type in _READ]
        self.origins = Origins(document, self.found)
        self.names = {str(item.values["id"]).lower(): _name(item) for item in self.found if item.values.get("id")}
        self.detached = set(_detached(document))
        self.subnets = [row for item in self.of(NETWORK) for row in _blocks(item, "subnet", "id", "security_group")]
        self.subnets += [(values.get("id"), values.get(_ID)) for values in data(document, SUBNET)]
        self.unknown: list[str] = []

    def read(self) -> tuple[Attachments, tuple[str, ...]]:
        attached, around = self.associated(ON_INTERFACE), self.associated(ON_SUBNET)
        out = Attachments(around={place.lower(): groups for place, groups in around.items()})
        for item in self.of(SUBNET):
            out.around.setdefault(_name(item).lower(), self.of_subnet(item))
        for place, group in self.subnets:
            if place and group is not None:
                out.around.setdefault(place.lower(), self.known(group) if place.lower() not in self.detached else ())
        for item in self.of(INTERFACE):
            attached.setdefault(_name(item), ())
            out.inside[_name(item)] = tuple(dict.fromkeys(self.places(item)))
        out.attached = attached
        return out, tuple(self.unknown)

    def of(self, kind: str) -> Iterator[Resource]:
        return (item for item in self.found if item.type == kind)

    def known(self, resource_id: Any) -> tuple[str, ...]:
        return (self.names.get(str(resource_id).lower(), str(resource_id)),) if resource_id else ()

    def associated(self, kind: str) -> dict[str, tuple[str, ...]]:
        """Network interface or subnet -> its group, from all associations of one kind."""
        _, argument, _ = _ENDS[kind]
        on: dict[str, list[str]] = {}
        waiting: dict[tuple[str, tuple[str, ...]], list[Resource]] = {}
        for item in self.of(kind):
            group, ours = self.group(item)
            places = self.ends(item, kind, ours)
            if len(places) == 1:
                on.setdefault(places[0], []).append(group)
            else:
                waiting.setdefault((group, places), []).append(item)
        known = {(group, place) for place, groups in on.items() for group in groups}
        for (group, places), items in waiting.items():
            rest = [place for place in places if (group, place) not in known]
            if len(rest) == len(items):  # nothing gets the same group twice, so each gets it once, in whatever order
                for place in rest:
                    on.setdefault(place, []).append(group)
            else:
                self.unknown += (f"{item.address}.{argument}: {_BY_ITSELF}" for item in items)
        return {place: self.only_group(place, list(dict.fromkeys(groups))) for place, groups in on.items()}

    def only_group(self, place: str, groups: list[str]) -> tuple[str, ...]:
        if len(groups) < 2:
            return tuple(groups)
        self.unknown.append(f"{place}: {len(groups)} groups are attached, and only one can be: {', '.join(groups)}")
        return (f"of {place}",)

    def ends(self, item: Resource, kind: str, ours: bool) -> tuple[str, ...]:
        """What the association may attach the group to."""
        end, argument, variable = _ENDS[kind]
        if item.values.get(argument):
            return self.known(item.values[argument])
        found = self.origins.of(item, end, argument)
        if ours and not found:
            found = self.origins.of_variable(item, end, variable)
        return tuple(map(_name, found))

    def group(self, item: Resource) -> tuple[str, bool]:
        """The association's group, and whether esacloud's module has both."""
        found = self.origins.mentioned(item, GROUP, _ID)
        ours = bool(found) and all(map(_is_ours, found)) and isinstance(item.key, str)
        if item.values.get(_ID):
            return self.known(item.values[_ID])[0], ours
        interface = str(item.key).partition("/")[0]  # esacloud's keys: interface/name
        candidates = [group for group in found if group.key == interface] if ours else self.origins.of(item, GROUP, _ID)
        if len(candidates) == 1:
            return _name(candidates[0]), ours
        return self.unread(item, _ID), False

    def unread(self, item: Resource, argument: str) -> str:
        """The name of a group that exists, and of which nothing else is known."""
        self.unknown.append(f"{item.address}.{argument}: known after apply; what that group denies is not counted")
        return f"of {item.address}"

    def of_subnet(self, item: Resource) -> tuple[str, ...]:
        """The group of a subnet without an association."""
        if item.references.get(_WRITTEN) is not None:
            groups = self.origins.of(item, GROUP, _WRITTEN)
            return (_name(groups[0]) if len(groups) == 1 else self.unread(item, _WRITTEN),)
        return self.known(item.values.get(_ID)) if _name(item).lower() not in self.detached else ()

    def places(self, item: Resource) -> Iterator[str]:
        """The subnets of a network interface; one that is not known has the argument for it as its name."""
        argument = "ip_configuration"
        if argument in item.unknown and argument not in item.unknown_within:
            yield f"{item.address}.{argument}"
        blocks = _blocks(item, argument, "subnet_id")
        as_written = len(blocks) == self.origins.blocks(item, argument)
        for number, (place,) in enumerate(blocks):
            if place:
                yield from self.known(place)
            elif place is None and "subnet_id" in item.unknown_within.get(argument, ()):
                found = self.origins.of(item, SUBNET, argument, number, "subnet_id") if as_written else ()
                yield _name(found[0]) if len(found) == 1 else f"{item.address}.{argument}[{number}].subnet_id"


def _name(item: Resource) -> str:
    """Groups have their addresses as names everywhere."""
    return item.address if item.type == GROUP else str(item.values.get("id") or item.address)


def _is_ours(group: Resource) -> bool:
    tags = group.values.get("tags")
    return isinstance(tags, Mapping) and group.key is not None and tags.get(INTERFACE_TAG) == group.key


def _blocks(item: Resource, argument: str, *names: str) -> list[tuple[Any, ...]]:
    """The values of each block: None for absent ones, such as those known after apply, "" for empty ones."""
    blocks = mappings(item.values.get(argument))
    return [tuple((block[name] or "") if name in block else None for name in names) for block in blocks]


def _detached(document: Mapping[str, Any]) -> Iterable[str]:
    """Subnets that lose an association by the plan: their own argument is the one before the plan."""
    for item in mappings(document.get("resource_changes")):
        change = mapping(item.get("change"))
        if item.get("type") == ON_SUBNET and "delete" in (change.get("actions") or ()):
            yield str(mapping(change.get("before")).get("subnet_id")).lower()
