"""One resource while a step writes it: read, written under the condition of its ETag, read again.

Rules that this module obeys: no document is overwritten that was not read; a resource that is to be new is looked for right
before each write; an ETag that Azure refused is sent again only when two reads show no other; and a read that contradicts
the plan ends the run only when several reads do, because a read may lag behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from esacloud.azure.live.calls import Calls
from esacloud.azure.live.documents import DELETING, ENDED, SUCCEEDED, Document, etag_of, state_of
from esacloud.change.retry import LostError, RefusedError, SettledError, ThrottledError

LOOKS = 3
"""How many reads must contradict the plan."""
_STALE_LOOKS = 2


def until_at_rest(calls: Calls, document: Document) -> Document | None:
    """The resource once no change runs on it: None where it is deleted. After all tries, as it is."""
    now: Document | None = document
    for number in range(calls.backoff.tries):
        if now is None or state_of(now) in (SUCCEEDED, *ENDED):
            return now
        if number:
            calls.backoff.wait(number)
        now = calls.get(str(document["id"]))
    return now


@dataclass(slots=True)
class Target:
    """A resource that is written.

    - `known`: whether `document` is the state that was read or written last; None: it does not exist.
    - `sent`: whether a write of this step may have been done; `lost`: whether the answer to one was lost.
    """

    calls: Calls
    id: str
    document: Document | None = None
    known: bool = False
    sent: bool = False
    lost: bool = False
    _doubts: int = 0
    _missed: int = 0
    _refused: dict[str, int] = field(default_factory=dict)

    def now(self, *, look: bool = False) -> Document | None:
        """The resource; read where it is not known, or with `look`."""
        if look or not self.known:
            self.document, self.known = self.calls.get(self.id, patient=False), True
            self._check_look()
        if self.document is not None and state_of(self.document) == DELETING:
            raise LostError(f"Azure {self.id}: it is being deleted")
        return self.document

    def _check_look(self) -> None:
        """Refuse a read that is not, or may not be, the present state. Raises LostError."""
        if self.document is None:
            if self.lost and self._missed < _STALE_LOOKS - 1:
                self._missed += 1
                raise LostError(f"Azure {self.id}: a request to write it was not answered, and a read does not find it")
            return
        etag = etag_of(self.document)
        if etag in self._refused:
            self._refused[etag] += 1
            if self._refused[etag] < _STALE_LOOKS:
                raise LostError(f"Azure {self.id}: a read shows an ETag that Azure says is not the present one")

    def forget(self) -> None:
        """The document may no longer be the present state."""
        self.known = False

    def put(self, body: Document) -> None:
        """Write the resource over the known document, or as a new one."""
        etag = etag_of(self.document) if self.document is not None else None
        try:
            self.document = self.calls.put(self.id, body, etag)
            self.sent = True
        except SettledError:
            if etag is not None:
                self._refused[etag] = 0
            raise
        except LostError:
            self.sent = self.lost = True
            raise
        except ThrottledError:
            raise
        except RefusedError:
            self.sent = True
            raise

    def is_done(self) -> bool:
        """Whether the change of a resource that is as desired has succeeded; False where it must be written again.

        Raises LostError while the change runs, and RefusedError where a write of this step has failed.
        """
        assert self.document is not None  # noqa: S101 - the caller has read it
        state = state_of(self.document)
        if state == SUCCEEDED:
            if self.sent:
                self.calls.written.wrote(self.id, self.document)
            return True
        if state not in ENDED:
            raise LostError(f"Azure {self.id}: it is written, and the change is still running ({state})")
        if self.sent:
            raise RefusedError(f"Azure {self.id}: the change was accepted and {ENDED[state]}", state)
        return False

    def confirm(self, message: str) -> None:
        """Read again before an observation against the plan counts. Raises LostError until it is confirmed."""
        self._doubts += 1
        if self._doubts < LOOKS:
            raise LostError(f"Azure: {message}")

    def doubt(self, error: RefusedError) -> None:
        """Read again before the error ends the run. Raises LostError, and at last the error."""
        self.confirm(str(error))
        raise error
