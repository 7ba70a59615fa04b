"""Generate a Terraform JSON module from a deployment file, and prove it before writing it.

Each interface gets its own security group, and each rule cites its table rows. Nothing is written unless the policy is
within the guardrails (docs/guardrails.md) and the rules are proven to permit exactly the packets of the policy. A
directory that holds other files than an earlier module and terraform's working files is not changed.

A file with one cloud gives one module in DIR. A file with several gives one in DIR/CLOUD for each, unless --cloud
selects one.

example: esacloud generate examples/small.yaml --out build/small
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from esacloud.cli.common import chosen_clouds, look_at_lock, print_json, print_warnings


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the deployment file (YAML or JSON)")
    parser.add_argument("--out", metavar="DIR", required=True, help="the directory for the module")
    parser.add_argument("--cloud", metavar="CLOUD", help="generate only for this cloud of the file")
    parser.add_argument("--force", action="store_true", help="replace files of the module that were edited")
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/generate.schema.json)")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only warnings and errors")


def run(arguments: Namespace) -> int:
    """Read, compile, lower, prove, write, print."""
    from esacloud import workflow

    deployment = workflow.read_deployment(arguments.file)
    look_at_lock(deployment)
    targets = chosen_clouds(deployment, arguments.cloud, arguments.out)
    modules = {
        cloud: workflow.generate(deployment, cloud) for cloud in targets
    }  # all are proven before the first is written
    for cloud, directory in targets.items():
        workflow.write_module(directory, modules[cloud], force=arguments.force)
    print_warnings(deployment.warnings, *(module.warnings(deployment.place) for module in modules.values()))
    if arguments.json:
        from esacloud.report.json.modules import generated_document

        print_json(generated_document(modules, targets, deployment.place))
    elif not arguments.quiet:
        from esacloud.report.text.summary import summary

        texts = []
        for cloud, directory in targets.items():
            title = f"{deployment.name}: {len(modules[cloud].files)} files in {directory}"
            texts.append(summary(modules[cloud].lowered, modules[cloud].judgement, title))
        sys.stdout.write("\n\n".join(texts) + "\n")
    return 0
