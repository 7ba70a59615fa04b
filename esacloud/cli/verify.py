"""Prove a module on disk against its deployment file.

The module is read back from its files and evaluated as terraform would, trusting nobody; what it permits is compared with
the policy, packet for packet, both ways. Where they differ, packets are shown as witnesses. Files edited by hand since they
were generated are named.

exit code 0 means: proven. 1 means: not proven, and what was found.

example: esacloud verify examples/small.yaml build/small
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud verify`."""
    parser.add_argument("file", metavar="FILE", help="the deployment file (YAML or JSON)")
    parser.add_argument("directory", metavar="DIR", help="the directory that `esacloud generate` wrote")
    parser.add_argument("--cloud", metavar="CLOUD", help="only the module for this cloud of the file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON (schemas/verify.schema.json)")


def run(arguments: Namespace) -> int:
    """Verify the module of every chosen cloud, and print what was found."""
    from esacloud import workflow
    from esacloud.cli.common import chosen_clouds, look_at_lock, print_json, print_warnings
    from esacloud.report.text.verified import verified_document, verified_text

    deployment = workflow.read_deployment(arguments.file)
    look_at_lock(deployment)
    targets = chosen_clouds(deployment, arguments.cloud, arguments.directory)
    found = {cloud: workflow.verify(deployment, cloud, directory) for cloud, directory in targets.items()}
    print_warnings(deployment.warnings, *(verification.policy.warnings for verification in found.values()))
    if arguments.json:
        print_json(verified_document(found, targets))
    else:
        print("\n".join(verified_text(verification, targets[cloud]) for cloud, verification in found.items()))
    return 0 if all(verification.proven for verification in found.values()) else 1
