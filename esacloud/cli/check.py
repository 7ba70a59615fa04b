"""Look at deployment files and say what is wrong with them, and what to write instead.

Everything that `generate` refuses is found: what the file says, what the table asks for and the file lacks, what exceeds a
quota. Each problem is one line: file, line, column, key, severity, what is wrong, how to mend it.

The exit code is 0 where nothing is to be said, 1 where there are only warnings, 2 where a file cannot be used.

example: esacloud check examples/small.yaml
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Any

from esacloud.errors import InputError, Problem


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud check`."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="a deployment file (YAML or JSON)")
    parser.add_argument("--json", action="store_true", help="print the problems as JSON (schemas/check.schema.json)")


def run(arguments: Namespace) -> int:
    """Read each file, make its rules for each of its clouds, and print what was found."""
    found = {file: _problems(file) for file in arguments.files}
    if arguments.json:
        from esacloud.cli.common import print_json

        print_json(_document(found))
    else:
        for problems in found.values():
            for problem in problems:
                print(problem)
        print(_last_line(found))
    errors, warnings = _counts(found)
    return 2 if errors else min(warnings, 1)


def _problems(file: str) -> tuple[Problem, ...]:
    """What is wrong with one file, each problem once, although a file may name several clouds."""
    from esacloud import workflow

    try:
        deployment = workflow.read_deployment(file)
    except InputError as error:
        return error.problems
    found = list(deployment.warnings)
    for cloud in deployment.clouds:
        try:
            found += workflow.lower(deployment, cloud).policy.warnings
        except InputError as error:
            found += error.problems
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.severity, problem.place.line or 0)))


def _counts(found: Mapping[str, tuple[Problem, ...]]) -> tuple[int, int]:
    severities = [problem.severity for problems in found.values() for problem in problems]
    return severities.count("error"), severities.count("warning")


def _last_line(found: Mapping[str, tuple[Problem, ...]]) -> str:
    parts = [
        f"{number} {noun}{'' if number == 1 else 's'}"
        for number, noun in zip((len(found), *_counts(found)), ("file", "error", "warning"), strict=True)
    ]
    return f"{parts[0]}: {parts[1]}, {parts[2]}"


def _document(found: Mapping[str, tuple[Problem, ...]]) -> Mapping[str, Any]:
    errors, warnings = _counts(found)
    return {
        "errors": errors,
        "warnings": warnings,
        "files": [
            {
                "file": file,
                "problems": [
                    {
                        "file": problem.place.file,
                        "line": problem.place.line,
                        "column": problem.place.column,
                        "key": problem.place.key,
                        "severity": problem.severity,
                        "what": problem.what,
                        "mend": problem.mend,
                    }
                    for problem in problems
                ],
            }
            for file, problems in found.items()
        ],
    }
