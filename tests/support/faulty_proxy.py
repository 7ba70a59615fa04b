"""An HTTP proxy in front of a local EC2 that counts the calls and spoils the ones that a test names, in a real way.

Faults: `throttle` and `refuse` answer in EC2's words and forward nothing; `cut-before` closes the connection instead of
forwarding, `cut-after` instead of answering; `half` answers half; `error-after` forwards and answers 500; `late` forwards,
and answers when nobody waits any more. `watch` is called after every call that was forwarded and may change something.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

THROTTLED, REFUSED, BROKEN = "RequestLimitExceeded", "UnauthorizedOperation", "InternalError"
TRANSIENT = ("throttle", "cut-before", "cut-after", "half", "error-after", "late")
LATE = 0.4  # seconds; the client of these tests waits 0.25


class FaultyProxy:
    """`faults`: number of the call, from 0 -> fault. `calls`: operations so far. `before` is called before each one."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.lock = threading.Lock()
        self.watch: Callable[[], None] | None = None
        self.reset()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, 1 << 16

            def do_POST(self) -> None:
                proxy.handle(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def reset(self) -> None:
        self.calls: list[str] = []
        self.faults: dict[int, str] = {}
        self.choose: Callable[[str], str | None] | None = None
        self.before: Callable[[int], None] | None = None
        self.after: Callable[[int], None] | None = None
        self.watch = None
        self.broken_laws: list[str] = []

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        operation = parse_qs(body.decode())["Action"][0]
        with self.lock:
            number = len(self.calls)
            self.calls.append(operation)
            if self.before:
                self.before(number)
            fault = self.faults.get(number) or (self.choose(operation) if self.choose else None)
            if fault in ("throttle", "refuse"):
                code, status = (THROTTLED, 503) if fault == "throttle" else (REFUSED, 403)
                answer = status, _error(code)
            elif fault == "cut-before":
                answer = None
            else:
                answer = self._forward(request, body)
                if self.after:
                    self.after(number)
                if self.watch and not operation.startswith("Describe"):
                    try:
                        self.watch()
                    except AssertionError as error:
                        self.broken_laws.append(f"after call {number} {operation} ({fault}): {error}")
        self._answer(request, answer, fault)

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(self.target.hostname or "", self.target.port)
        try:
            connection.request("POST", request.path, body, dict(request.headers))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _answer(self, request: BaseHTTPRequestHandler, answer: tuple[int, bytes] | None, fault: str | None) -> None:
        if answer is None or fault == "cut-after":
            request.close_connection = True
            request.connection.close()
            return
        status, body = answer
        if fault == "error-after":
            status, body = 500, _error(BROKEN)
        elif fault == "late":
            time.sleep(LATE)
        try:
            request.send_response(status)
            request.send_header("Content-Type", "text/xml")
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body[: len(body) // 2] if fault == "half" else body)
            request.wfile.flush()
            if fault == "half":
                request.close_connection = True
                request.connection.close()
        except OSError:
            pass


def _error(code: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>{code}</Code><Message>by the test</Message>'
        "</Error></Errors><RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>"
    ).encode()


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    """A proxy in front of `target` that lives as long as the block."""
    proxy = FaultyProxy(target)
    thread = threading.Thread(target=proxy.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
