"""Resolve the host names that a deployment file pins, and write their addresses into the lock file beside it.

`generate`, `plan` and `apply` then use only the lock; they make no DNS query. Each name is queried for A and AAAA. An
address that disappears from the answer stays in the lock for a grace period, because many hosts rotate addresses. Nothing
is written if a name cannot be pinned: it does not resolve, or resolves to a private address. Needs dnspython: pip install
'esacloud[dns]'.

With --check nothing is written, and the exit code is 1 when the addresses in the lock are out of date.

example: esacloud resolve examples/hostnames/pinned.yaml --resolver 9.9.9.9 --check
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from esacloud.cli.common import print_json, print_warnings


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the deployment file (YAML or JSON)")
    parser.add_argument(
        "--resolver",
        metavar="IP[:PORT]",
        action="append",
        type=_resolver,
        default=[],
        help="query this resolver instead of the machine's own; may be repeated, tried in order",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when addresses changed")
    parser.add_argument(
        "--grace",
        metavar="DAYS",
        type=_days,
        help="how long an address stays after it leaves the answer (default: the lock's value, else 14)",
    )
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=5.0, help="how long to wait for each answer (default: 5)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON (schemas/resolve.schema.json)")


def run(arguments: Namespace) -> int:
    """Resolve, compare, write, print."""
    from datetime import UTC, datetime

    from esacloud.hostnames.resolve import resolve, write_lock

    found = resolve(
        arguments.file,
        now=datetime.now(UTC),
        servers=arguments.resolver,
        grace_days=arguments.grace,
        timeout=arguments.timeout,
    )
    if not arguments.check:
        write_lock(found)
    print_warnings(found.warnings)
    if arguments.json:
        from esacloud.report.json.resolve import resolved_document

        print_json(resolved_document(found, written=not arguments.check))
    else:
        from esacloud.report.text.resolve import resolved_text

        print(resolved_text(found, written=not arguments.check))
    return 1 if arguments.check and found.changed else 0


def _resolver(text: str) -> tuple[str, int]:
    from esacloud.hostnames.ask import resolver_address
    from esacloud.packets.addresses import AddressError

    try:
        return resolver_address(text)
    except AddressError as error:
        raise ArgumentTypeError(str(error)) from None


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 3650):
        raise ArgumentTypeError(f"{text!r} is not a number of days from 0 to 3650")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.05 <= seconds <= 300:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds from 0.05 to 300")
    return seconds
