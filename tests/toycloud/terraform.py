"""A Terraform module of the built-in resource `terraform_data`, one for each filter, and such a module read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esacloud.deployment.model import Deployment
from esacloud.policy.lowered import Document, Lowered, ReadBack
from esacloud.terraform.syntax import document_deviations
from toycloud.lower import evaluate

MAIN = "main.tf.json"


def documents(lowered: Lowered, deployment: Deployment) -> Mapping[str, Document]:
    """The documents of the module. What differs between modules stands in `locals`."""
    return _documents(deployment.name, lowered.native)


def _documents(name: Any, filters: Any) -> dict[str, Document]:
    return {
        MAIN: {
            "//": ["Filters of the toy cloud."],
            "locals": {"deployment": name, "filters": filters},
            "resource": {"terraform_data": {"filter": {"for_each": "${local.filters}", "input": "${each.value}"}}},
        },
        "variables.tf.json": {"variable": {}},
        "outputs.tf.json": {"output": {"filters": {"description": "The filters.", "value": "${local.filters}"}}},
        "versions.tf.json": {"terraform": {"required_version": ">= 1.5.0", "required_providers": {}}},
    }


def read_back(documents: Mapping[str, Document]) -> ReadBack:
    """What the module permits. Everything but the tables has to be as `documents` writes it."""
    tables = documents.get(MAIN, {}).get("locals", {})
    expected = _documents(tables.get("deployment"), tables.get("filters"))
    deviations = tuple(document_deviations(dict(documents), expected))
    try:
        packets = evaluate(tables.get("filters") or {})
    except (TypeError, ValueError, AttributeError) as error:
        return ReadBack({}, (*deviations, f"{MAIN}: locals.filters cannot be read: {error}."))
    return ReadBack(packets, deviations)
