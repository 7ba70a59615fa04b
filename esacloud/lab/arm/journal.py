"""What was asked, and what was answered: for tests that count calls."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from esacloud.lab.arm.faults import FaultKind
from esacloud.lab.arm.messages import Request


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `status` is None when it got no answer; `fault` is the one that it met."""

    method: str
    path: str
    status: int | None
    fault: FaultKind | None = None

    @property
    def is_about_state(self) -> bool:
        """Whether it reads or writes resources: it is neither for a token nor a poll of a long-running operation."""
        path = self.path.lower()
        return path.startswith("/subscriptions/") and "/providers/microsoft.network/locations/" not in path


@dataclass(slots=True)
class Journal:
    """The calls so far, in the order in which they were answered."""

    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, request: Request, status: int | None, fault: FaultKind | None) -> None:
        """Write down one call."""
        with self.lock:
            self.calls.append(Call(request.method, request.path, status, fault))
