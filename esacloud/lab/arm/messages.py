"""A request and its response, without HTTP, and lists in pages: `value`, and `nextLink` while there is more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from esacloud.lab.arm.errors import bad_request


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks. Names of headers and of query parameters are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered: `body` is JSON, or None for an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


_SKIP = "$skiptoken"


@dataclass(frozen=True, slots=True)
class Pages:
    """How lists are cut: `size` items a page, on the server at `url`."""

    url: str
    size: int

    def page(self, items: list[dict[str, Any]], request: Request) -> dict[str, Any]:
        """The page that the request asks for."""
        token = request.query.get(_SKIP, "0")
        if not token.isdecimal():
            raise bad_request("InvalidSkipToken", f"The skip token '{token}' is invalid.")
        start = int(token)
        shown: dict[str, Any] = {"value": items[start : start + self.size]}
        if start + self.size < len(items):
            query = dict(request.query) | {_SKIP: str(start + self.size)}
            shown["nextLink"] = f"{self.url}{request.path}?{urlencode(query)}"
        return shown
