"""Reads the tables of a module's `locals` row by row, and evaluates each row's rule as EC2 would.

A row counts only where terraform and EC2 take it literally: every key known, one remote, networks in canonical form, no
template in a text. Everything else is a deviation, with its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from esacloud.aws.descriptions import ALLOWED, LONGEST
from esacloud.aws.evaluate import permitted
from esacloud.aws.ip_permissions import SOURCES
from esacloud.aws.model import SourceKind
from esacloud.aws.terraform import write as terraform
from esacloud.packets.addresses import AddressError, parse_network
from esacloud.packets.sets import Box, Direction
from esacloud.terraform.syntax import plain

Rule = tuple[str, int | None, int | None, SourceKind, str]  # protocol, ports, remote

_GROUP_KEYS = {"interface", "description"}
_RULE_KEYS = {"group", "ip_protocol", "description", "rows", "entries"}
_SOURCES: dict[str, SourceKind] = {**{kind: kind for kind in SOURCES}, terraform.SELF: "self"}
_SHAPES = {  # every set of keys that a row can have -> the one that names the remote
    frozenset({*_RULE_KEYS, *ports, source}): source for source in _SOURCES for ports in ((), ("from_port", "to_port"))
}
_WHOLE_NUMBERS, _TEXTS = {int}, {str}
_WITH_PORTS = {"tcp", "udp", "icmp", "icmpv6"}
_IDS = {
    "prefix_list_id": r"pl-[0-9a-f]+",
    "referenced_security_group_id": r"(?:[0-9]{12}/)?sg-[0-9a-f]+",  # of another account: with its number
}


class _DeviationError(Exception):
    """A row that cannot be evaluated: the key in the row, or "", and what is wrong with it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key, self.message = key, message


def read_groups(table: Any, deviations: list[str]) -> dict[str, str]:
    """The groups, name -> interface, in the order of the table."""
    groups: dict[str, str] = {}
    if not isinstance(table, dict):
        deviations.append(f"{terraform.MAIN}: locals.groups is not a table.")
        return groups
    for name, row in table.items():
        if not isinstance(row, dict) or row.keys() != _GROUP_KEYS or plain(name) is None:
            deviations.append(f"{terraform.MAIN}: locals.groups.{name} is not a row with an interface and a description.")
        elif not isinstance(row["description"], str) or not _is_description(row["description"]):
            deviations.append(f"{terraform.MAIN}: locals.groups.{name}.description is not a text that EC2 accepts.")
        elif (interface := plain(row["interface"])) is None:
            deviations.append(f"{terraform.MAIN}: locals.groups.{name}.interface is not a text, or contains a template.")
        else:
            groups[name] = interface
    return groups


def read_rules(
    table: Any, direction: Direction, groups: Mapping[str, str], deviations: list[str]
) -> Iterator[tuple[str, Box]]:
    """The interface and the packets of every row that can be evaluated."""
    path = f"{terraform.MAIN}: locals.{direction}_rules"
    if not isinstance(table, dict):
        deviations.append(f"{path} is not a table.")
        return
    first_of: dict[str, str] = {}
    for group, interface in groups.items():
        first_of.setdefault(interface, group)
    seen: dict[tuple[Any, ...], str] = {}
    for key, row in table.items():
        try:
            group, rule = _rule(key, row, groups, first_of)
            box = permitted(direction, *rule)
        except _DeviationError as deviation:
            deviations.append(f"{path}.{key}{'.' if deviation.key else ''}{deviation.key} {deviation.message}")
        except ValueError as error:
            deviations.append(f"{path}.{key} is not a rule that EC2 accepts: {error}.")
        else:
            if (other := seen.setdefault((group, rule), key)) != key:
                deviations.append(f"{path}.{key} is the same rule as {other}; EC2 refuses it.")
            yield groups[group], box


def _rule(key: str, row: Any, groups: Mapping[str, str], first_of: Mapping[str, str]) -> tuple[str, Rule]:
    """A row's group and rule. Raises _DeviationError for what evaluating the rule alone would not find."""
    if not isinstance(row, dict):
        raise _DeviationError("", "is not a table row.")
    source = _SHAPES.get(frozenset(row))
    if source is None:
        raise _DeviationError("", _why_no_shape(row))
    if "{" in key and plain(key) is None:
        raise _DeviationError("", "has a template in its key.")
    group, protocol, remote = row["group"], row["ip_protocol"], row[source]
    if not isinstance(group, str) or group not in groups:
        raise _DeviationError("group", "does not name a group of this module.")
    if not isinstance(protocol, str) or (protocol not in _WITH_PORTS and protocol != "-1"):
        raise _DeviationError("ip_protocol", "is not one of tcp, udp, icmp, icmpv6 and -1.")
    if ("from_port" in row) != (protocol in _WITH_PORTS):
        raise _DeviationError("from_port", "and to_port are needed for every protocol except -1, which opens all ports.")
    _check_source(source, remote, first_of[groups[group]])
    _check_reasons(row)
    return group, (protocol, _port(row, "from_port"), _port(row, "to_port"), _SOURCES[source], remote)


def _check_reasons(row: Mapping[str, Any]) -> None:
    description, rows, entries = row["description"], row["rows"], row["entries"]
    if not isinstance(description, str) or not _is_description(description):
        raise _DeviationError("description", "is not a text that EC2 accepts, or contains a template.")
    if type(rows) is not list or not _WHOLE_NUMBERS.issuperset(map(type, rows)):
        raise _DeviationError("rows", "is not a list of whole numbers.")
    if type(entries) is not list or not _TEXTS.issuperset(map(type, entries)):
        raise _DeviationError("entries", "is not a list of texts.")
    if None in map(plain, entries):
        raise _DeviationError("entries", "contains a template.")


def _why_no_shape(row: Mapping[str, Any]) -> str:
    known = {*_RULE_KEYS, *_SOURCES, "from_port", "to_port"}
    if unknown := sorted(row.keys() - known):
        return f"has the unknown key {unknown[0]}."
    if missing := sorted(_RULE_KEYS - row.keys()):
        return f"lacks the key {missing[0]}."
    sources = [source for source in _SOURCES if source in row]
    if len(sources) != 1:
        return f"has {len(sources)} remotes where EC2 requires exactly one of {', '.join(_SOURCES)}."
    return "has one port and needs two or none."


@lru_cache(maxsize=4096)
def _is_description(text: str) -> bool:
    literal = plain(text)
    return literal is not None and 0 < len(literal) <= LONGEST and ALLOWED.issuperset(literal)


def _port(row: Mapping[str, Any], key: str) -> int | None:
    number = row.get(key)
    if (number is not None and type(number) is not int) or (number is None and key in row):
        raise _DeviationError(key, "is not a whole number.")
    return number


def _check_source(source: str, remote: Any, first_group: str) -> None:
    """Terraform and EC2 rewrite or refuse what is not in canonical form, so it would not be what was proven."""
    if not isinstance(remote, str):
        raise _DeviationError(source, "is not a text.")
    if source == terraform.SELF:
        if remote != first_group:
            raise _DeviationError(source, f"is not {first_group}, the first group of its interface.")
    elif source in _IDS:
        if not re.fullmatch(_IDS[source], remote):
            raise _DeviationError(source, "is not an ID of that kind.")
    elif deviation := _network_deviation(remote):
        raise _DeviationError(source, deviation)


@lru_cache(maxsize=4096)
def _network_deviation(text: str) -> str | None:
    try:
        network = parse_network(text)
    except AddressError as error:
        return f"is not a CIDR block: {error.message}"
    return None if str(network) == text else f"is not in canonical form, which is {network}."
