"""A reusable module's files: the shared inputs and expressions put together with those of one cloud.

The same catalogue gives the same bytes. What a cloud adds stands in `esacloud/<cloud>/module.py`, the module that `Part`
describes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from esacloud.catalogue.model import Catalogue
from esacloud.clouds import CLOUDS
from esacloud.modules.logic import COMMENT, shared_locals
from esacloud.modules.table import FILE, catalogue_document
from esacloud.modules.variables import shared_variables, wider_variable
from esacloud.terraform.layout import render

MAIN, VARIABLES, OUTPUTS, VERSIONS, README = (
    "main.tf.json",
    "variables.tf.json",
    "outputs.tf.json",
    "versions.tf.json",
    "README.md",
)


class Part(Protocol):
    """The module `esacloud.<cloud>.module`: expressions and pieces of documents, as constants."""

    TITLE: str  # of the cloud
    GROUPS: str  # what it calls groups of rules, in the plural
    MORE: str  # lines of the README that hold for this cloud alone
    EXAMPLE: str  # of the README, in HCL
    DOCS: str  # where the provider's resources are documented
    PROVIDER: str
    ONLY_AS_WIDER: bool
    COMMENT: Sequence[str]
    PEER: Mapping[str, tuple[str, str]]
    PEER_CHECKS: Sequence[tuple[str, str]]
    REFERENCES: str
    PUBLIC_KEYS: Sequence[str]  # references that stand for public addresses
    NAME: Mapping[str, str]
    NAME_PREFIX: Mapping[str, str]
    TAGS: Mapping[str, str]
    MODULE_RESOURCES: Mapping[str, Any]
    OUTPUTS: Mapping[str, Any]
    VERSIONS: Mapping[str, Any]
    # For the tests that ship: arguments of place; the resources that hold the preconditions on groups and on rules, and an
    # expression for the table of rules of `%s`; the output with ids; keys that a small gateway has; claims, and runs more.
    PLACE: Mapping[str, Any]
    TESTED: tuple[str, str, str]
    IDS: str
    SMALL_KEYS: str
    STABLE: Sequence[Mapping[str, str]]
    RUNS: Mapping[str, Any]

    def variables(self) -> dict[str, Any]:
        """The inputs that only this cloud has."""

    def locals_(self) -> dict[str, Any]:
        """The expressions after the flows."""


def part(cloud: str) -> Part:
    """What a cloud adds. Raises KeyError for a name not in CLOUDS."""
    if cloud not in CLOUDS:
        raise KeyError(cloud)
    return cast(Part, import_module(f"esacloud.{cloud}.module"))


def documents(catalogue: Catalogue, cloud: str) -> dict[str, dict[str, Any]]:
    """The Terraform JSON documents of one module, by file name."""
    own = part(cloud)
    return {
        MAIN: {
            "//": [*COMMENT, *own.COMMENT],
            "locals": {**shared_locals(own.REFERENCES, own.ONLY_AS_WIDER, own.PUBLIC_KEYS), **own.locals_()},
            "resource": own.MODULE_RESOURCES,
        },
        FILE: catalogue_document(catalogue),
        VARIABLES: {"variable": _variables(catalogue, own)},
        OUTPUTS: {"output": {**own.OUTPUTS, **_outputs()}},
        VERSIONS: dict(own.VERSIONS),
    }


def files(catalogue: Catalogue, cloud: str) -> dict[str, str]:
    """The text of every file of one module, its README and its tests among them, by path."""
    from esacloud.modules.readme import readme
    from esacloud.modules.tests import test_files

    made = documents(catalogue, cloud)
    texts = {name: render(document) for name, document in made.items()}
    texts |= {name: render(document) for name, document in test_files(catalogue, cloud).items()}
    texts[README] = readme(catalogue, cloud, made)
    return texts


def _variables(catalogue: Catalogue, own: Part) -> dict[str, Any]:
    only_here = own.variables()
    place = {name: variable for name, variable in only_here.items() if "default" not in variable}
    shared = shared_variables(catalogue, own.PEER, own.PEER_CHECKS)
    if own.ONLY_AS_WIDER:
        shared["wider"] = wider_variable(catalogue)
    return {
        **place,
        "name": {
            "description": "The gateway's name: the start of the groups' names, and the tag esacloud:deployment.",
            "type": "string",
            "nullable": False,
            "validation": [own.NAME],
        },
        "name_prefix": {
            "description": "How the names of the groups start, in place of the gateway's name and a hyphen.",
            "type": "string",
            "default": None,
            "validation": [own.NAME_PREFIX],
        },
        "tags": {
            "description": "Tags of all resources, beside esacloud:deployment and esacloud:interface.",
            "type": "map(string)",
            "default": {},
            "nullable": False,
            "validation": [own.TAGS],
        },
        **shared,
        **{name: variable for name, variable in only_here.items() if name not in place},
    }


def _outputs() -> dict[str, Any]:
    return {
        "rows": {
            "description": "The rows of the vendor's table that some rule comes from, ascending.",
            "value": "${[for row in range(1, local.last_row + 1) : row if contains(flatten([for flow in local.flows :"
            " local.entries[flow.entry].rows]), row)]}",
        },
        "quotas": {
            "description": "What the rules use of the cloud's quotas: interface => what, used, limit.",
            "value": "${local.quotas}",
        },
        "waived": {
            "description": "The waivers that stand, with their reasons.",
            "value": "${var.waivers}",
        },
        "checklist": {
            "description": "What the vendor advises and no packet filter can do, each with the command for it.",
            "value": "${local.checklist}",
        },
        "catalogue": {
            "description": "The port catalogue that the module was made from: name, edition, SHA-256.",
            "value": "${local.catalogue}",
        },
    }
