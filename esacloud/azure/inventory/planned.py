"""Which network security groups are on which network interfaces and subnets, in a Terraform plan or state with azurerm.

Read are the two kinds of associations, network interfaces with their subnets, and what subnets, virtual networks and data
sources of subnets say of themselves. What a plan knows only after apply is found through its configuration where it can be
nothing else; the rest is said, and nothing is guessed. Things are called by their ids, else by their addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.azure.inventory.arm_documents import Attachments
from esacloud.json_files import mapping, mappings
from esacloud.policy.actual import INTERFACE_TAG
from esacloud.terraform.origins import Origins
from esacloud.terraform.show import Resource, data

GROUP, INTERFACE = "azurerm_network_security_group", "azurerm_network_interface"
SUBNET, NETWORK = "azurerm_subnet", "azurerm_virtual_network"
ON_SUBNET, ON_INTERFACE = (
    "azurerm_subnet_network_security_group_association",
    "azurerm_network_interface_security_group_association",
)
_READ = frozenset({GROUP, INTERFACE, SUBNET, NETWORK, ON_SUBNET, ON_INTERFACE})
_ENDS = {  # what an association is for, the argument that says so, and the variable of our modules behind that
    ON_SUBNET: (SUBNET, "subnet_id", "subnet_ids"),
    ON_INTERFACE: (INTERFACE, "network_interface_id", "network_interface_ids"),
}
_ID, _BY_ITSELF = "network_security_group_id", "known after apply; its group is counted by itself"
_WRITTEN = f"{_ID}_wo"  # since version 5 of the provider a subnet may be given its group by itself


def attachments(document: Mapping[str, Any], found: list[Resource]) -> tuple[Attachments, tuple[str, ...]]:
    """What is on what, with the groups by their addresses, and sentences about what cannot be told."""
    return _Reader(document, found).read()


class _Reader:
    def __init__(self, document: Mapping[str, Any], found: list[Resource]) -> None:
        self.found = [item for item in found if item.type in _READ]
        self.origins = Origins(document, self.found)
        self.names = {str(item.values["id"]).lower(): _name(item) for item in self.found if item.values.get("id")}
        self.left = set(_left(document))
        self.said = [row for item in self.of(NETWORK) for row in _blocks(item, "subnet", "id", "security_group")]
        self.said += [(values.get("id"), values.get(_ID)) for values in data(document, SUBNET)]
        self.unknown: list[str] = []

    def read(self) -> tuple[Attachments, tuple[str, ...]]:
        attached, around = self.associated(ON_INTERFACE), self.associated(ON_SUBNET)
        out = Attachments(around={place.lower(): groups for place, groups in around.items()})
        for item in self.of(SUBNET):
            out.around.setdefault(_name(item).lower(), self.of_subnet(item))
        for place, group in self.said:
            if place and group is not None:
                out.around.setdefault(place.lower(), self.known(group) if place.lower() not in self.left else ())
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
        """Network interface or subnet -> its group, by all associations of one kind."""
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
        told = {(group, place) for place, groups in on.items() for group in groups}
        for (group, places), items in waiting.items():
            rest = [place for place in places if (group, place) not in told]
            if len(rest) == len(items):  # nothing gets the same group twice, so each gets it once, whichever is whose
                for place in rest:
                    on.setdefault(place, []).append(group)
            else:
                self.unknown += (f"{item.address}.{argument}: {_BY_ITSELF}" for item in items)
        return {place: self.the_one(place, list(dict.fromkeys(groups))) for place, groups in on.items()}

    def the_one(self, place: str, groups: list[str]) -> tuple[str, ...]:
        if len(groups) < 2:
            return tuple(groups)
        self.unknown.append(f"{place}: {len(groups)} groups are put on it, where one can be: {', '.join(groups)}")
        return (f"of {place}",)

    def ends(self, item: Resource, kind: str, ours: bool) -> tuple[str, ...]:
        """What the association can be for."""
        end, argument, variable = _ENDS[kind]
        if item.values.get(argument):
            return self.known(item.values[argument])
        found = self.origins.of(item, end, argument)
        if ours and not found:
            found = self.origins.of_variable(item, end, variable)
        return tuple(map(_name, found))

    def group(self, item: Resource) -> tuple[str, bool]:
        """The association's group, and whether esacloud's module made both."""
        found = self.origins.mentioned(item, GROUP, _ID)
        ours = bool(found) and all(map(_is_ours, found)) and isinstance(item.key, str)
        if item.values.get(_ID):
            return self.known(item.values[_ID])[0], ours
        interface = str(item.key).partition("/")[0]  # esacloud's keys: interface/name
        groups = [made for made in found if made.key == interface] if ours else self.origins.of(item, GROUP, _ID)
        if len(groups) == 1:
            return _name(groups[0]), ours
        return self.unread(item, _ID), False

    def unread(self, item: Resource, argument: str) -> str:
        """What stands for a group that is there, and of which no more is known."""
        self.unknown.append(f"{item.address}.{argument}: known after apply; what that group denies is not counted")
        return f"of {item.address}"

    def of_subnet(self, item: Resource) -> tuple[str, ...]:
        """The group of a subnet that no association is for."""
        if item.references.get(_WRITTEN) is not None:
            groups = self.origins.of(item, GROUP, _WRITTEN)
            return (_name(groups[0]) if len(groups) == 1 else self.unread(item, _WRITTEN),)
        return self.known(item.values.get(_ID)) if _name(item).lower() not in self.left else ()

    def places(self, item: Resource) -> Iterator[str]:
        """The subnets of a network interface; one that cannot be told is called by the argument that names it."""
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
    """Groups go by their addresses everywhere."""
    return item.address if item.type == GROUP else str(item.values.get("id") or item.address)


def _is_ours(group: Resource) -> bool:
    tags = group.values.get("tags")
    return isinstance(tags, Mapping) and group.key is not None and tags.get(INTERFACE_TAG) == group.key


def _blocks(item: Resource, argument: str, *names: str) -> list[tuple[Any, ...]]:
    """What each block says: None for what is not there, as what is known after apply, "" for what is empty."""
    blocks = mappings(item.values.get(argument))
    return [tuple((block[name] or "") if name in block else None for name in names) for block in blocks]


def _left(document: Mapping[str, Any]) -> Iterable[str]:
    """Subnets that lose an association by the plan: what they say of themselves is from before."""
    for item in mappings(document.get("resource_changes")):
        change = mapping(item.get("change"))
        if item.get("type") == ON_SUBNET and "delete" in (change.get("actions") or ()):
            yield str(mapping(change.get("before")).get("subnet_id")).lower()
