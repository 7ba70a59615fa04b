"""Print the JSON Schema of the deployment file, for completion and checks in an editor.

schemas/deployment.schema.json is the schema for the shipped catalogue. For a deployment with its own catalogue, use
--catalogue.

example: esacloud schema > schemas/deployment.schema.json
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from esacloud.cli.common import print_json


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--catalogue", metavar="FILE", help="print the schema for deployments that use this catalogue")


def run(arguments: Namespace) -> int:
    """Make the schema and print it."""
    from esacloud import workflow
    from esacloud.catalogue.load import load
    from esacloud.deployment.schema import deployment_schema

    print_json(deployment_schema(load(arguments.catalogue), workflow.dialects()))
    return 0
