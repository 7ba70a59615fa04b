"""Resources in what Azure prints: one, a list, a page of a list, or a template; as ARM has them or as `az` flattens them.

Beside the groups themselves this tells what they are on: network interfaces, and subnets, alone or in their networks.
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
    """What is on what: the three maps of `ActualGroups`."""

    attached: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    around: dict[str, tuple[str, ...]] = field(default_factory=dict)


def items(document: Any) -> Iterator[Item]:
    """Every resource in the document, those in pages and templates too."""
    if isinstance(document, list):
        for item in document:
            yield from items(item)
    elif isinstance(document, Mapping):
        lists = [document[key] for key in ("value", "resources") if isinstance(document.get(key), list)]
        if lists and not kind_of(document):
            for one in lists:
                yield from items(one)
        else:
            yield document


def kind_of(item: Item) -> str:
    """The kind as ARM names it, in lower case: as the resource says, else as its id does, else as it looks."""
    if isinstance(item.get("type"), str):
        return str(item["type"]).lower()
    found = _in_id(str(item.get("id") or ""))
    if found:
        return "/".join(filter(None, found.groups())).lower()
    looks_so = isinstance(item.get("securityRules"), list) and isinstance(item.get("name"), str)
    return GROUP if looks_so else ""


def inner(item: Item) -> Item:
    """The properties of a resource, which `az` puts beside its name."""
    inside = item.get("properties")
    return inside if isinstance(inside, Mapping) else item


def attachments(found: Iterable[Item]) -> Attachments:
    """What the resources say about network interfaces and subnets. A subnet without a group is told from an unknown one."""
    out = Attachments()
    for item in found:
        kind, inside, own = kind_of(item), inner(item), str(item.get("id") or item.get("name"))
        if kind == GROUP:
            for subnet in _ids(inside.get("subnets")):
                out.around[subnet.lower()] = (own,)
        elif kind == INTERFACE:
            out.attached[own] = _carried(inside)
            configurations = [inner(one).get("subnet") for one in mappings(inside.get("ipConfigurations"))]
            out.inside[own] = tuple(dict.fromkeys(_ids(configurations)))
        elif kind == SUBNET:
            out.around[own.lower()] = out.around.get(own.lower()) or _carried(inside)
        elif kind == NETWORK:
            for part in mappings(inside.get("subnets")):
                place = str(part.get("id") or f"{own}/subnets/{part.get('name')}").lower()
                out.around[place] = out.around.get(place) or _carried(inner(part))
    return out


def _carried(inside: Item) -> tuple[str, ...]:
    return tuple(_ids([inside.get("networkSecurityGroup")]))


def _ids(value: Any) -> list[str]:
    return [str(item["id"]) for item in mappings(value) if item.get("id")]
