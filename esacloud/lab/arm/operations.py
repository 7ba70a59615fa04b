"""Long-running operations: a write takes effect at once, and is reported as running for as many polls as configured.

Between the two, the resource's state reads `Updating`; when the operation ends, it reads `Succeeded` and has a new ETag, as
the platform's does. A GET of the resource counts as a poll, so that one whose client is gone comes to rest as well, and the
next write ends it. What the platform also has and this does not: a running operation that a later one supersedes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from esacloud.lab.arm.errors import ArmError
from esacloud.lab.arm.messages import Response
from esacloud.lab.arm.paths import PROVIDER
from esacloud.lab.arm.store import State

Outcome = Literal["Succeeded", "Failed", "Canceled", "Lost"]
"""How an operation ends; `Lost`: it succeeds, but a poll does not find it."""

FAILURE = {
    "code": "InternalServerError",
    "message": "An error occurred.",
    "details": [],
}


@dataclass(slots=True)
class Operation:
    """One running or ended operation; `about` is the id of what it writes or deletes."""

    about: str
    polls_left: int
    end: Callable[[State], None]
    outcome: Outcome = "Succeeded"
    ended: bool = False

    def poll(self) -> str:
        """Count one look at it, and say how it stands."""
        if self.polls_left > 0:
            self.polls_left -= 1
            return "InProgress"
        self.finish()
        return self._end_state()

    def finish(self) -> None:
        """End it now."""
        self.polls_left = 0
        if not self.ended:
            self.ended = True
            self.end(self._end_state())

    def _end_state(self) -> State:
        return self.outcome if self.outcome != "Lost" else "Succeeded"


@dataclass(slots=True)
class Operations:
    """All operations of the subscription. `retry_after` is in whole seconds.

    With 0 seconds the answer says one millisecond, in `retry-after-ms`: azure-core takes a `Retry-After` of 0 for none at
    all, and waits its half minute.
    """

    url: str
    subscription: str
    polls: int
    retry_after: int
    known: dict[str, Operation] = field(default_factory=dict)
    running: dict[str, Operation] = field(default_factory=dict)

    def start(self, about: str, end: Callable[[State], None], outcome: Outcome) -> str:
        """Begin an operation; give its id."""
        operation_id = str(uuid.uuid4())
        operation = self.running[about.lower()] = Operation(about, self.polls, end, outcome)
        if outcome != "Lost":
            self.known[operation_id] = operation
        return operation_id

    def look_at(self, about: str) -> None:
        """Count a GET of the resource as a poll of what runs on it."""
        if operation := self.running.get(about.lower()):
            operation.poll()

    def rest(self, about: str, reads: int, end: Callable[[State], None]) -> None:
        """Let an operation of another client run on a resource, for that many reads."""
        self.running[about.lower()] = Operation(about, reads, end)

    def settle(self, about: str) -> None:
        """End what runs on a resource, because something else is to be written."""
        if operation := self.running.pop(about.lower(), None):
            operation.finish()

    def headers(self, operation_id: str, api_version: str, location: str, *, with_result: bool) -> dict[str, str]:
        """The headers by which a client follows an operation; DELETE has a `Location` too (`with_result`)."""
        base = f"{self.url}/subscriptions/{self.subscription}/providers/{PROVIDER}/locations/{location}"
        headers = {"Azure-AsyncOperation": f"{base}/operations/{operation_id}?api-version={api_version}", **self.wait()}
        if with_result:
            headers["Location"] = f"{base}/operationResults/{operation_id}?api-version={api_version}"
        return headers

    def wait(self) -> dict[str, str]:
        """How long to wait before the next look, as a header."""
        return {"Retry-After": str(self.retry_after)} if self.retry_after else {"retry-after-ms": "1"}

    def answer(self, operation_id: str | None, *, result: bool) -> Response:
        """Answer a poll: of the operation, or of its `result`."""
        operation = self.known.get(operation_id or "")
        if operation is None:
            raise ArmError(404, "OperationNotFound", f"The operation {operation_id} was not found.")
        status = operation.poll()
        if status == "InProgress":
            return Response(202, None, self.wait()) if result else Response(200, {"status": status}, self.wait())
        if result and status == "Succeeded":
            return Response(204)
        body: dict[str, Any] = {"status": status}
        return Response(200, body | ({"error": FAILURE} if status != "Succeeded" else {}))
