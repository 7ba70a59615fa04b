"""Check deployment files, and show what is wrong and what to write instead.

It finds everything that `generate` refuses: errors in the file, flows that the table requires and the file lacks, exceeded
quotas, and violations of the guardrails (docs/guardrails.md). Each problem has file, line, column and key.

The exit code is 0 when nothing is found, 1 for findings of the guardrails and for warnings, 2 when a file cannot be used.

example: esacloud check examples/small.yaml
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from esacloud.cli.common import print_json


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="a deployment file (YAML or JSON)")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON (schemas/check.schema.json)")
    output.add_argument("--sarif", action="store_true", help="print SARIF 2.1.0 for code scanning")


def run(arguments: Namespace) -> int:
    """Check each file on each of its clouds, and print what was found."""
    from esacloud import workflow

    found = [workflow.check(file) for file in arguments.files]
    if arguments.json:
        from esacloud.report.json.findings import checked_document

        print_json(checked_document(found))
    elif arguments.sarif:
        from esacloud.report.sarif import checked_sarif

        print_json(checked_sarif(found))
    else:
        from esacloud.report.text.findings import checked_text

        print(checked_text(found))
    if not all(checked.usable for checked in found):
        return 2
    return 0 if all(checked.clean for checked in found) else 1
