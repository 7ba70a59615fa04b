"""An HTTP proxy in front of a local EC2 that counts the calls and injects faults into the ones that a test names.

Faults: `throttle`, `refuse` and `error-before` answer in EC2's words and forward nothing; `cut-before` closes the
connection instead of forwarding, `cut-after` instead of answering; `half` answers half; `garbage` forwards and answers what
is no XML, as a gateway on the way does; `error-after` forwards and answers 500; `late` forwards, and does not answer before
the client is gone. `watch` is called after every call that was forwarded and may change something.
"""

from __future__ import annotations

import io
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

THROTTLED, REFUSED, BROKEN = "RequestLimitExceeded", "UnauthorizedOperation", "InternalError"
TRANSIENT = ("throttle", "error-before", "cut-before", "cut-after", "half", "garbage", "error-after", "late")
NOT_DONE = {"throttle": (503, THROTTLED), "error-before": (500, BROKEN), "refuse": (403, REFUSED)}
Choose = Callable[[int, str], str | None]
LATE = 10  # seconds at most; the clients of these tests wait a fraction of one


def from_call(first: int, fault: str) -> Choose:
    """The fault for every call from this number on."""
    return lambda number, _: fault if number >= first else None


def at_operation(name: str, fault: str) -> Choose:
    """The fault for every call of this operation."""
    return lambda _, operation: fault if operation == name else None


class FaultyProxy:
    """`faults`: number of the call, from 0 -> fault; `choose` says it for the others by number and operation.

    `calls`: operations so far; `met`: the faults that they met. `before` and `after` get the number of each call.
    """

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self.application = DomainDispatcherApplication(create_backend_app)
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
        self.met: list[tuple[int, str, str]] = []
        self.choose: Choose | None = None
        self.before: Callable[[int], None] | None = None
        self.after: Callable[[int], None] | None = None
        self.watch = None
        self.violations: list[str] = []

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        operation = parse_qs(body.decode())["Action"][0]
        with self.lock:
            number = len(self.calls)
            self.calls.append(operation)
            if self.before:
                self.before(number)
            fault = self.faults.get(number) or (self.choose(number, operation) if self.choose else None)
            if fault:
                self.met.append((number, operation, fault))
            if fault in NOT_DONE:
                status, code = NOT_DONE[fault]
                answer: tuple[int, bytes] | None = status, _error(code)
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
                        self.violations.append(f"after call {number} {operation} ({fault}): {error}")
        self._answer(request, answer, fault)

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        """As a server would hand it to the application, in this process: without a second way over the wire."""
        environment = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": request.path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()},
        }
        status: list[str] = []

        def start_response(line: str, headers: Any, exception: Any = None) -> Callable[[bytes], None]:
            status.append(line)
            return lambda _: None

        answer = self.application(environment, start_response)
        content = b"".join(answer)
        return int(status[-1].split()[0]), content

    def _answer(self, request: BaseHTTPRequestHandler, answer: tuple[int, bytes] | None, fault: str | None) -> None:
        if answer is None or fault == "cut-after":
            request.close_connection = True
            request.connection.close()
            return
        status, body = answer
        if fault == "error-after":
            status, body = 500, _error(BROKEN)
        elif fault == "garbage":
            body = b"<html><p>502 Bad Gateway"
        elif fault == "late":
            select.select([request.connection], [], [], LATE)  # what comes is that the client closes
            request.close_connection = True
            return
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
def faulty_proxy() -> Iterator[FaultyProxy]:
    """A proxy in front of the local EC2 of this process that lives as long as the block."""
    proxy = FaultyProxy()
    thread = threading.Thread(target=proxy.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
