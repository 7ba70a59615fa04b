"""Calls to Azure Resource Manager through azure-mgmt-network: reads, writes and deletes, and a journal of their requests.

Documents are the JSON of the API itself, so that a resource keeps everything that it has when it is read, changed in one
place and written. Every write has `If-Match`, or `If-None-Match` for what must be new; it is not documented that Azure
honours the latter, so the answer to such a write is checked too. A read that shows less than this run has written is
repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple

from esacloud.azure.live import scope
from esacloud.azure.live.client import replaced, translated
from esacloud.azure.live.documents import Document
from esacloud.azure.live.rates import pace_at
from esacloud.azure.live.scope import parse_id
from esacloud.azure.live.written import Written
from esacloud.change.live import Connection
from esacloud.change.pace import Pace
from esacloud.change.retry import Backoff, LostError, RefusedError, SettledError, ThrottledError, ask
from esacloud.errors import OutsideError

_VERBS = {"GET": "read", "PUT": "write", "DELETE": "delete"}
_NOT_FOUND = ("ResourceNotFound", "NotFound")
_LOST_TRACK = (*_NOT_FOUND, "OperationNotFound")  # while an operation is followed: Azure no longer knows the operation
_POLL_SECONDS, _LONGEST_WAIT = 1, 300  # where Azure names no time; the most that is waited where it does
_of_network = re.compile(r"/providers/Microsoft\.Network/(?P<rest>[^?]+)", re.IGNORECASE).search


class _PageError(Exception):
    """A page, raised to skip the SDK's models: building those of every rule takes longer than all the rest of a plan."""

    def __init__(self, document: Document) -> None:
        super().__init__("a page")
        self.document = document


