"""Resources in Azure's JSON: one, a list, a page of a list, or a template; as ARM has them or as `az` flattens them.

In addition to the groups it reads what they are attached to: network interfaces, and subnets, also inside their networks.
https://learn.microsoft.com/rest/api/virtualnetwork/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from esacloud.json_files import mappings

Item = Mapping[str, Any]
GROUP, INTERFACE = "microsoft.network/networksecuritygroups", "microsoft.network/networkinterfaces"
NETWORK, RULE = "microsoft.network/virtualnetworks", f"{GROUP}/securityrules"
SUBNET = f"{NETWORK}/subnets"
_in_id = re.compile(
    r"/providers/(?P<provider>microsoft\.network)/(?P<kind>[^/]+)/[^/]+(?:/(?P<part>[^/]+)/[^/]+)?", re.IGNORECASE
).search


@dataclass(slots=True)
class Attachments:
    """Which group is attached to what: the three maps of `ActualGroups`."""

    attached: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    around: dict[str, tuple[str, ...]] = field(default_factory=dict)


def items(document: Any) -> Iterator[Item]:
    """Every resource in the document, also those in pages and templates."""
    if isinstance(document, list):
        for item in document:
            yield from items(item)
    elif isinstance(document, Mapping):
        lists = [document[key] for key in ("value", "resources") if isinstance(document.get(key), list)]
        if lists and not kind_of(document):
            yield from items([item for resources in lists for item in resources])
        else:
            yield document


def kind_of(item: Item) -> str:
    """The kind as ARM names it, in lower case: from the resource's type, its ID, or its shape."""
    if isinstance(item.get("type"), str):
        return str(item["type"]).lower()
    found = _in_id(str(item.get("id") or ""))
    if found:
        return "/".join(filter(None, found.groups())).lower()
    has_shape = isinstance(item.get("securityRules"), list) and isinstance(item.get("name"), str)
    return GROUP if has_shape else ""


def inner(item: Item) -> Item:
    """The properties of a resource, which `az` puts next to its name."""
    inside = item.get("properties")
    return inside if isinstance(inside, Mapping) else item


def attachments(found: Iterable[Item]) -> Attachments:
    """What the resources say about network interfaces and subnets. A subnet without a group differs from an unknown one."""
    out = Attachments()
    for item in found:
        kind, inside, own = kind_of(item), inner(item), str(item.get("id") or item.get("name"))
        if kind == GROUP:
            for subnet in _ids(inside.get("subnets")):
                out.around[subnet.lower()] = (own,)
        elif kind == INTERFACE:
            out.attached[own] = _attached_group(inside)
            configurations = [inner(item).get("subnet") for item in mappings(inside.get("ipConfigurations"))]
            out.inside[own] = tuple(dict.fromkeys(_ids(configurations)))
        elif kind == SUBNET:
            out.around[own.lower()] = out.around.get(own.lower()) or _attached_group(inside)
        elif kind == NETWORK:
            for part in mappings(inside.get("subnets")):
                place = str(part.get("id") or f"{own}/subnets/{part.get('name')}").lower()
                out.around[place] = out.around.get(place) or _attached_group(inner(part))
    return out


def _attached_group(inside: Item) -> tuple[str, ...]:
    return tuple(_ids([inside.get("networkSecurityGroup")]))


def _ids(value: Any) -> list[str]:
    return [str(item["id"]) for item in mappings(value) if item.get("id")]
