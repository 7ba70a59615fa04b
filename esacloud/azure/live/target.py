"""One resource while a step writes it: looked at, written under the condition of its ETag, looked at again.

Rules that this module obeys: nothing is written over a document that was not looked at; what is to be new is looked for
right before each write; an ETag that Azure refused is given again only when reading twice shows no other; and what a look
shows against the plan ends the run only when several looks say so, because a read may lag behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from esacloud.azure.live.calls import Calls, Document, etag_of
from esacloud.azure.live.documents import DELETING, ENDED, SUCCEEDED, state_of
from esacloud.change.retry import LostError, RefusedError, SettledError, ThrottledError

LOOKS = 3
"""How many looks have to speak against the plan."""
_STALE_LOOKS = 2


def until_at_rest(calls: Calls, document: Document) -> Document | None:
    """The resource once no change runs on it: None where it went. While one still runs after all tries, as it is."""
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

    - `known`: whether `document` is what there is, as far as anybody here knows; None is for nothing.
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
        """What is there; read where that is not known, or with `look`."""
        if look or not self.known:
            self.document, self.known = self.calls.get(self.id, patient=False), True
            self._check_look()
        if self.document is not None and state_of(self.document) == DELETING:
            raise LostError(f"Azure {self.id}: it is being deleted")
        return self.document

    def _check_look(self) -> None:
        """Look again where what is shown cannot be the present state, or need not be. Raises LostError."""
        if self.document is None:
            if self.lost and self._missed < _STALE_LOOKS - 1:
                self._missed += 1
                raise LostError(f"Azure {self.id}: a request to write it was not answered, and nothing is there")
            return
        etag = etag_of(self.document)
        if etag in self._refused:
            self._refused[etag] += 1
            if self._refused[etag] < _STALE_LOOKS:
                raise LostError(f"Azure {self.id}: it is shown with an ETag that Azure says is not its own")

    def forget(self) -> None:
        """What was known of it may not be so any more."""
        self.known = False

    def put(self, body: Document) -> None:
        """Write it over what is known, or new where nothing is."""
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
        """Whether what is there as wanted has come to its end; False where it is to be written again.

        Raises LostError while Azure is at it, and RefusedError where what this step wrote ended in another way.
        """
        assert self.document is not None  # noqa: S101 - the caller has looked at it
        state = state_of(self.document)
        if state == SUCCEEDED:
            if self.sent:
                self.calls.written.wrote(self.id, self.document)
            return True
        if state not in ENDED:
            raise LostError(f"Azure {self.id}: it is written, and Azure is still at it ({state})")
        if self.sent:
            raise RefusedError(f"Azure {self.id}: the change was accepted and {ENDED[state]}", state)
        return False

    def confirm(self, message: str) -> None:
        """Look again before this is taken for so, against what the plan saw. Raises LostError until it is confirmed."""
        self._doubts += 1
        if self._doubts < LOOKS:
            raise LostError(f"Azure: {message}")

    def doubt(self, error: RefusedError) -> None:
        """Look again before this ends the run. Raises LostError, and at last the error."""
        self.confirm(str(error))
        raise error
