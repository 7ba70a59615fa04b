"""Write a commented deployment file to start from. It passes `esacloud check` without edits.

The file has every feature and every role of the catalogue, most of them as comments. An existing file is not overwritten.

example: esacloud init mail-edge-1.yaml
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

DEFAULT = "deployment.yaml"


def add_arguments(parser: ArgumentParser) -> None:
    from esacloud.provider import CLOUDS

    parser.add_argument("file", metavar="FILE", nargs="?", default=DEFAULT, help=f"the file to write (default: {DEFAULT})")
    text = f"a cloud to write the file for; may be repeated (default: {next(iter(CLOUDS))})"
    parser.add_argument("--cloud", metavar="CLOUD", action="append", help=text)
    parser.add_argument("--catalogue", metavar="FILE", help="use this catalogue instead of the shipped one")


def run(arguments: Namespace) -> int:
    """Make the text and write it."""
    from os.path import relpath
    from pathlib import Path

    from esacloud import workflow
    from esacloud.catalogue.load import load
    from esacloud.deployment.starter import starter_text, write_new
    from esacloud.errors import InputError, one_of

    known = workflow.dialects()
    clouds = arguments.cloud or [next(iter(known))]
    for cloud in clouds:
        if cloud not in known:
            raise InputError.at("--cloud", f"The cloud {cloud!r} is unknown.", f"Write {one_of(tuple(known))}.")
    path = arguments.catalogue
    seen_from_file = relpath(path, Path(arguments.file).parent) if path else None
    write_new(arguments.file, starter_text(load(path), {cloud: known[cloud] for cloud in clouds}, seen_from_file))
    print(f"Wrote {arguments.file}. Edit it, then run: esacloud check {arguments.file}")
    return 0
