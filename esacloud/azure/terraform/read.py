"""Reads a module's documents back and evaluates them, trusting nobody.

Everything outside the tables of `locals` has to be, to the letter, what `terraform.py` writes, because only of that is it
known what terraform makes of it; each row of the tables is then read for itself and evaluated. Whatever deviates is an
oddity: a sentence that names the file and the path in it, as `main.tf.json: locals.security_rules.data1/in-tcp-25`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from esacloud.azure.checks import problems
from esacloud.azure.dialect import APPLICATION_SECURITY_GROUP_PATTERN, DIALECT
from esacloud.azure.evaluate import match, permitted
from esacloud.azure.firewall import FIREWALL, read_names
from esacloud.azure.model import SELF, NetworkSecurityGroup, SecurityRule
from esacloud.azure.terraform import write as terraform
from esacloud.policy.filtered import FilteredName
from esacloud.policy.lowered import Document, ReadBack
from esacloud.terraform.syntax import module_deviations, plain

_SIMPLE = ("group", "name", "direction", "access", "protocol", "description")
_is_group = re.compile(APPLICATION_SECURITY_GROUP_PATTERN).match
_TABLE = f"{terraform.MAIN}: locals.security_rules"


class _DeviationError(Exception):
    """A row that cannot be evaluated; its text says what is wrong with it."""


def read_back(documents: Mapping[str, Document]) -> ReadBack:
    """What the documents permit, by interface, and what in them is not as esacloud writes it."""
    deviations: list[str] = []
    found = _at(documents.get(terraform.MAIN), "locals")
    tables = found if isinstance(found, dict) else {}
    rules = _groups(tables.get("groups"), deviations)
    _read_rules(tables.get("security_rules"), rules, deviations)
    groups = [NetworkSecurityGroup(interface, tuple(of_it)) for interface, of_it in rules.items()]
    expected = _expected(documents, tables, groups)
    filtered: frozenset[FilteredName] = frozenset()
    if FIREWALL in documents:
        filtered, expected[FIREWALL] = read_names(documents[FIREWALL], deviations)
    deviations.extend(module_deviations(documents, expected))
    deviations.extend(f"{_TABLE}: {problem}" for problem in problems(groups))
    return ReadBack({group.interface: permitted(group.rules) for group in groups}, tuple(deviations), filtered)


def _groups(table: Any, deviations: list[str]) -> dict[str, list[SecurityRule]]:
    """An empty list of rules for each group."""
    if not isinstance(table, dict):
        deviations.append(f"{terraform.MAIN}: locals.groups is no table.")
        return {}
    for name in table:
        if plain(name) != name:
            deviations.append(f"{terraform.MAIN}: locals.groups.{name} has a template in its key.")
    return {name: [] for name in table}


def _read_rules(table: Any, rules: Mapping[str, list[SecurityRule]], deviations: list[str]) -> None:
    if not isinstance(table, dict):
        deviations.append(f"{_TABLE} is no table.")
        return
    for key, row in table.items():
        try:
            rule = _rule(row)
            if row["group"] not in rules:
                raise _DeviationError("names no group of this module")
            if key != f"{row['group']}/{rule.name}":
                raise _DeviationError("is not the key of its own group and name")
        except _DeviationError as deviation:
            deviations.append(f"{_TABLE}.{key} {deviation}.")
        else:
            rules[row["group"]].append(rule)


def _rule(row: Any) -> SecurityRule:
    """The rule of a row that terraform turns into exactly that rule. Raises _DeviationError."""
    if not isinstance(row, dict):
        raise _DeviationError("is no row of a table")
    rest = dict(row)
    texts = {key: _text(rest.pop(key, None), key) for key in _SIMPLE}
    priority = rest.pop("priority", None)
    if type(priority) is not int:
        raise _DeviationError("has no whole number as its priority")
    sides = {}
    for side in ("source", "destination"):
        sides[f"{side}_port_ranges"] = _one_of(rest, f"{side}_port_range", f"{side}_port_ranges")
        groups = rest.pop(f"{side}_application_security_groups", None)
        if groups is None:
            sides[f"{side}_address_prefixes"] = _one_of(rest, f"{side}_address_prefix", f"{side}_address_prefixes")
        else:
            named = _list(groups, f"{side}_application_security_groups")
            if unknown := [name for name in named if name != SELF and not _is_group(name)]:
                raise _DeviationError(f"names {unknown[0]!r}, which is no application security group")
            sides[f"{side}_application_security_groups"] = named
            sides[f"{side}_address_prefixes"] = ()
    rows, entries = rest.pop("rows", None), rest.pop("entries", None)
    if type(rows) is not list or any(type(number) is not int for number in rows):
        raise _DeviationError("has rows that are no list of whole numbers")
    reasons = _list(entries, "entries", may_be_empty=True)
    if rest:
        raise _DeviationError(f"has {next(iter(rest))} where no rule of esacloud's has it")
    rule = SecurityRule(
        name=texts["name"],
        priority=priority,
        direction=texts["direction"],  # type: ignore[arg-type]  # evaluate.py refuses what these three may not be
        access=texts["access"],  # type: ignore[arg-type]
        protocol=texts["protocol"],  # type: ignore[arg-type]
        description=texts["description"],
        rows=tuple(rows),
        entries=reasons,
        **sides,
    )
    try:
        matched = match(rule)
    except ValueError as error:
        raise _DeviationError(f"is no rule that Azure takes: {error}") from None
    if not matched.allows and not matched.is_everything:
        raise _DeviationError("denies a part; what that takes from service tags and groups cannot be seen from here")
    return rule


def _text(value: Any, key: str) -> str:
    if type(value) is str and "{" not in value:  # most texts, without a call
        return value
    if not isinstance(value, str) or plain(value) != value:
        raise _DeviationError(f"has no plain text as its {key}")
    return value


def _list(value: Any, key: str, *, may_be_empty: bool = False) -> tuple[str, ...]:
    if type(value) is not list or not (value or may_be_empty):
        raise _DeviationError(f"has no list as its {key}")
    return tuple(_text(item, key) for item in value)


def _one_of(rest: dict[str, Any], singular: str, plural: str) -> tuple[str, ...]:
    """The values under one of the two keys. Azure refuses a rule with both or with none."""
    if (singular in rest) == (plural in rest):
        raise _DeviationError(f"needs either {singular} or {plural}, and not both")
    return (_text(rest.pop(singular), singular),) if singular in rest else _list(rest.pop(plural), plural)


def _expected(
    documents: Mapping[str, Document], tables: Mapping[str, Any], groups: list[NetworkSecurityGroup]
) -> dict[str, Document]:
    """What esacloud would have written around these rules and with these defaults of variables."""
    variables = _at(documents.get(terraform.VARIABLES), "variable")
    values = {}
    for setting, variable in (
        ("resource_group", "resource_group_name"),
        ("location", "location"),
        ("subscription", "subscription_id"),
        ("name_prefix", "name_prefix"),
    ):
        default = _at(variables, variable, "default")
        if isinstance(default, str) and DIALECT.settings[setting].check(default) is None:
            values[setting] = default
    deployment = plain(tables.get("deployment")) or ""
    tags = tables.get("tags")
    plain_tags = {
        key: value
        for name, text in (tags.items() if isinstance(tags, dict) else ())
        if (key := plain(name)) is not None and (value := plain(text)) is not None
    }
    interfaces = [group.interface for group in groups]
    rows = {"groups": terraform.groups_table(groups), "security_rules": tables.get("security_rules")}
    return {
        terraform.MAIN: terraform.main_document(deployment, plain_tags, rows),
        terraform.VARIABLES: terraform.variables_document(
            {"resource_group": "", "location": "", **values},
            values.get("name_prefix", terraform.default_prefix(deployment)),
            interfaces,
        ),
        terraform.OUTPUTS: terraform.OUTPUTS_DOCUMENT,
        terraform.VERSIONS: terraform.VERSIONS_DOCUMENT,
    }


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
