"""A site of the toy cloud on this machine: GET /filters, PUT /filters/NAME, DELETE /filters/NAME."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from esacloud.change.live import Connection
from esacloud.deployment.model import Deployment
from esacloud.policy.lowered import Lowered


def serve(ready: Callable[[str], None], lag: float = 0.0) -> None:
    """Serve until the process ends."""
    filters: dict[str, Any] = {}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(filters)

        def do_PUT(self) -> None:
            filters[self.path.rpartition("/")[2]] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer({})

        def do_DELETE(self) -> None:
            filters.pop(self.path.rpartition("/")[2], None)
            self.answer({})

        def answer(self, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        ready(f"http://127.0.0.1:{server.server_port}")
        server.serve_forever()


def connection(address: str) -> Connection:
    """How to reach the site."""
    return Connection(endpoint_url=address)


def furnish(where: Connection, deployment: Deployment, lowered: Lowered | None) -> tuple[str, ...]:
    """Nothing: a filter needs nothing around it."""
    return ()


def in_use(where: Connection, deployment: Deployment) -> bool:
    """Whether filters of the deployment are there."""
    from toycloud.live import get

    found = get(where.endpoint_url, "/filters")
    return any(each["deployment"] == deployment.name for each in found.values())


def instructions(address: str) -> str:
    """How other programs reach the site."""
    return f"Toy site at {address}: curl {address}/filters"
