"""The way in: finds the command, runs it, and turns what it raises into a message and an exit code.

A command is a module of this package with `add_arguments(parser)` and `run(arguments) -> exit code`; its docstring is its
help and ends in an example. Only the module of the command that was asked for is imported, so that `--help` costs nothing.
"""

from __future__ import annotations

import gc
import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import NoReturn

from esacloud.errors import EsacloudError

NOTHING_TO_REPORT, SOMETHING_TO_REPORT, BAD_INPUT, OUTSIDE_FAILED = 0, 1, 2, 3
INTERRUPTED = 130  # what a shell reports for a program ended by ctrl-C

COMMANDS = {
    "init": "write a commented deployment file to start from",
    "check": "look at deployment files and say what is wrong",
    "ports": "show the port catalogue",
    "explain": "say what a port, a catalogue entry or a table row is for",
    "resolve": "look up the host names that a deployment file pins, into its lock file",
    "generate": "make a proven Terraform JSON module from a deployment file",
    "verify": "prove a module on disk against its deployment file",
    "modules": "make the reusable Terraform modules from the port catalogue",
    "terraform": "run terraform on a module, and verify what it applied",
    "audit": "hold existing or planned groups against the port catalogue",
    "plan": "show what would change in a live cloud",
    "apply": "change a live cloud to what the deployment file says",
    "destroy": "take away what apply made",
    "restore": "bring a live cloud back to a snapshot that apply wrote",
    "lab": "run local clouds to try everything on",
    "schema": "print the JSON Schema of the deployment file, for editors",
}

EXIT_CODES = """\
exit codes: 0 nothing to report, 1 something to report (a finding, a difference, changes to make),
            2 bad input or usage, 3 a cloud, terraform or the disk failed"""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code; everything goes to the standard streams."""
    words = sys.argv[1:] if argv is None else argv
    try:
        if words and words[0] in COMMANDS:
            return _run(words[0], words[1:])
        _top_parser().parse_args(words)
        _top_parser().print_help()
        return BAD_INPUT if not words else NOTHING_TO_REPORT
    except EsacloudError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output left, as `head` does
        _write_to_nobody()
        return NOTHING_TO_REPORT


def _write_to_nobody() -> None:
    """Nothing is written to a closed pipe again, not at the end of the process either, which would then end with 120.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    with suppress(OSError, ValueError):  # it is no file, as in a program that calls `main`
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, sys.stdout.fileno())


def _run(name: str, words: list[str]) -> int:
    command = import_module(f"esacloud.cli.{name.replace('-', '_')}")
    parser = ArgumentParser(
        prog=f"esacloud {name}",
        description=command.__doc__,
        epilog=EXIT_CODES,
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    arguments: Namespace = parser.parse_args(words)
    code: int = command.run(arguments)
    sys.stdout.flush()
    return code


def _formatter(prog: str) -> RawDescriptionHelpFormatter:
    """The width that argparse would find by `shutil`, which it imports for that alone, once for every argument it adds."""
    text, columns = os.environ.get("COLUMNS", ""), 0
    if text.isdecimal() and int(text):
        columns = int(text)
    elif sys.__stdout__ is not None:
        with suppress(OSError, ValueError):  # it is no terminal, or closed
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns
    return RawDescriptionHelpFormatter(prog, width=(columns or 80) - 2)


def _top_parser() -> ArgumentParser:
    from esacloud._version import __version__

    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:{width}}  {summary}" for name, summary in COMMANDS.items())
    parser = ArgumentParser(
        prog="esacloud",
        usage="esacloud COMMAND [options]",
        description="Cloud security groups for the Cisco Secure Email Gateway, made from the vendor's port table\n"
        f"and proven equal to it.\n\ncommands:\n{listing}",
        epilog="example: esacloud generate examples/small.yaml --out build/small\n"
        f"         esacloud COMMAND --help says more about each command\n\n{EXIT_CODES}",
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"esacloud {__version__}")
    parser.add_argument("command", nargs="?", metavar="COMMAND", choices=tuple(COMMANDS), help="one of the above")
    return parser


def entry_point() -> NoReturn:
    """What the installed `esacloud` script calls."""
    gc.set_threshold(50_000)  # a start makes many thousands of objects that stay, and looking through them finds nothing
    for stream in (sys.stdout, sys.stderr):  # Chinese text on a terminal that has none is shown in escapes, not refused
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = main()
    gc.freeze()  # nor does it at the end, when the process gives back everything anyway
    sys.exit(code)
