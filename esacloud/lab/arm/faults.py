"""Faults on demand: what the next matching request meets instead of, or after, being served."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal, get_args

from esacloud.lab.arm.errors import ArmError
from esacloud.lab.arm.messages import Request
from esacloud.lab.arm.preconditions import precondition_failed

FaultKind = Literal[
    "throttled",  # 429 with Retry-After; nothing done
    "error-500",  # nothing done
    "unavailable-503",  # nothing done
    "forbidden-403",  # as if the role lacked the action; nothing done
    "precondition-412",  # as if somebody else had written; nothing done
    "cut-before",  # the connection is closed; nothing done
    "cut-after",  # done, then the connection is closed without an answer
    "timeout-after",  # done, then no answer until the client goes away or the emulator stops
    "operation-fails",  # accepted and done, but the long-running operation ends as Failed
    "operation-canceled",  # the same, and it ends as Canceled
    "operation-not-found",  # accepted and done, and whoever polls the operation hears 404 OperationNotFound
    "stale",  # a GET is answered from before the last write
]


@dataclass(slots=True)
class Fault:
    """One fault that waits for its request. `skip` matching requests pass first; then it meets `times` of them."""

    kind: FaultKind
    method: str | None
    path: re.Pattern[str]
    skip: int = 0
    times: int = 1
    retry_after: int = 1

    def matches(self, request: Request) -> bool:
        """Whether it is meant for such a request."""
        return (self.method is None or self.method == request.method) and self.path.search(request.path) is not None


@dataclass(slots=True)
class Faults:
    """The faults that wait, in the order in which they were asked for."""

    waiting: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Let one more wait."""
        if fault.kind not in get_args(FaultKind):
            raise ValueError(f"{fault.kind!r} is no kind of fault: {', '.join(get_args(FaultKind))}")
        with self.lock:
            self.waiting.append(fault)

    def take(self, request: Request) -> Fault | None:
        """The fault that this request meets, if any does."""
        with self.lock:
            for fault in self.waiting:
                if not fault.matches(request):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if not fault.times:
                    self.waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget all that still wait."""
        with self.lock:
            self.waiting.clear()


def refusal(fault: Fault, request: Request) -> ArmError | None:
    """The answer of a fault that keeps the request from being served, if it is one that answers."""
    match fault.kind:
        case "throttled":
            return ArmError(
                429,
                "SubscriptionRequestsThrottled",
                f"Number of requests for the subscription exceeded the limit. Please try again after '{fault.retry_after}' "
                "seconds.",
                headers={"Retry-After": str(fault.retry_after)},
            )
        case "error-500":
            return ArmError(500, "InternalServerError", "An error occurred.")
        case "unavailable-503":
            return ArmError(503, "ServiceUnavailable", "The service is unavailable.")
        case "forbidden-403":
            return ArmError(
                403,
                "AuthorizationFailed",
                f"The client does not have authorization to perform this action over scope '{request.path}' or the scope "
                "is invalid. If access was recently granted, please refresh your credentials.",
            )
        case "precondition-412":
            return precondition_failed(request.headers.get("if-match", "*"), 'W/"somebody-else"', request.path)
        case _:
            return None
