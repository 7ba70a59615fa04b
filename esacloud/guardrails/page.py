"""The documentation page of the guardrails, made from them: `python -m esacloud.guardrails.page > docs/guardrails.md`."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.guardrails.model import Example, Guardrail
from esacloud.guardrails.rules import GUARDRAILS
from esacloud.guardrails.subject import default_limits

INTRODUCTION = """\
<!-- Made by `python -m esacloud.guardrails.page`. Change the rules in esacloud/guardrails/rules, not this page. -->

# Guardrails: what must not be open

`esacloud check` and `esacloud audit` hold what is open against these rules, and `esacloud generate` writes nothing while an
error stands. They look at packets and never at spelling: `0.0.0.0/1` with `128.0.0.0/1` is every address, and `tcp/1-1024`
holds SSH. A code never changes its meaning.

Public is every address that the special-purpose registries of IANA do not take out of the public Internet. Networks kept
for documentation count as public, because whoever replaces one that was left in replaces it with a public one.

## Waivers

A deployment file may accept a finding, for one far side, with a reason, until a day:

```yaml
waivers:
  - {code: ESA001, peer: 198.51.100.7, reason: "moving to a bastion, ticket 4711", until: 2027-03-31}
```

`peer` is a network, `any`, a role (`administrators`) or a reference. A waiver takes the packets of its peer out of what its
guardrail looks at, so one for a part leaves the rest. It holds through its last day; after that it is an error, and the
finding is back. A waiver that nothing needs is a warning, one for a code that does not exist an error. Waived findings are
listed in every report.
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join(
        [INTRODUCTION, *_table(), *(line for guardrail in GUARDRAILS for line in _section(guardrail)), *_limits()]
    )


def _table() -> Iterator[str]:
    yield from ("## The rules", "", "| code | severity | what |", "|---|---|---|")
    for rule in GUARDRAILS:
        yield f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} |"


def _section(rule: Guardrail) -> Iterator[str]:
    yield from ("", f"### {rule.code}", "", f"**{rule.title}** ({rule.severity})", "", f"{rule.reason} {rule.hint}", "")
    yield from (
        f"Source: {rule.source}",
        "",
        "Breaks it:",
        "",
        *_example(rule.bad),
        "",
        "Does not:",
        "",
        *_example(rule.good),
    )


def _example(example: Example) -> Iterator[str]:
    yield "```text"
    yield from (f"the gateway's own subnet: {network}" for network in example.own_networks)
    yield from (*example.statements, "```")


def _limits() -> Iterator[str]:
    yield from ("", "## The numbers that rules judge by", "", "| limit | value |", "|---|---|")
    for name, value in default_limits().items():
        yield f"| {name.replace('_', ' ')} | {value:,} |"
    yield ""


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - this is what the module is run for
