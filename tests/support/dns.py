"""A real DNS server on loopback whose zones do what real ones do: they answer, take turns, fail, and lie."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from time import sleep
from typing import Any

from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer


@dataclass
class Zone:
    """What the server says of one name.

    - `addresses`: all of them are in every answer, unless `turns` says how many at a time; they then take turns.
    - `alias`: the name that this one is an alias of.
    - `code`: a response code instead of an answer; `code_of` for one record type.
    - `silent`: whether the server says nothing at all; `delay` is how many seconds it thinks first.
    - `case`: whether the names in the answer are spelt in a case of the server's own.
    - `other`: the question that the answer pretends to be for.
    """

    addresses: list[str] = field(default_factory=list)
    alias: str | None = None
    turns: int = 0
    ttl: int = 300
    code: str | None = None
    code_of: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    delay: float = 0.0
    case: bool = False
    other: str | None = None


LONGEST_OVER_UDP = 1232  # bytes; a longer answer is cut, and asked for again over TCP


class Server(BaseResolver):
    """`zones` may be changed while the server runs; `asked` is every question so far, as (name, type)."""

    def __init__(self, zones: dict[str, Zone]) -> None:
        self.zones, self.asked = zones, []  # type: ignore[var-annotated]
        self.port = 0
        self.at_once = self.most_at_once = 0
        self._turn, self._lock = count(), threading.Lock()

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    @property
    def option(self) -> str:
        return f"127.0.0.1:{self.port}"

    def resolve(self, request: Any, handler: Any) -> Any:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            reply = self._answer(request)
            if handler.protocol == "udp" and len(reply.pack()) > LONGEST_OVER_UDP:
                reply.rr, reply.header.tc = [], 1
            return reply
        finally:
            with self._lock:
                self.at_once -= 1

    def _answer(self, request: DNSRecord) -> DNSRecord:
        asked = str(request.q.qname).rstrip(".").lower()
        kind = QTYPE[request.q.qtype]
        self.asked.append((asked, kind))
        reply, zone = request.reply(), self.zones.get(asked)
        if zone is None:
            reply.header.rcode = RCODE.NXDOMAIN
            return reply
        sleep(zone.delay)
        if zone.silent:
            sleep(3)
        code = zone.code_of.get(kind, zone.code)
        if code is not None:
            reply.header.rcode = getattr(RCODE, code)
            return reply
        if zone.other:
            reply.questions = [type(request.q)(zone.other, request.q.qtype)]
        name = asked
        while zone.alias:
            reply.add_answer(
                RR(self._spelt(name, zone), QTYPE.CNAME, ttl=zone.ttl, rdata=CNAME(self._spelt(zone.alias, zone)))
            )
            name, zone = zone.alias, self.zones.get(zone.alias) or Zone()
        texts = [text for text in zone.addresses if (":" in text) == (kind == "AAAA")]
        if zone.turns and texts:
            start = next(self._turn) * zone.turns
            texts = [texts[(start + number) % len(texts)] for number in range(zone.turns)]
        for text in texts:
            data = AAAA(text) if ":" in text else A(text)
            reply.add_answer(RR(self._spelt(name, zone), request.q.qtype, ttl=zone.ttl, rdata=data))
        return reply

    @staticmethod
    def _spelt(name: str, zone: Zone) -> str:
        return (
            "".join(letter.upper() if number % 2 else letter for number, letter in enumerate(name)) if zone.case else name
        )


def _on_one_port(server: Server, logger: DNSLogger) -> tuple[DNSServer, DNSServer]:
    """Servers over UDP and TCP on a port that is free for both."""
    while True:
        udp = DNSServer(server, address="127.0.0.1", port=0, logger=logger)
        server.port = udp.server.server_address[1]
        try:
            return udp, DNSServer(server, address="127.0.0.1", port=server.port, tcp=True, logger=logger)
        except OSError:  # somebody has the port for TCP
            udp.server.server_close()


@contextmanager
def dns_server(zones: dict[str, Zone]) -> Iterator[Server]:
    """A server on a free port of 127.0.0.1, over UDP and TCP, that lives as long as the block."""
    server = Server(zones)
    logger = DNSLogger("-request,-reply,-truncated,-error", prefix=False)
    udp, tcp = _on_one_port(server, logger)
    for one in (udp, tcp):  # each looks every hundredth of a second whether to stop, not every half
        threading.Thread(target=one.server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        for one in (udp, tcp):
            one.stop()
            one.server.server_close()