class Calls:
    """One client, and the requests sent through it so far, as `networkSecurityGroups/write`, polls included."""

    def __init__(self, client: Any, backoff: Backoff, connection: Connection | None = None) -> None:
        self.client, self.backoff, self._connection = client, backoff, connection or Connection()
        self.journal: list[str] = []
        self.written = Written()

    def list(self, kind: str, resource_group: str | None) -> list[Document]:
        """All resources of a kind in a resource group, or for None in the subscription.

        A page is requested again while it is throttled or unanswered, all pages while they lack what this run wrote.
        """
        for number in range(self.backoff.tries):
            found = [*self._list(kind, resource_group)]
            stale = self.written.stale_in(kind, resource_group, found) if resource_group else []
            if not stale:
                break
            if number < self.backoff.tries - 1:
                self.backoff.wait(number)
        for one in stale:
            self.written.accept(one)
        for document in found:
            self.written.saw(str(document["id"]), document)
        return found

    def _list(self, kind: str, resource_group: str | None) -> Sequence[Document]:
        def page(link: str | None) -> Document:
            def take(document: Document) -> None:
                raise _PageError(document)

            with self._translated(f"list of {kind}"):
                try:
                    hooks = self._hooks(take)
                    operations = self._operations(kind)
                    pages = operations.list(resource_group, **hooks) if resource_group else operations.list_all(**hooks)
                    next(pages.by_page(link))
                except _PageError as page:
                    return page.document
            raise RefusedError(f"Azure list of {kind}: the answer is not a page")

        found: list[Document] = []
        link: str | None = None
        while True:
            document = ask(partial(page, link), self.backoff)
            found += document.get("value", ())
            link = document.get("nextLink")
            if not link:
                return found

    def get(self, resource_id: str, *, patient: bool = True) -> Document | None:
        """One resource, or None where there is none. With `patient` it is requested again as in `list`.

        Otherwise LostError is raised for an answer that does not show what this run wrote.
        """
        for number in range(self.backoff.tries):
            found = self._get(resource_id, patient=patient)
            if not self.written.is_stale(resource_id, found):
                break
            if not patient:
                raise LostError(f"Azure {resource_id}: the answer shows it as it was before it was written")
            if number < self.backoff.tries - 1:
                self.backoff.wait(number)
        else:
            self.written.accept(resource_id)
        self.written.saw(resource_id, found)
        return found

    def _get(self, resource_id: str, *, patient: bool) -> Document | None:
        where = parse_id(resource_id)

        def send() -> Document | None:
            found: list[Document] = []
            try:
                with self._translated(resource_id):
                    self._operations(where.kind).get(where.group, *where.names, **self._hooks(found.append))
            except RefusedError as error:
                if error.code in _NOT_FOUND:
                    return None
                raise
            return found[-1]

        return ask(send, self.backoff) if patient else send()

    def put(self, resource_id: str, body: Document, etag: str | None) -> Document:
        """Write a whole resource if its ETag is `etag`, or for None if it is new; wait for the end and return it.

        Raises SettledError when the condition does not hold, ReplacedError where it was not new and Azure wrote it anyway.
        """
        where = parse_id(resource_id)
        read: list[Document] = []
        answers: list[Any] = []
        options = self._hooks(read.append, answers.append)
        options |= {"content_type": "application/json", "polling_interval": _POLL_SECONDS}
        options["headers"] = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        start = self._operations(where.kind).begin_create_or_update
        content = json.dumps(body).encode()
        failure: OutsideError | None = None
        try:
            self._long(resource_id, lambda: start(where.group, *where.names, content, **options))
        except OutsideError as error:
            failure = error
        answer = _accepted(answers, resource_id)
        shown = [one for one in read if str(one.get("id")).lower() == resource_id.lower()]
        if answer is not None:
            self.written.wrote(resource_id, answer.document)
            if etag is None and answer.status == 200:
                raise replaced(resource_id, body, answer.document, shown) from failure
        ended = any(one.get("status") == "Succeeded" for one in read)
        if failure is not None and not (ended and answer is not None and isinstance(failure, LostError)):
            raise failure
        return self._end(resource_id, answer, shown)

    def _end(self, resource_id: str, answer: _Answer | None, shown: Sequence[Document]) -> Document:
        """The resource after a write that has ended: as it was read last, or as in the answer to the write."""
        fresh = [one for one in shown if not self.written.is_stale(resource_id, one)]
        if fresh:
            self.written.saw(resource_id, fresh[-1])
            return fresh[-1]
        if answer is not None and answer.document:
            return answer.document
        end = self.get(resource_id)
        if end is None:
            raise LostError(f"Azure {resource_id}: it was written, and a read does not find it")
        return end

    def delete(self, resource_id: str) -> None:
        """Delete a resource, if it exists, and wait for the end."""
        where = parse_id(resource_id)
        start = self._operations(where.kind).begin_delete
        options = self._hooks(lambda _: None) | {"polling_interval": _POLL_SECONDS}
        self._long(resource_id, lambda: start(where.group, *where.names, **options))
        self.written.deleted(resource_id)

    def _long(self, about: str, start: Callable[[], Any]) -> None:
        """Start an operation and follow it. After it has started, no failure shows whether it was done."""
        with self._translated(about):
            poller = start()
        try:
            with self._translated(about):
                poller.result()
        except (ThrottledError, SettledError) as error:
            raise LostError(str(error)) from error
        except RefusedError as error:
            if error.code in _LOST_TRACK:  # deleted again, not shown yet, or its result is unknown
                raise LostError(str(error)) from error
            raise

    def _operations(self, kind: str) -> Any:
        match kind:
            case scope.GROUPS:
                return self.client.network_security_groups
            case scope.MEMBERS:
                return self.client.application_security_groups
            case scope.INTERFACES:
                return self.client.network_interfaces
            case scope.SUBNETS:
                return self.client.subnets
            case scope.NETWORKS:
                return self.client.virtual_networks
        raise ValueError(f"{kind} is not a kind that this package reads or writes")

    def _translated(self, about: str) -> AbstractContextManager[None]:
        return translated(about, self._slow_down)

    def _hooks(self, take: Callable[[Document], None], written: Callable[[Any], None] = lambda _: None) -> dict[str, Any]:
        """Options of one call: no retries, every request in the journal, every document that is read to `take`.

        `written` gets the HTTP response to a PUT.
        """

        def sent(request: Any) -> None:
            http = request.http_request
            if pace := self._pace(http.url):
                pace.wait(http.method)
            self.journal.append(operation(http.method, http.url))

        def answered(response: Any) -> None:
            http = response.http_response
            if http.request.method == "PUT":
                written(http)
            if http.request.method == "GET" and http.status_code == 200:
                try:
                    document = http.json()
                except ValueError as error:
                    raise LostError(f"Azure {http.request.url}: the answer is not JSON ({error})") from error
                take(document)

        return {"retry_total": 0, "raw_request_hook": sent, "raw_response_hook": answered}

    def _slow_down(self, response: Any) -> None:
        if response is None:
            return
        asked, http = str(response.headers.get("Retry-After", "")), response.request
        if response.status_code == 429 and (pace := self._pace(http.url)):
            pace.throttled(http.method)
        if asked.isdigit():
            self.backoff.lose(min(int(asked), _LONGEST_WAIT))

    def _pace(self, url: str) -> Pace | None:
        return self._connection.pace or pace_at(url, self._connection.pace_directory)


class _Answer(NamedTuple):
    status: int
    document: Document


def _accepted(answers: Sequence[Any], resource_id: str) -> _Answer | None:
    """The answer to a PUT that Azure accepted: it contains the resource, or names the operation.

    201 is for a new resource and 200 for an existing one:
    https://github.com/Azure/azure-openapi-validator/blob/main/docs/put-response-codes.md
    """
    for http in answers:
        if http.status_code not in (200, 201):
            continue
        try:
            document = http.json()
        except Exception:  # it broke off; the exception depends on the transport
            document = None
        if isinstance(document, dict) and str(document.get("id")).lower() == resource_id.lower():
            return _Answer(http.status_code, document)
        if "Azure-AsyncOperation" in http.headers:
            return _Answer(http.status_code, {})
    return None


def operation(method: str, url: str) -> str:
    """The action of a role for a request: `virtualNetworks/subnets/write`; polls are `locations/…/read`."""
    found = _of_network(url)
    if not found:
        return _VERBS.get(method, method)
    parts = found["rest"].strip("/").split("/")
    kinds = "/".join(parts[::2])
    if parts[0].lower() == "locations":
        kinds = f"locations/{parts[2]}"
    return f"{kinds}/{_VERBS.get(method, method)}"
