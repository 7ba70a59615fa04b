"""The address prefixes of one rule, refused as the platform refuses them.

Host bits: https://github.com/kubernetes-sigs/cloud-provider-azure/issues/5599. Tags in lists:
https://github.com/hashicorp/terraform-provider-azurerm/issues/5617. Overlaps in a list:
https://github.com/kubernetes-sigs/cloud-provider-azure/issues/6775. Two families in a rule:
https://github.com/hashicorp/terraform-provider-azurerm/issues/12534. Stricter than the platform in one thing: short forms
of an IPv4 address are refused, where it has been seen to take `111`. Service tags: those of
`service_tags.json`, which Azure documents; any other word is not a prefix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from esacloud.lab.arm.errors import ArmError, bad_request
from esacloud.packets.addresses import AddressError, Network, parse_network


def check_prefix(rule_id: str, prefix: str) -> list[Network]:
    """One prefix by itself: a network, an address, a service tag or `*`. Gives its networks: one or none."""
    if prefix == "*" or is_service_tag(prefix):
        return []
    try:
        return [parse_network(prefix)]
    except AddressError:
        raise _invalid(rule_id, prefix) from None


def check_prefixes(rule_id: str, parameter: str, prefixes: Iterable[str]) -> list[Network]:
    """A list of prefixes, which takes neither tags nor `*` nor two that overlap. `parameter`: `SourceAddressPrefix`, ..."""
    networks: list[Network] = []
    for prefix in prefixes:
        found = check_prefix(rule_id, prefix)
        if not found:
            raise bad_request(
                "SecurityRuleParameterContainsUnsupportedValue",
                f"Security rule parameter {parameter} for rule with Id {rule_id} cannot specify existing VIRTUALNETWORK, "
                f"INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: {prefix}.",
            )
        networks += found
    overlap = first_overlap(networks)
    if overlap:
        raise bad_request(
            "OverlappingSubnetsNotPermittedInSecurityRule",
            f"Security rule parameter {parameter} for rule with Id {rule_id} contains overlapping subnets "
            f"[{overlap[0]}, {overlap[1]}], which is not permitted.",
        )
    return networks


def check_one_family(rule_id: str, networks: Iterable[Network]) -> None:
    """Refuse a rule that names both IPv4 and IPv6 networks, on whichever side."""
    if len({network.version for network in networks}) > 1:
        raise bad_request(
            "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
            f"Resource {rule_id} contains IP addresses or prefixes that belong to different address families. "
            "All IP addresses or prefixes in the resource should belong to the same address family.",
        )


def first_overlap(networks: Iterable[Network]) -> tuple[Network, Network] | None:
    """Two of the networks that share an address, or None."""
    ordered = sorted(networks)
    for one, other in pairwise(ordered):
        if one.version == other.version and other.first <= one.last:
            return one, other
    return None


def _invalid(rule_id: str, prefix: str) -> ArmError:
    return bad_request(
        "SecurityRuleInvalidAddressPrefix",
        f"Security rule {rule_id} has invalid Address prefix. Value provided: {prefix}",
    )


_is_part = re.compile(r"[A-Za-z0-9]+").fullmatch


@cache
def _known() -> frozenset[str]:
    return frozenset(tag.lower() for tag in json.loads(Path(__file__).with_name("service_tags.json").read_bytes())["tags"])


def is_service_tag(text: str) -> bool:
    """Whether the text is a documented tag, with or without a region behind a full stop. Case does not count."""
    tag, dot, part = text.partition(".")
    return tag.lower() in _known() and (not dot or bool(_is_part(part)))
