"""The README of a module: how to use it, what it takes and gives, which groups it makes, and what to know of it.

Nothing in it is particular to a cloud: what is, stands in the module's own documents (the descriptions of variables and
outputs, and the comment at the top of `main.tf.json`), and is repeated from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from esacloud.catalogue.model import release_text
from esacloud.deployment.model import Deployment
from esacloud.policy.lowered import Document, Lowered

README = "README.md"
_MAIN, _VARIABLES, _OUTPUTS, _VERSIONS = "main.tf.json", "variables.tf.json", "outputs.tf.json", "versions.tf.json"

_USE = """\
## Use

As a root module, where it lies:

    terraform init
    terraform plan
    terraform apply

As a part of your own configuration:

    module "gateway" {
      source = "./path/to/this/directory"
    }

The provider's own settings and environment variables say with which account and in which region. The deployment file
says: %s.
Give another value for a variable with `-var`, a `.tfvars` file or an argument of the module block.

Files of your own do not belong in this directory, except for terraform's (`*.tfvars`, state, lock file): esacloud writes
into no directory that holds others. Put providers and backends into a configuration that calls this module.
"""


def readme_text(lowered: Lowered, deployment: Deployment, documents: Mapping[str, Document]) -> str:
    """The text of `README.md` for a module with these documents."""
    policy, catalogue = lowered.policy, deployment.catalogue
    settings = deployment.clouds[policy.cloud].values
    said = ", ".join(f"{key} {value}" for key, value in sorted(settings.items())) or "nothing about either"
    return "\n".join(
        [
            f"# {deployment.name}",
            "",
            f"Made by esacloud from a deployment file and the port catalogue {catalogue.name}",
            f"({catalogue.edition}), for {catalogue.release_key} {release_text(deployment.release)}.",
            "`manifest.json` says what was proven, and which rows of the vendor's table are covered and which left out.",
            "",
            _USE % said,
            *_table("Needs", ("", "version"), _needs(documents)),
            *_table("Inputs", ("variable", "what", "default"), _inputs(documents)),
            *_table("Outputs", ("output", "what"), _outputs(documents)),
            *_table(
                "Groups",
                ("group", "interface", "inbound rules", "outbound rules"),
                ((f"`{line.name}`", line.interface, str(line.inbound), str(line.outbound)) for line in lowered.groups),
            ),
            "## What to know",
            "",
            *(f"- {sentence}" for sentence in _comment(documents[_MAIN])),
            "",
        ]
    )


def _comment(document: Document) -> list[str]:
    comment = document.get("//", [])
    return [comment] if isinstance(comment, str) else comment


def _table(title: str, head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield from (f"## {title}", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|")
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _needs(documents: Mapping[str, Document]) -> Iterator[tuple[str, str]]:
    terraform: Mapping[str, Any] = documents[_VERSIONS]["terraform"]
    yield "terraform", f"`{terraform['required_version']}`"
    for provider in terraform["required_providers"].values():
        yield f"provider {provider['source']}", f"`{provider['version']}`"


def _inputs(documents: Mapping[str, Document]) -> Iterator[tuple[str, str, str]]:
    for name, variable in _blocks(documents, "variable"):
        value = variable.get("default")
        said = f"`{value if isinstance(value, str) else json.dumps(value)}`" if "default" in variable else "has to be given"
        yield f"`{name}`", variable["description"], said


def _outputs(documents: Mapping[str, Document]) -> Iterator[tuple[str, str]]:
    for name, output in _blocks(documents, "output"):
        yield f"`{name}`", output["description"]


def _blocks(documents: Mapping[str, Document], kind: str) -> Iterator[tuple[str, Any]]:
    """All variables or outputs of a module, whatever file they stand in; those of its first files first."""
    for file in dict.fromkeys((_VARIABLES, _OUTPUTS, *documents)):
        yield from documents[file].get(kind, {}).items()
