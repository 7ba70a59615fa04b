"""Look at deployment files and say what is wrong with them, and what to write instead.

Everything that `generate` refuses is found: what the file says, what the table asks for and the file lacks, what exceeds a
quota, and what the guardrails (docs/guardrails.md) say must not be open. Each problem has file, line, column and key.

The exit code is 0 where nothing is to be said, 1 for findings of the guardrails and for warnings, 2 where a file cannot be
used.

example: esacloud check examples/small.yaml
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from esacloud.errors import Problem
    from esacloud.workflow import Checked


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud check`."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="a deployment file (YAML or JSON)")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print what was found as JSON (schemas/check.schema.json)")
    output.add_argument("--sarif", action="store_true", help="print it as SARIF 2.1.0 for code scanning")


def run(arguments: Namespace) -> int:
    """Read each file, judge its policy and make its rules for each of its clouds, and print what was found."""
    from esacloud import workflow

    found = [workflow.check(file) for file in arguments.files]
    if arguments.json:
        from esacloud.cli.common import print_json

        print_json(_document(found))
    elif arguments.sarif:
        from esacloud.cli.common import print_json
        from esacloud.report.sarif import checked_sarif

        print_json(checked_sarif(found))
    else:
        from esacloud.report.text.checklist import checklist_lines

        for checked in found:
            for line in _lines(checked):
                print(line)
        for catalogue in {one.catalogue.digest: one.catalogue for one in found if one.catalogue}.values():
            print("\n".join(checklist_lines(catalogue)))
        print(_last_line(found))
    if not all(checked.usable for checked in found):
        return 2
    return 0 if all(checked.clean for checked in found) else 1


def _lines(checked: Checked) -> Iterator[str]:
    """The problems of one file, then what the guardrails say; a finding that several clouds share is told once."""
    from esacloud.errors import Place
    from esacloud.report.text.findings import judgement_lines

    yield from map(str, checked.problems)
    told: set[str] = set()
    for judgement in checked.judgements.values():
        text = "\n".join(judgement_lines(judgement, Place(checked.file)))
        if text and text not in told:
            told.add(text)
            yield text


def _counts(found: Sequence[Checked]) -> tuple[int, int]:
    """How many errors and warnings there are, of the files and of the guardrails on each cloud."""
    severities: list[str] = []
    for checked in found:
        severities += [problem.severity for problem in checked.problems]
        for judgement in checked.judgements.values():
            severities += [finding.severity for finding in judgement.findings]
            severities += [problem.severity for problem in judgement.problems]
    return severities.count("error"), severities.count("warning")


def _last_line(found: Sequence[Checked]) -> str:
    parts = [
        f"{number} {noun}{'' if number == 1 else 's'}"
        for number, noun in zip((len(found), *_counts(found)), ("file", "error", "warning"), strict=True)
    ]
    return f"{parts[0]}: {parts[1]}, {parts[2]}"


def _document(found: Sequence[Checked]) -> Mapping[str, Any]:
    from esacloud.report.json.findings import judgement_document

    errors, warnings = _counts(found)
    return {
        "errors": errors,
        "warnings": warnings,
        "files": [
            {
                "file": checked.file,
                "problems": list(map(_problem, checked.problems)),
                "guardrails": {cloud: judgement_document(found) for cloud, found in checked.judgements.items()},
            }
            for checked in found
        ],
    }


def _problem(problem: Problem) -> Mapping[str, Any]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "key": problem.place.key,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
    }
