"""The options that `ports` and `explain` share, and the printing of what they found."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any


def add_catalogue_options(parser: ArgumentParser) -> None:
    """`--lang`, `--json` and `--catalogue`."""
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the texts (default: en)")
    parser.add_argument("--json", action="store_true", help="print JSON, texts in both languages")
    parser.add_argument("--catalogue", metavar="FILE", help="a catalogue file of your own instead of the shipped one")


def terminal_width() -> int | None:
    """The width of the terminal in columns; None where the output is no terminal, so that lines stay whole."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def print_json(document: dict[str, Any]) -> None:
    """Print a document for programs, and still fit to read."""
    import json

    print(json.dumps(document, ensure_ascii=False, indent=2))
