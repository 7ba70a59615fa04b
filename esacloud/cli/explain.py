"""Explain a port, a catalogue entry, a feature or a table row.

WHAT is a port (7025, tcp/7025), a row of the vendor's table (row 44), the id of an entry, or the name of a feature.
For each entry it shows who opens the connection and to which peer, the table rows and how they are read, and the lines of a
deployment file that enable it.

example: esacloud explain 7025
         esacloud explain row 44 --lang zh
         esacloud explain talos cluster --json
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from esacloud.cli.common import add_catalogue_options, print_json, terminal_width


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="WHAT", help="a port, `row N`, an entry's id or a feature")
    add_catalogue_options(parser)


def run(arguments: Namespace) -> int:
    """Print the explanation or the JSON; the exit code is 0."""
    from esacloud.catalogue.load import load
    from esacloud.catalogue.lookup import find

    catalogue = load(arguments.catalogue)
    answers = find(catalogue, arguments.what)
    if arguments.json:
        from esacloud.report.json.catalogue import explain_document

        print_json(explain_document(catalogue, answers))
    else:
        from esacloud.report.text.catalogue import explain_report

        print(explain_report(catalogue, answers, arguments.lang, terminal_width()))
    return 0
