"""The tables of a reusable module's README, between its two marks: from the catalogue and from the module's own HCL.

The layout is that of terraform-docs and the public registry. All other text of the README is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from esacloud.catalogue.model import Catalogue
from esacloud.modules.hcl import Block, arguments, blocks, one_line

BEGIN, END = "<!-- BEGIN: made by `esacloud modules`, do not edit -->", "<!-- END -->"


def with_tables(readme: str, catalogue: Catalogue, hcl: Mapping[str, str]) -> str:
    """The README with its tables. Raises ValueError where it lacks the marks; `hcl` is file name -> text."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the README has no place for its tables")
    found = [block for name in sorted(hcl) for block in blocks(hcl[name])]
    (terraform,) = (block for block in found if block.kind == "terraform")
    lines = [
        f"The port table is that of {catalogue.title.en} ({catalogue.edition}).",
        "",
        *_features(catalogue),
        *_roles(catalogue),
        *_peers(next(block for block in found if block.labels == ("peers",))),
        *_requirements(terraform),
        *_resources([block for block in found if block.kind == "resource"], terraform),
        *_inputs([block for block in found if block.kind == "variable"]),
        *_outputs([block for block in found if block.kind == "output"]),
    ]
    return "\n".join([f"{before}{begin}", *lines, f"{end}{after}"])


def _table(title: str, head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    if title:
        yield from (f"## {title}", "")
    yield from (f"| {' | '.join(head)} |", "|" + "|".join(" --- " for _ in head) + "|")
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _features(catalogue: Catalogue) -> Iterator[str]:
    yield from ("## Features", "", f"Interfaces are {', '.join(f'`{name}`' for name in catalogue.interfaces)}.", "")
    yield from _table(
        "",
        ("Feature", "What", "Settings (default first)", "Peers", "Rows"),
        (
            (
                f"`{feature.name}`",
                feature.title.en,
                "; ".join(
                    f"`{setting.name}`: "
                    + ", ".join(sorted(setting.choices, key=lambda choice: choice != setting.default))
                    + (" (required)" if setting.default is None else "")
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

    def default(role: str, of_role: str | None) -> str:
        if of_role == "any":
            return "any address"
        found = ["the table's networks"] * (role in fixed) + ["any address, with `hostnames_open`"] * (role in named)
        return " or ".join(found) or "an error"

    return _table(
        "Roles",
        ("Role", "Who", "Without a peer"),
        ((f"`{role.name}`", role.title.en, default(role.name, role.default)) for role in catalogue.roles.values()),
    )


def _peers(variable: Block) -> Iterator[str]:
    return _table(
        "Peers",
        ("Field of a peer", "Type", "What"),
        (
            (f"`{field.name}`", f"`{one_line(field.value)}`", field.comment)
            for field in arguments(variable.argument("type") or "", margin="    ")
        ),
    )


def _provider(terraform: Block) -> tuple[str, str, str]:
    """Its name, source and version."""
    ((name, inner),) = ((block.name, block.value) for block in arguments(terraform.body, margin="    "))
    values = {found.name: found.value.strip('"') for found in arguments(inner, margin="      ")}
    return name, values["source"], values["version"]


def _requirements(terraform: Block) -> Iterator[str]:
    provider, _, version = _provider(terraform)
    required = (terraform.argument("required_version") or "").split('"')[1]
    yield from _table(
        "Requirements",
        ("Name", "Version"),
        iter([(_anchor("requirement", "terraform"), required), (_anchor("requirement", provider), version)]),
    )


def _resources(resources: Sequence[Block], terraform: Block) -> Iterator[str]:
    docs = f"https://registry.terraform.io/providers/{_provider(terraform)[1]}/latest/docs/resources"
    labels = sorted(block.labels for block in resources)
    return _table(
        "Resources",
        ("Name", "Type"),
        ((f"[{kind}.{name}]({docs}/{kind.partition('_')[2]})", "resource") for kind, name in labels),
    )


def _inputs(variables: Sequence[Block]) -> Iterator[str]:
    return _table(
        "Inputs",
        ("Name", "Description", "Type", "Default", "Required"),
        (
            (
                _anchor("input", *variable.labels),
                variable.text("description"),
                f"`{one_line(variable.argument('type') or '')}`",
                "n/a" if (default := variable.argument("default")) is None else f"`{one_line(default)}`",
                "yes" if default is None else "no",
            )
            for variable in sorted(variables, key=lambda block: block.labels)
        ),
    )


def _outputs(outputs: Sequence[Block]) -> Iterator[str]:
    return _table(
        "Outputs",
        ("Name", "Description"),
        (
            (_anchor("output", *output.labels), output.text("description"))
            for output in sorted(outputs, key=lambda block: block.labels)
        ),
    )


def _anchor(kind: str, name: str) -> str:
    shown = name.replace("_", r"\_")
    return f'<a name="{kind}_{name}"></a> [{shown}](#{kind}\\_{shown})'
