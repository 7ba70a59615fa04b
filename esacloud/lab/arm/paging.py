"""Lists in pages: `value`, and `nextLink` as long as there is more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from esacloud.lab.arm.errors import bad_request
from esacloud.lab.arm.messages import Request

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
