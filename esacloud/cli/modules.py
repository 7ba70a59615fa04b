"""Write the reusable Terraform modules, or say whether those on disk are current.

One module for each cloud in DIR/CLOUD, with its README and tests for `terraform test`. They take features and peers
as inputs and need no deployment file. A directory with files that esacloud did not write is not touched. --check writes
nothing: exit code 1 means that a file is not current, and which.

example: esacloud modules --out modules
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", default="modules", help="the directory of the modules (default: modules)")
    parser.add_argument("--check", action="store_true", help="write nothing; say which files are not current")
    parser.add_argument("--force", action="store_true", help="replace files of the modules that were edited by hand")
    parser.add_argument("--catalogue", metavar="FILE", help="another port catalogue than the one that comes with esacloud")


def run(arguments: Namespace) -> int:
    """Write the modules, or compare those on disk."""
    from esacloud.catalogue.load import load
    from esacloud.modules.write import all_files, stale, write

    modules = all_files(load(arguments.catalogue) if arguments.catalogue else load())
    count = sum(map(len, modules.values()))
    if arguments.check:
        found = tuple(stale(arguments.out, modules))
        print("\n".join(found) if found else f"{arguments.out}: {count} files are current.")
        return 1 if found else 0
    changed = write(arguments.out, modules, force=arguments.force)
    print("\n".join([*changed, f"{arguments.out}: {count} files, {len(changed)} of them written."]))
    return 0
