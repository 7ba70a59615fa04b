"""Make the reusable Terraform modules from the port catalogue, or say whether those on disk are current.

One module a cloud: DIR/aws and DIR/azure, each with its README and tests for `terraform test`. They take features and peers
as inputs and need no deployment file. --check writes nothing: exit code 1 means that a file is stale, and which.

example: esacloud modules --out modules
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Define the arguments of `esacloud modules`."""
    parser.add_argument("--out", metavar="DIR", default="modules", help="the directory of the modules (default: modules)")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is stale")
    parser.add_argument("--catalogue", metavar="FILE", help="another port catalogue than the one that comes with esacloud")


def run(arguments: Namespace) -> int:
    """Make the files and write them, or hold them against those on disk."""
    from esacloud.catalogue.load import load
    from esacloud.modules.write import all_files, stale, write

    texts = all_files(load(arguments.catalogue) if arguments.catalogue else load())
    if arguments.check:
        found = tuple(stale(arguments.out, texts))
        print("\n".join(found) if found else f"{arguments.out}: {len(texts)} files are current.")
        return 1 if found else 0
    changed = write(arguments.out, texts)
    print("\n".join([*changed, f"{arguments.out}: {len(texts)} files, {len(changed)} of them written."]))
    return 0
