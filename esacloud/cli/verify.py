"""Verify a module on disk against its deployment file.

The module is read back from its files and evaluated as terraform would evaluate it. The packets that it permits are
compared with those of the policy, both ways. For each difference, packets are shown as witnesses. Edited files are
listed.

exit code 0 means: proven. 1 means: not proven.

example: esacloud verify examples/small.yaml build/small
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from esacloud.cli.common import chosen_clouds, look_at_lock, print_json, print_warnings


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the deployment file (YAML or JSON)")
    parser.add_argument("directory", metavar="DIR", help="the directory that `esacloud generate` wrote")
    parser.add_argument("--cloud", metavar="CLOUD", help="verify only the module for this cloud of the file")
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/verify.schema.json)")


def run(arguments: Namespace) -> int:
    """Verify the module of every chosen cloud, and print the result."""
    from esacloud import workflow

    deployment = workflow.read_deployment(arguments.file)
    look_at_lock(deployment)
    targets = chosen_clouds(deployment, arguments.cloud, arguments.directory)
    found = {cloud: workflow.verify(deployment, cloud, directory) for cloud, directory in targets.items()}
    print_warnings(deployment.warnings, *(verification.policy.warnings for verification in found.values()))
    if arguments.json:
        from esacloud.report.json.modules import verified_document

        print_json(verified_document(found, targets))
    else:
        from esacloud.report.text.summary import verified_text

        print("\n".join(verified_text(verification, targets[cloud]) for cloud, verification in found.items()))
    return 0 if all(verification.proven for verification in found.values()) else 1
