"""A reusable module's files: the shared inputs and expressions put together with those of one cloud.

The same catalogue gives the same bytes.
"""

from __future__ import annotations

from typing import Any

from esacloud.catalogue.model import Catalogue
from esacloud.modules.logic import COMMENT, shared_locals
from esacloud.modules.parts import MAIN, OUTPUTS, README, VARIABLES, VERSIONS, Part, part
from esacloud.modules.readme import readme
from esacloud.modules.table import FILE, catalogue_document
from esacloud.modules.tests import test_files
from esacloud.modules.variables import shared_variables, wider_variable
from esacloud.terraform.layout import render


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
