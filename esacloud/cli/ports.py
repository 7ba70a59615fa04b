"""Show the port catalogue: what the gateway needs open, and the rows of the vendor's table behind it.

An entry is shown when it matches all filters. No match is not an error.

example: esacloud ports --direction ingress --feature admin-gui
         esacloud ports --text talos --lang zh
         esacloud ports --port 443 --json
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from esacloud.cli.common import add_catalogue_options, print_json, terminal_width


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, metavar="N", help="only entries with this destination or source port")
    parser.add_argument(
        "--direction", choices=("ingress", "egress"), help="only connections that the gateway accepts, or opens"
    )
    parser.add_argument("--feature", metavar="NAME", help="only the entries of this feature")
    parser.add_argument("--text", metavar="TEXT", help="only entries with this text in a name, a host or a purpose")
    add_catalogue_options(parser)


def run(arguments: Namespace) -> int:
    """Print the table or the JSON; the exit code is always 0."""
    from esacloud.catalogue.load import load
    from esacloud.catalogue.lookup import Filters, entries, rows_without_rule

    catalogue = load(arguments.catalogue)
    filters = Filters(arguments.port, arguments.direction, arguments.feature, arguments.text)
    found, no_rule = entries(catalogue, filters), rows_without_rule(catalogue, filters)
    if arguments.json:
        from esacloud.report.json.catalogue import ports_document

        print_json(ports_document(catalogue, found, no_rule))
    else:
        from esacloud.report.text.catalogue import ports_report

        print(ports_report(found, no_rule, arguments.lang, terminal_width()))
    return 0


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    raise ArgumentTypeError(f"{text!a} is not a port. Write a number from 0 to 65535.")
