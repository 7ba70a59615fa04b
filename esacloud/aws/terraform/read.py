"""Reads a module's documents back and evaluates them, without trusting who wrote them.

Everything outside the tables of `locals` must equal what `write.py` writes, because only that is known to mean the same to
terraform. Each row of the tables is evaluated by itself, as EC2 would, where terraform and EC2 take it literally: every key
known, one remote, networks in canonical form, no template in a text. A deviation is a sentence that names the file and the
path in it, as `main.tf.json: resource.aws_security_group.this.tags`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from esacloud.aws.descriptions import ALLOWED, LONGEST
from esacloud.aws.evaluate import permitted
from esacloud.aws.firewall import FIREWALL, read_names
from esacloud.aws.ip_permissions import SOURCES
from esacloud.aws.model import DIRECTIONS, SourceKind
from esacloud.aws.terraform import write as terraform
from esacloud.json_files import mapping
from esacloud.packets.addresses import AddressError, parse_network
from esacloud.packets.sets import Box, Direction, PacketSet
from esacloud.policy.filtered import FilteredName
from esacloud.policy.lowered import Document, ReadBack
from esacloud.terraform.syntax import module_deviations, plain

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
_VPC = r"vpc-[0-9a-f]+"


class _DeviationError(Exception):
    """A row that cannot be evaluated. The text continues its path: ` is not a table row`, `.rows is not a list`."""


def read_back(documents: Mapping[str, Document]) -> ReadBack:
    """What the documents permit, by interface, and their deviations from what esacloud writes."""
    deviations: list[str] = []
    tables = mapping(documents.get(terraform.MAIN)).get("locals")
    if not isinstance(tables, dict):
        return ReadBack({}, (f"{terraform.MAIN}: locals is missing, and with it every rule.",))
    deviations.extend(f"{terraform.MAIN}: locals.{sentence}" for sentence in _locals_deviations(tables))
    groups = _read_groups(tables.get("groups"), deviations)
    boxes: dict[str, list[Box]] = {interface: [] for interface in groups.values()}
    for direction in DIRECTIONS:
        for interface, box in _read_rules(tables.get(f"{direction}_rules"), direction, groups, deviations):
            boxes[interface].append(box)
    expected = _expected(documents, tables)
    filtered: frozenset[FilteredName] = frozenset()
    if FIREWALL in documents:
        filtered, expected[FIREWALL] = read_names(documents[FIREWALL], deviations)
    deviations.extend(module_deviations(documents, expected))
    packets = {interface: PacketSet.of(own_boxes) for interface, own_boxes in boxes.items()}
    return ReadBack(packets, tuple(deviations), filtered)


def _locals_deviations(tables: Mapping[str, Any]) -> Iterator[str]:
    """The deviations in `locals` outside the rows of the tables."""
    known = ("deployment", "tags", *terraform.TABLES)
    yield from (f"{key} is missing." for key in known if key not in tables)
    yield from (f"{key} is not written by esacloud." for key in tables if key not in known)
    if plain(tables.get("deployment")) is None:
        yield "deployment is not a text, or contains a template."
    tags = tables.get("tags")
    if not isinstance(tags, dict) or any(plain(text) is None for item in tags.items() for text in item):
        yield "tags are not texts, or contain a template."


def _expected(documents: Mapping[str, Document], tables: Mapping[str, Any]) -> dict[str, Document]:
    """What esacloud writes around these tables, with the defaults of the variables where they are valid."""
    variables = mapping(mapping(documents.get(terraform.VARIABLES)).get("variable"))
    vpc, prefix = (plain(mapping(variables.get(name)).get("default")) for name in ("vpc_id", "name_prefix"))
    return {
        terraform.MAIN: {"//": terraform.COMMENT, "locals": tables, "resource": terraform.RESOURCES},
        terraform.VARIABLES: terraform.variables_document(
            vpc if vpc is not None and re.fullmatch(_VPC, vpc) else None, prefix if prefix is not None else "esacloud-"
        ),
        terraform.OUTPUTS: terraform.OUTPUTS_DOCUMENT,
        terraform.VERSIONS: (terraform.VERSIONS_WITH_FIREWALL if FIREWALL in documents else terraform.VERSIONS_DOCUMENT),
    }


def _read_groups(table: Any, deviations: list[str]) -> dict[str, str]:
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


def _read_rules(
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
            deviations.append(f"{path}.{key}{deviation}")
        except ValueError as error:
            deviations.append(f"{path}.{key} is not a rule that EC2 accepts: {error}.")
        else:
            if (other := seen.setdefault((group, rule), key)) != key:
                deviations.append(f"{path}.{key} is the same rule as {other}; EC2 refuses it.")
            yield groups[group], box


def _rule(key: str, row: Any, groups: Mapping[str, str], first_of: Mapping[str, str]) -> tuple[str, Rule]:
    """A row's group and rule. Raises _DeviationError for what evaluating the rule alone would not find."""
    if not isinstance(row, dict):
        raise _DeviationError(" is not a table row.")
    source = _SHAPES.get(frozenset(row))
    if source is None:
        raise _DeviationError(f" {_why_no_shape(row)}")
    if "{" in key and plain(key) is None:
        raise _DeviationError(" has a template in its key.")
    group, protocol, remote = row["group"], row["ip_protocol"], row[source]
    if not isinstance(group, str) or group not in groups:
        raise _DeviationError(".group does not name a group of this module.")
    if not isinstance(protocol, str) or (protocol not in _WITH_PORTS and protocol != "-1"):
        raise _DeviationError(".ip_protocol is not one of tcp, udp, icmp, icmpv6 and -1.")
    if ("from_port" in row) != (protocol in _WITH_PORTS):
        raise _DeviationError(".from_port and to_port are needed for every protocol except -1, which opens all ports.")
    _check_source(source, remote, first_of[groups[group]])
    _check_reasons(row)
    return group, (protocol, _port(row, "from_port"), _port(row, "to_port"), _SOURCES[source], remote)


def _check_reasons(row: Mapping[str, Any]) -> None:
    description, rows, entries = row["description"], row["rows"], row["entries"]
    if not isinstance(description, str) or not _is_description(description):
        raise _DeviationError(".description is not a text that EC2 accepts, or contains a template.")
    if type(rows) is not list or not _WHOLE_NUMBERS.issuperset(map(type, rows)):
        raise _DeviationError(".rows is not a list of whole numbers.")
    if type(entries) is not list or not _TEXTS.issuperset(map(type, entries)):
        raise _DeviationError(".entries is not a list of texts.")
    if None in map(plain, entries):
        raise _DeviationError(".entries contains a template.")


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
        raise _DeviationError(f".{key} is not a whole number.")
    return number


def _check_source(source: str, remote: Any, first_group: str) -> None:
    """Terraform and EC2 rewrite or refuse what is not in canonical form, so it would not be what was proven."""
    if not isinstance(remote, str):
        raise _DeviationError(f".{source} is not a text.")
    if source == terraform.SELF:
        if remote != first_group:
            raise _DeviationError(f".{source} is not {first_group}, the first group of its interface.")
    elif source in _IDS:
        if not re.fullmatch(_IDS[source], remote):
            raise _DeviationError(f".{source} is not an ID of that kind.")
    elif deviation := _network_deviation(remote):
        raise _DeviationError(f".{source} {deviation}")


@lru_cache(maxsize=4096)
def _network_deviation(text: str) -> str | None:
    try:
        network = parse_network(text)
    except AddressError as error:
        return f"is not a CIDR block: {error.message}"
    return None if str(network) == text else f"is not in canonical form, which is {network}."
