"""Reads a module's documents back and evaluates them, without trusting who wrote them.

Everything outside the tables of `locals` must equal what `write.py` writes, because only that is known to mean the same to
terraform. Each row of the tables is evaluated by itself. A deviation is a sentence that names the file and the path in it,
as `main.tf.json: resource.aws_security_group.this.tags`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from esacloud.aws.firewall import FIREWALL, read_names
from esacloud.aws.model import DIRECTIONS
from esacloud.aws.terraform import write as terraform
from esacloud.aws.terraform.rows import read_groups, read_rules
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.filtered import FilteredName
from esacloud.policy.lowered import Document, ReadBack
from esacloud.terraform.syntax import document_deviations, plain

_VPC = r"vpc-[0-9a-f]+"


def read_back(documents: Mapping[str, Document]) -> ReadBack:
    """What the documents permit, by interface, and their deviations from what esacloud writes."""
    deviations: list[str] = []
    tables = _at(documents.get(terraform.MAIN), "locals")
    if not isinstance(tables, dict):
        return ReadBack({}, (f"{terraform.MAIN}: locals is missing, and with it every rule.",))
    deviations.extend(f"{terraform.MAIN}: locals.{sentence}" for sentence in _locals_deviations(tables))
    groups = read_groups(tables.get("groups"), deviations)
    boxes: dict[str, list[Box]] = {interface: [] for interface in groups.values()}
    for direction in DIRECTIONS:
        for interface, permitted in read_rules(tables.get(f"{direction}_rules"), direction, groups, deviations):
            boxes[interface].append(permitted)
    expected = _expected(documents, tables)
    filtered: frozenset[FilteredName] = frozenset()
    if FIREWALL in documents:
        filtered, expected[FIREWALL] = read_names(documents[FIREWALL], deviations)
    for file in sorted(documents.keys() | expected.keys()):
        if file not in expected:
            deviations.append(f"{file}: esacloud does not write this file.")
        elif file not in documents:
            deviations.append(f"{file}: The file is missing.")
        else:
            deviations.extend(f"{file}: {sentence}" for sentence in document_deviations(documents[file], expected[file]))
    packets = {interface: PacketSet.of(permitted) for interface, permitted in boxes.items()}
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
    variables = documents.get(terraform.VARIABLES)
    vpc = plain(_at(variables, "variable", "vpc_id", "default"))
    prefix = plain(_at(variables, "variable", "name_prefix", "default"))
    return {
        terraform.MAIN: {"//": terraform.COMMENT, "locals": tables, "resource": terraform.RESOURCES},
        terraform.VARIABLES: terraform.variables_document(
            vpc if vpc is not None and re.fullmatch(_VPC, vpc) else None, prefix if prefix is not None else "esacloud-"
        ),
        terraform.OUTPUTS: terraform.OUTPUTS_DOCUMENT,
        terraform.VERSIONS: (terraform.VERSIONS_WITH_FIREWALL if FIREWALL in documents else terraform.VERSIONS_DOCUMENT),
    }


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
