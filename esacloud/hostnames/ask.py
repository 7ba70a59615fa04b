"""Querying DNS for the addresses of many names at once: the only module here that uses a network.

Each name is queried for A and AAAA; dnspython handles CNAME chains, truncated answers and several resolvers. The results
are values; nothing is judged here beyond whether there was an answer. Needs `dnspython` (the extra `dns`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from esacloud.errors import OutsideError
from esacloud.packets.addresses import BITS, AddressError, Network, Version, parse_network

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver
    from dns.name import Name as DnsName
    from dns.resolver import Answer as DnsAnswer

AT_ONCE = 64  # names; a home router's resolver drops more than about 100 queries at a time
PORT = 53
_TYPES: dict[Version, str] = {4: "A", 6: "AAAA"}


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there was no answer: the name does not exist (`outside` is False), or the resolvers failed."""

    message: str
    outside: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one name.

    `addresses` is empty when the name has none; `failed` has the families without any answer. `aliases` is the CNAME
    chain in lower case, `ttl` the minimum of the chain in seconds, `resolver` the server that answered, as `10.0.0.2:53`.
    """

    addresses: tuple[Network, ...]
    failed: Mapping[Version, Failed]
    aliases: tuple[str, ...] = ()
    ttl: int = 0
    resolver: str = ""


def resolver_address(text: str) -> tuple[str, int]:
    """Address and port of `10.0.0.2`, `10.0.0.2:5353`, `2001:db8::53` or `[2001:db8::53]:5353`. Raises AddressError."""
    host, port = text, str(PORT)
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        port = port if closed and not rest else rest[1:] if rest[:1] == ":" else ""
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    hint = "Write an address with or without a port: 10.0.0.2, 10.0.0.2:5353 or [2001:db8::53]:5353."
    if "/" in host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise AddressError(f"{text!r} is not the address of a resolver.", hint)
    try:
        return str(parse_network(host)).partition("/")[0], int(port)
    except AddressError as error:
        raise AddressError(error.message, hint) from None


def ask(
    names: Sequence[str], servers: Sequence[tuple[str, int]] = (), *, timeout: float = 5.0, at_once: int = AT_ONCE
) -> dict[str, Answer]:
    """Query every name, `at_once` names in parallel, each query for at most `timeout` seconds.

    `servers` are tried in order; the default is this machine's resolvers. Raises OutsideError when dnspython is missing or
    this machine has no resolver; a name without an answer is not an error but an `Answer`.
    """
    try:
        from dns.asyncresolver import Resolver
        from dns.nameserver import Do53Nameserver
        from dns.resolver import NoResolverConfiguration
    except ImportError:
        raise OutsideError("`resolve` needs dnspython: pip install 'esacloud[dns]'.") from None
    try:
        resolver = Resolver(configure=not servers)
    except NoResolverConfiguration:
        raise OutsideError("This machine has no resolver configured. Give one with --resolver.") from None
    if servers:
        resolver.nameservers = [Do53Nameserver(address, port) for address, port in servers]
    resolver.lifetime, resolver.timeout = timeout, max(timeout / 2, 0.1)  # survive one lost packet
    return asyncio.run(_ask_all(resolver, names, at_once))


async def _ask_all(resolver: Resolver, names: Sequence[str], at_once: int) -> dict[str, Answer]:
    room = asyncio.Semaphore(at_once)

    async def one(name: str) -> Answer:
        async with room:
            return _combined(*await asyncio.gather(*(_ask_one(resolver, name, version) for version in _TYPES)))

    return dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))


async def _ask_one(resolver: Resolver, name: str, version: Version) -> DnsAnswer | tuple[Version, Failed]:
    from dns.exception import DNSException
    from dns.name import from_text
    from dns.resolver import NXDOMAIN, LifetimeTimeout, NoNameservers

    try:
        return await resolver.resolve(from_text(name), _TYPES[version], search=False, raise_on_no_answer=False)
    except NXDOMAIN:
        return version, Failed(f"{name} does not exist (NXDOMAIN).", outside=False)
    except LifetimeTimeout:
        return version, Failed(f"No resolver answered for {name} in {resolver.lifetime:g} seconds.", outside=True)
    except NoNameservers as error:
        answers = [f"{_server(server, port)} answered {code}" for server, _, port, code, _ in error.kwargs["errors"]]
        reason = ", ".join(answers) or "none accepted the query"
        return version, Failed(f"Every resolver failed for {name}: {reason}.", outside=True)
    except (DNSException, OSError) as error:
        return version, Failed(f"The answer for {name} cannot be used: {error}.", outside=True)


def _combined(*found: DnsAnswer | tuple[Version, Failed]) -> Answer:
    """One answer from those for each address family."""
    failed = dict(result for result in found if isinstance(result, tuple))
    answers = [result for result in found if not isinstance(result, tuple)]
    records = [record for answer in answers for record in answer.rrset or ()]
    if records:  # a name with one family exists, whatever the answer for the other family (RFC 4074, 4.2)
        failed = {version: failure for version, failure in failed.items() if failure.outside}
    best = max(answers, key=lambda answer: bool(answer.rrset), default=None)
    if best is None:
        return Answer((), failed)
    return Answer(
        addresses=tuple(sorted({_network(record.address) for record in records})),
        failed=failed,
        aliases=tuple(_text(record.target) for cname in best.chaining_result.cnames for record in cname),
        ttl=best.chaining_result.minimum_ttl,
        resolver=_server(best.nameserver, best.port),
    )


def _server(name: str | None, port: int | None) -> str:
    """`10.0.0.2:53` from dnspython's name of a server: `10.0.0.2` in answers, `Do53:10.0.0.2@53` in errors."""
    address = (name or "").removeprefix("Do53:").partition("@")[0]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _network(address: str) -> Network:
    """An address from DNS; also one that no packet carries, which resolve.py then refuses."""
    version: Version = 6 if ":" in address else 4
    number = int.from_bytes(socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, address), "big")
    return Network(version, number, BITS[version])


def _text(name: DnsName) -> str:
    return name.to_text(omit_final_dot=True).lower()
