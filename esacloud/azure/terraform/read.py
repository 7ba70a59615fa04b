"""Reads a module's documents back and evaluates them, without trusting who wrote them.

Everything outside the tables of `locals` must equal what `write.py` writes, because only that is known to mean the same to
terraform. Each row of the tables is evaluated by itself. A deviation is a sentence that names the file and the path in it,
as `main.tf.json: locals.security_rules.data1/in-tcp-25`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from esacloud.azure.arm_rules import SIDES
from esacloud.azure.checks import problems
from esacloud.azure.dialect import APPLICATION_SECURITY_GROUP_PATTERN, DIALECT
from esacloud.azure.evaluate import match, permitted
from esacloud.azure.firewall import FIREWALL, read_names
from esacloud.azure.model import SELF, NetworkSecurityGroup, SecurityRule
from esacloud.azure.terraform import write as terraform
from esacloud.json_files import mapping
from esacloud.policy.filtered import FilteredName
from esacloud.policy.lowered import Document, ReadBack
from esacloud.terraform.syntax import module_deviations, plain

_TEXTS = ("group", "name", "direction", "access", "protocol", "description")
_is_group = re.compile(APPLICATION_SECURITY_GROUP_PATTERN).match
_TABLE = f"{terraform.MAIN}: locals.security_rules"


class _DeviationError(Exception):
    """A row that cannot be evaluated; its text is what is wrong with it."""


def read_back(documents: Mapping[str, Document]) -> ReadBack:
    """What the documents permit, by interface, and their deviations from what esacloud writes."""
    deviations: list[str] = []
    tables = mapping(mapping(documents.get(terraform.MAIN)).get("locals"))
    rules = _read_groups(tables.get("groups"), deviations)
    _read_rules(tables.get("security_rules"), rules, deviations)
    groups = [NetworkSecurityGroup(interface, tuple(own_rules)) for interface, own_rules in rules.items()]
    expected = _expected(documents, tables, groups)
    filtered: frozenset[FilteredName] = frozenset()
    if FIREWALL in documents:
        filtered, expected[FIREWALL] = read_names(documents[FIREWALL], deviations)
    deviations.extend(module_deviations(documents, expected))
    deviations.extend(f"{_TABLE}: {problem}" for problem in problems(groups))
    return ReadBack({group.interface: permitted(group.rules) for group in groups}, tuple(deviations), filtered)


def _read_groups(table: Any, deviations: list[str]) -> dict[str, list[SecurityRule]]:
    """An empty list of rules for each group."""
    if not isinstance(table, dict):
        deviations.append(f"{terraform.MAIN}: locals.groups is not a table.")
        return {}
    for name in table:
        if plain(name) != name:
            deviations.append(f"{terraform.MAIN}: locals.groups.{name} has a template in its key.")
    return {name: [] for name in table}


def _read_rules(table: Any, rules: Mapping[str, list[SecurityRule]], deviations: list[str]) -> None:
    if not isinstance(table, dict):
        deviations.append(f"{_TABLE} is not a table.")
        return
    for key, row in table.items():
        try:
            rule = _rule(row)
            if row["group"] not in rules:
                raise _DeviationError("does not name a group of this module")
            if key != f"{row['group']}/{rule.name}":
                raise _DeviationError("is not the key of its own group and name")
        except _DeviationError as deviation:
            deviations.append(f"{_TABLE}.{key} {deviation}.")
        else:
            rules[row["group"]].append(rule)


def _rule(row: Any) -> SecurityRule:
    """The rule of a row that terraform turns into exactly that rule. Raises _DeviationError."""
    if not isinstance(row, dict):
        raise _DeviationError("is not a table row")
    rest = dict(row)
    texts = {key: _text(rest.pop(key, None), key) for key in _TEXTS}
    del texts["group"]
    priority = rest.pop("priority", None)
    if type(priority) is not int:
        raise _DeviationError("has a priority that is not a whole number")
    sides: dict[str, tuple[str, ...]] = {}
    for side in SIDES:
        sides |= _read_side(rest, side)
    rows, entries = rest.pop("rows", None), rest.pop("entries", None)
    if type(rows) is not list or any(type(number) is not int for number in rows):
        raise _DeviationError("has rows that are not a list of whole numbers")
    reasons = _list(entries, "entries", may_be_empty=True)
    if rest:
        raise _DeviationError(f"has the unknown key {next(iter(rest))}")
    rule = SecurityRule(priority=priority, rows=tuple(rows), entries=reasons, **texts, **sides)  # type: ignore[arg-type]
    try:
        matched = match(rule)
    except ValueError as error:
        raise _DeviationError(f"is not a rule that Azure accepts: {error}") from None
    if not matched.allows and not matched.is_everything:
        raise _DeviationError("denies only a part; its share of service tags and groups is known only to Azure")
    return rule


def _read_side(rest: dict[str, Any], side: str) -> dict[str, tuple[str, ...]]:
    """The fields of one side of a rule, taken out of the row."""
    key = f"{side}_application_security_groups"
    ports, groups = _one_of(rest, f"{side}_port_range", f"{side}_port_ranges"), rest.pop(key, None)
    if groups is None:
        prefixes = _one_of(rest, f"{side}_address_prefix", f"{side}_address_prefixes")
        return {f"{side}_port_ranges": ports, f"{side}_address_prefixes": prefixes}
    names = _list(groups, key)
    if unknown := [name for name in names if name != SELF and not _is_group(name)]:
        raise _DeviationError(f"names {unknown[0]!r}, which is not an application security group")
    return {f"{side}_port_ranges": ports, f"{side}_address_prefixes": (), key: names}


def _text(value: Any, key: str) -> str:
    if type(value) is str and "{" not in value:  # most texts, without a call
        return value
    if not isinstance(value, str) or plain(value) != value:
        raise _DeviationError(f"has a {key} that is not a text, or contains a template")
    return value


def _list(value: Any, key: str, *, may_be_empty: bool = False) -> tuple[str, ...]:
    if type(value) is not list or not (value or may_be_empty):
        raise _DeviationError(f"has {key} that are not a list")
    return tuple(_text(item, key) for item in value)


def _one_of(rest: dict[str, Any], singular: str, plural: str) -> tuple[str, ...]:
    """The values under one of the two keys. Azure refuses a rule with both or with none."""
    if (singular in rest) == (plural in rest):
        raise _DeviationError(f"needs either {singular} or {plural}, and not both")
    return (_text(rest.pop(singular), singular),) if singular in rest else _list(rest.pop(plural), plural)


def _expected(
    documents: Mapping[str, Document], tables: Mapping[str, Any], groups: list[NetworkSecurityGroup]
) -> dict[str, Document]:
    """What esacloud writes around these rules, with the defaults of the variables where they are valid."""
    variables = mapping(mapping(documents.get(terraform.VARIABLES)).get("variable"))
    values = {"resource_group": "", "location": ""}
    for variable, setting in terraform.SETTINGS.items():
        default = mapping(variables.get(variable)).get("default")
        if isinstance(default, str) and DIALECT.settings[setting].check(default) is None:
            values[setting] = default
    deployment = plain(tables.get("deployment")) or ""
    tags = {
        key: value
        for name, text in mapping(tables.get("tags")).items()
        if (key := plain(name)) is not None and (value := plain(text)) is not None
    }
    rows = {"groups": terraform.groups_table(groups), "security_rules": tables.get("security_rules")}
    return {
        terraform.MAIN: terraform.main_document(deployment, tags, rows),
        terraform.VARIABLES: terraform.variables_document(values, deployment, [group.interface for group in groups]),
        terraform.OUTPUTS: terraform.OUTPUTS_DOCUMENT,
        terraform.VERSIONS: terraform.VERSIONS_DOCUMENT,
    }
