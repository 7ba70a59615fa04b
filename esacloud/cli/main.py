"""The entry point: runs a command, and turns an error into a message and an exit code.

A command is a module of this package with `add_arguments(parser)` and `run(arguments) -> exit code`; its docstring is its
help and ends in an example. Only the module of the given command is imported, so that `--help` is fast.
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

GROUPS = {
    "describe a gateway": {
        "init": "write a commented deployment file to start from",
        "check": "check deployment files",
        "ports": "show the port catalogue",
        "explain": "explain a port, a catalogue entry or a table row",
        "resolve": "resolve the host names that a deployment file pins, into its lock file",
        "schema": "print the JSON Schema of the deployment file, for editors",
    },
    "build Terraform modules": {
        "generate": "generate a proven Terraform JSON module from a deployment file",
        "verify": "verify a module on disk against its deployment file",
        "modules": "write the reusable Terraform modules of the port catalogue",
        "terraform": "run terraform on a module, and verify what it applied",
    },
    "review what exists": {
        "audit": "compare existing or planned groups with the port catalogue",
    },
    "change a live cloud": {
        "plan": "show what apply would change",
        "apply": "change a live cloud to match the deployment file",
        "destroy": "remove what apply created",
        "restore": "restore a snapshot that apply wrote",
    },
    "try it locally": {
        "lab": "run local clouds",
    },
}
COMMANDS = {name: summary for commands in GROUPS.values() for name, summary in commands.items()}

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
        from esacloud.cli.common import print_error

        print_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output closed it, as `head` does
        _discard_output()
        return NOTHING_TO_REPORT


def _discard_output() -> None:
    """Redirect output, so that the exit of the process does not write to the closed pipe and end with 120.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    with suppress(OSError, ValueError):  # not a file, as in a program that calls `main`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
    """The width that argparse would get from `shutil`, which it imports only for that."""
    text, columns = os.environ.get("COLUMNS", ""), 0
    if text.isdecimal() and int(text):
        columns = int(text)
    elif sys.__stdout__ is not None:
        with suppress(OSError, ValueError):  # not a terminal, or closed
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns
    return RawDescriptionHelpFormatter(prog, width=(columns or 80) - 2)


def _top_parser() -> ArgumentParser:
    from esacloud._version import __version__

    width = max(map(len, COMMANDS))
    listing = "\n\n".join(
        "\n".join([f"{title}:", *(f"  {name:{width}}  {summary}" for name, summary in commands.items())])
        for title, commands in GROUPS.items()
    )
    parser = ArgumentParser(
        prog="esacloud",
        usage="esacloud COMMAND [options]",
        description="Cloud security groups for the Cisco Secure Email Gateway, made from the vendor's port table\n"
        f"and proven equal to it.\n\n{listing}",
        epilog="example: esacloud generate examples/small.yaml --out build/small\n"
        f"         esacloud COMMAND --help shows the help of a command\n\n{EXIT_CODES}",
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"esacloud {__version__}")
    parser.add_argument("command", nargs="?", metavar="COMMAND", choices=tuple(COMMANDS), help="one of the above")
    return parser


def entry_point() -> NoReturn:
    """The installed `esacloud` script."""
    gc.set_threshold(50_000)  # the start creates thousands of objects that stay; collecting them frees nothing
    for stream in (sys.stdout, sys.stderr):  # on a terminal without Chinese, print escapes instead of failing
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = main()
    gc.freeze()  # nor does it at exit
    sys.exit(code)
