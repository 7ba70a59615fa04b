"""Security rules as the ARM API has them, read into `SecurityRule`: the only place that knows these spellings.

Azure accepts a value in several spellings and answers with any of them. A rule that was read has each value in one spelling
only: keywords and service tags as in the documentation, networks in canonical form, lists in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from esacloud.azure.evaluate import port_range
from esacloud.azure.model import SecurityRule
from esacloud.json_files import mappings
from esacloud.packets.addresses import AddressError, parse_network

SIDES = ("source", "destination")
WORDS = ("name", "priority", "direction", "access", "protocol")
_KEYWORDS = {
    word.lower(): word for word in ("Inbound", "Outbound", "Allow", "Deny", "Tcp", "Udp", "Icmp", "Esp", "Ah", "*")
}
_TAGS = {tag.lower(): tag for tag in ("Internet", "VirtualNetwork", "AzureLoadBalancer", "AzureCloud", "Storage", "Sql")}


def read_rule(name: object, properties: Mapping[str, Any], group_name: Callable[[Any], str]) -> SecurityRule:
    """The rule with these properties. `group_name` returns the name of an application security group, from its ID.

    The rule may be one that Azure refuses: nothing is checked here.
    """
    words: dict[str, Any] = {word: keyword(properties.get(word)) for word in WORDS[2:]}
    sides: dict[str, tuple[str, ...]] = {}
    for side in SIDES:
        groups = [group_name(group.get("id")) for group in mappings(properties.get(f"{side}ApplicationSecurityGroups"))]
        prefixes = [] if groups else _values(properties, f"{side}AddressPrefix", "es")
        sides[f"{side}_port_ranges"] = tuple(ordered_ports(_values(properties, f"{side}PortRange", "s")))
        sides[f"{side}_address_prefixes"] = tuple(ordered_prefixes(prefixes))
        sides[f"{side}_application_security_groups"] = tuple(sorted(groups))
    return SecurityRule(str(name), properties.get("priority"), **words, **sides)  # type: ignore[arg-type]


def keyword(value: object) -> str:
    """A direction, access or protocol as the documentation spells it."""
    return _KEYWORDS.get(str(value).lower(), str(value))


def ordered_ports(texts: Iterable[str]) -> list[str]:
    """Port ranges in ascending order."""
    texts = list(texts)
    try:
        return sorted(texts, key=port_range)
    except ValueError:
        return sorted(texts)


def ordered_prefixes(texts: Iterable[str]) -> list[str]:
    """Address prefixes in their canonical form, in order of their texts."""
    return sorted(map(_prefix, texts))


@lru_cache(maxsize=4096)
def _prefix(text: str) -> str:
    try:
        return str(parse_network(text))
    except AddressError:
        return _TAGS.get(text.lower(), text)


def _values(properties: Mapping[str, Any], key: str, plural: str) -> list[str]:
    """The values under the key in the singular and in the plural, of which Azure fills either."""
    first, others = properties.get(key), properties.get(key + plural)
    return [str(value) for value in (*([first] if first else []), *(others or ()))]


def one_or_many(key: str, plural: str, values: Sequence[str]) -> dict[str, Any]:
    """A single value under the key in the singular, several under the plural: as Azure and azurerm accept them."""
    return {key: values[0]} if len(values) == 1 else {key + plural: list(values)}
