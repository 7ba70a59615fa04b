"""The README of a reusable module, in the layout that the public registry and terraform-docs give to modules.

All of it comes from the documents and the catalogue, so that it cannot say what the module does not do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from esacloud.catalogue.model import Catalogue
from esacloud.modules.parts import OUTPUTS, VARIABLES, VERSIONS, part

_TEXT = """\
# {cloud} groups for the {appliance}

A Terraform module that makes the {groups} one gateway needs, from the vendor's port table
({edition}).
Every rule cites the table rows behind it. Made by `esacloud modules`; the tests prove it equal, packet for packet, to what
`esacloud generate` makes from a deployment file of the same content.

## Usage

```hcl
{example}
```

`name` and the keys of your own in `peers` have to be known when terraform plans, and so have networks; ids need not be.

- **Keys are made of a rule's own content.** Another network under a role adds that network's rules and touches no other.
- **Nothing is opened by default** but mail (25) on an interface with the mail feature. A feature whose peer is missing is
  an error that names the table rows and the role. Hosts that the table knows by name alone need `hostnames_open = true`.
- **Guardrails stop the plan** with their code and reason where a public network would reach administration, a quarantine,
  the cluster, QMQP or SNMP, unless `waivers` accepts it, with a reason and a last day. What looks at all rules of a gateway
  together (ESA013, ESA014) and what only warns is left to `terraform show -json PLAN | esacloud audit -`.
- **Quotas are counted before the first call.** This module neither merges rules nor splits groups; `esacloud generate`
  does both, exactly. It also resolves host names (`hostnames: pinned`) and puts a firewall before them (`filtered`).
{more}
`terraform test` runs the tests in `tests/` with a mocked provider: no account, no network.

"""


def readme(catalogue: Catalogue, cloud: str, documents: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of `README.md`."""
    own = part(cloud)
    lines = [
        _TEXT.format(
            cloud=own.TITLE,
            appliance=catalogue.title.en,
            groups=own.GROUPS,
            edition=catalogue.edition,
            example=own.EXAMPLE,
            more=own.MORE,
        ).rstrip("\n"),
        "",
        *_features(catalogue),
        *_roles(catalogue),
        *_peer(own.PEER),
        *_requirements(documents[VERSIONS]["terraform"]),
        *_resources(documents["main.tf.json"]["resource"], own.DOCS),
        *_inputs(documents[VARIABLES]["variable"]),
        *_outputs(documents[OUTPUTS]["output"]),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]], title: str = "") -> Iterator[str]:
    if title:
        yield from (f"## {title}", "")
    yield from (f"| {' | '.join(head)} |", "|" + "|".join(" --- " for _ in head) + "|")
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _features(catalogue: Catalogue) -> Iterator[str]:
    yield from ("## Features", "", f"Interfaces are {', '.join(f'`{name}`' for name in catalogue.interfaces)}.", "")
    yield from _table(
        ("Feature", "What", "Settings (default first)", "Peers", "Rows"),
        (
            (
                f"`{feature.name}`",
                feature.title.en,
                "; ".join(
                    f"`{setting.name}`: "
                    + ", ".join(sorted(setting.choices, key=lambda choice: choice != setting.default))
                    + (" (to be chosen)" if setting.default is None else "")
                    for setting in feature.settings.values()
                ),
                ", ".join(sorted({f"`{entry.role}`" for entry in catalogue.of_feature[feature.name]})),
                ", ".join(map(str, sorted({row for entry in catalogue.of_feature[feature.name] for row in entry.rows}))),
            )
            for feature in catalogue.features.values()
        ),
    )


def _roles(catalogue: Catalogue) -> Iterator[str]:
    named = {entry.role for entry in catalogue.entries if entry.hostnames and not entry.networks}
    fixed = {entry.role for entry in catalogue.entries if entry.networks}
    return _table(
        ("Role", "Who", "Where `peers` does not name it"),
        (
            (
                f"`{role.name}`",
                role.title.en,
                "any address"
                if role.default == "any"
                else " or ".join(
                    words
                    for words, holds in (
                        ("the table's networks", role.name in fixed),
                        ("any address, with `hostnames_open`", role.name in named),
                    )
                    if holds
                )
                or "an error",
            )
            for role in catalogue.roles.values()
        ),
        "Roles",
    )


def _peer(fields: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    return _table(
        ("Field of a peer", "Type", "What"),
        ((f"`{name}`", f"`{kind}`", what) for name, (kind, what) in fields.items()),
        "Peers",
    )


def _requirements(terraform: Mapping[str, Any]) -> Iterator[str]:
    providers = terraform["required_providers"]
    rows = [("terraform", terraform["required_version"]), *((name, found["version"]) for name, found in providers.items())]
    yield from _table(
        ("Name", "Version"), ((_anchor("requirement", name), version) for name, version in rows), "Requirements"
    )
    yield from _table(
        ("Name", "Version"),
        ((_anchor("provider", name), found["version"]) for name, found in providers.items()),
        "Providers",
    )


def _resources(resources: Mapping[str, Any], docs: str) -> Iterator[str]:
    return _table(
        ("Name", "Type"),
        (
            (f"[{kind}.{name}]({docs}/{kind.partition('_')[2]})", "resource")
            for kind, named in sorted(resources.items())
            for name in named
        ),
        "Resources",
    )


def _inputs(variables: Mapping[str, Any]) -> Iterator[str]:
    return _table(
        ("Name", "Description", "Type", "Default", "Required"),
        (
            (
                _anchor("input", name),
                variable["description"],
                f"`{variable['type']}`",
                f"`{_default(variable['default'])}`" if "default" in variable else "n/a",
                "no" if "default" in variable else "yes",
            )
            for name, variable in sorted(variables.items())
        ),
        "Inputs",
    )


def _default(value: Any) -> str:
    from json import dumps

    return dumps(value)


def _outputs(outputs: Mapping[str, Any]) -> Iterator[str]:
    return _table(
        ("Name", "Description"),
        ((_anchor("output", name), output["description"]) for name, output in sorted(outputs.items())),
        "Outputs",
    )


def _anchor(kind: str, name: str) -> str:
    shown = name.replace("_", r"\_")
    return f'<a name="{kind}_{name}"></a> [{shown}](#{kind}\\_{shown})'
