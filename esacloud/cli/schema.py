"""Print the JSON Schema of the deployment file, for editors to complete and check while one types.

The schema of the shipped catalogue is at hand as schemas/deployment.schema.json; a deployment that names a catalogue of its
own takes the schema of that one.

example: esacloud schema > schemas/deployment.schema.json
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud schema`."""
    parser.add_argument("--catalogue", metavar="FILE", help="the schema for deployments that name this catalogue")


def run(arguments: Namespace) -> int:
    """Make the schema and print it."""
    from esacloud import workflow
    from esacloud.catalogue.load import load
    from esacloud.cli.common import print_json
    from esacloud.deployment.schema import deployment_schema

    print_json(deployment_schema(load(arguments.catalogue), workflow.dialects()))
    return 0
