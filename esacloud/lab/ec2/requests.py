"""What happens to a request before and after moto has it.

- One at a time: moto's state is not thread-safe. It sometimes answered 500 to a call that it had carried out, and the
  client's second try met a duplicate.
- Requests over the limits are refused (`rates.py`); reads lag (`lag.py`); quotas are set by a header (`quotas.py`).
- With the header `X-Lab-Lag: none` a read shows the true state, and later reads show what a write makes at once: for what
  exists before the lab is used, such as the stand-ins of `lab.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from esacloud.lab.ec2.lag import LAGGING, Lag, capture, showing
from esacloud.lab.ec2.quotas import QUOTAS_HEADER, take_header
from esacloud.lab.ec2.rates import THROTTLED
from esacloud.lab.ec2.settings import settings

EC2_VERSION = "2016-11-15"  # of its API, which distinguishes its requests from those of STS and IAM
LAG_HEADER, NO_LAG = "X-Lab-Lag", "none"
_READING = ("Describe", "Get", "List", "Search")
_QUOTAS, _LAG = (f"HTTP_{name.upper().replace('-', '_')}" for name in (QUOTAS_HEADER, LAG_HEADER))

Answering = Callable[[Any, Any, Any], Iterable[bytes]]


def one_at_a_time() -> None:
    """Put it around moto's application."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    plain: Answering = DomainDispatcherApplication.__call__
    turn = Lock()

    def call(self: Any, environment: Any, start_response: Any) -> Iterable[bytes]:
        with turn:
            return _answer(plain, self, environment, start_response)

    DomainDispatcherApplication.__call__ = call  # type: ignore[method-assign, assignment]


def error(status: int, code: str, message: str) -> tuple[int, bytes]:
    """An answer in EC2's words, and its status."""
    return status, (
        f'<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>'
        "</Error></Errors><RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>"
    ).encode()


def _answer(plain: Answering, self: Any, environment: Any, start_response: Any) -> Iterable[bytes]:
    if _QUOTAS in environment:
        take_header(environment[_QUOTAS])
    if not settings.rates and not settings.lag.active:
        return plain(self, environment, start_response)
    asked = dict(parse_qsl(self._get_body(environment) or ""))
    action = asked.get("Action", "")
    if asked.get("Version") != EC2_VERSION:
        return plain(self, environment, start_response)
    if settings.rates and settings.rates.over(action):
        return _refuse(start_response, *error(*THROTTLED))
    lag, at_once = settings.lag, environment.get(_LAG) == NO_LAG
    if not lag.active or (action.startswith(_READING) and (at_once or action not in LAGGING)):
        return plain(self, environment, start_response)
    if action in LAGGING:
        with showing(lag.shown(action)):
            return _whole(plain(self, environment, start_response))
    if at_once:
        lag.forget()
        return plain(self, environment, start_response)
    unseen = _unseen(lag, action, asked)
    if unseen:
        message = f"The security group '{unseen}' does not exist"
        return _refuse(start_response, *error(400, "InvalidGroup.NotFound", message))
    return _change(lag, plain, self, environment, start_response)


def _change(lag: Lag, plain: Answering, self: Any, environment: Any, start_response: Any) -> Iterable[bytes]:
    """Let something change, and keep the state before it."""
    before, statuses = capture(), []

    def start(status: str, headers: Any, exception: Any = None) -> Any:
        statuses.append(status)
        return start_response(status, headers, exception)

    answer = _whole(plain(self, environment, start))
    if statuses and statuses[-1].startswith("2"):  # one that failed changed nothing
        lag.changed(before)
    return answer


def _whole(answer: Iterable[bytes]) -> list[bytes]:
    """An answer that is complete before anything else happens."""
    try:
        return list(answer)
    finally:
        close = getattr(answer, "close", None)
        if close:
            close()


def _unseen(lag: Lag, action: str, asked: Mapping[str, str]) -> str | None:
    """A group that a command is about and that the old state lacks, where commands lag too."""
    named = [value for key, value in asked.items() if "GroupId" in key]  # GroupId, SecurityGroupId.1, in IpPermissions.1
    if not lag.writes or not named:
        return None
    state, true = lag.shown(action), capture()
    return next((name for name in named if state and not state.has_group(name) and true.has_group(name)), None)


def _refuse(start_response: Any, status: int, body: bytes) -> Iterable[bytes]:
    words = {400: "Bad Request", 503: "Service Unavailable"}
    start_response(
        f"{status} {words[status]}", [("Content-Type", "text/xml;charset=UTF-8"), ("Content-Length", str(len(body)))]
    )
    return [body]
