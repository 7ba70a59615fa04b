"""Calls to Azure Resource Manager through azure-mgmt-network: which there are, what their failures mean, and a journal.

Documents go in and out as the JSON of the API itself, so that whatever a resource has is still there after it was read,
changed in one place and written. Every write says `If-Match`, or `If-None-Match` for what must be new; as nothing says that
Azure heeds the latter, the answer to such a write is looked at too. A read that shows less than this run has written is
repeated. The SDK repeats nothing by itself; failures become those of `live.retry`.
"""

from __future__ import annotations

import json
import logging
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, cast

from esacloud.azure.live.rates import pace_at
from esacloud.azure.live.scope import GROUPS, INTERFACES, MEMBERS, NETWORKS, SUBNETS, parse_id
from esacloud.azure.live.written import Written
from esacloud.change.live import Connection
from esacloud.change.pace import Pace
from esacloud.change.retry import Backoff, LostError, RefusedError, SettledError, ThrottledError, ask
from esacloud.errors import InputError, OutsideError, Place, Problem

Document = dict[str, Any]
_OPERATIONS = {GROUPS: "network_security_groups", MEMBERS: "application_security_groups"} | {
    INTERFACES: "network_interfaces",
    SUBNETS: "subnets",
    NETWORKS: "virtual_networks",
}
_VERBS = {"GET": "read", "PUT": "write", "DELETE": "delete"}
# What the platform answers while something else is being done, as kubernetes-sigs/cloud-provider-azure waits for it too.
_BUSY = frozenset(("AnotherOperationInProgress", "RetryableError", "ReferencedResourceNotProvisioned"))
# What says that there is nothing of that name; while an operation is followed also that the operation is forgotten.
_NOT_THERE, _FORGOTTEN = ("ResourceNotFound", "NotFound"), "OperationNotFound"
_LONGEST_TEXT = 200  # characters of a message that may repeat a whole answer
_WRITABLE = ("securityRules", "flushConnection")  # of the properties of a group
_API_VERSION = "2025-05-01"  # that the command in a message speaks
_POLL_SECONDS, _LONGEST_WAIT = 1, 300  # where the platform does not say how long; at most as long as it says
_of_network = re.compile(r"/providers/Microsoft\.Network/(?P<rest>[^?]+)", re.IGNORECASE).search


def client_for(connection: Connection, subscription: str) -> Any:
    """A network client with the usual chain of credentials, or the one at hand. Raises InputError."""
    if connection.client is not None:
        return connection.client
    try:
        from azure.identity import ClientSecretCredential, DefaultAzureCredential
        from azure.mgmt.network import NetworkManagementClient
    except ImportError:
        message = "Azure is reached through azure-mgmt-network and azure-identity, which are not both here."
        raise InputError(Problem(Place("azure"), message, "Install them: pip install 'esacloud[azure]'.")) from None
    _hear_once()
    options: dict[str, Any] = {"retry_total": 0, "connection_timeout": 10, "read_timeout": 60}  # retry.py retries
    url, given = connection.endpoint_url, connection.credentials
    if url is not None:
        options |= {"base_url": url, "credential_scopes": [f"{url.rstrip('/')}/.default"]}
    if given is None:  # a cloud of one's own is in no directory of authorities
        credential: Any = DefaultAzureCredential(disable_instance_discovery=url is not None)
    else:
        here = {"connection_verify": given["ca_file"], "use_env_settings": False}  # no proxy on the way to this machine
        options |= here
        credential = ClientSecretCredential(
            given["tenant_id"],
            given["client_id"],
            given["client_secret"],
            authority=given["authority"],
            disable_instance_discovery=True,
            **here,
        )
    return NetworkManagementClient(credential, subscription, **options)


def _hear_once() -> None:
    """Where a program has set up no logging, the SDK's warnings go to stderr, beside the errors that say the same."""
    logger = logging.getLogger("azure.identity")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


class _TakenError(Exception):
    """A page, on its way past the SDK's models: making those of every rule takes longer than all the rest of a plan."""

    def __init__(self, document: Document) -> None:
        super().__init__("taken")
        self.document = document


class ReplacedError(RefusedError):
    """Something was to be made, and what was there has been replaced: `document` as it is since.

    `before` is what it was, where a read that lagged behind still showed that.
    """

    def __init__(self, text: str, document: Document, before: Document | None) -> None:
        super().__init__(text, "Replaced")
        self.document, self.before = document, before


class Calls:
    """One client, and the requests sent through it so far, as `networkSecurityGroups/write`, polls included."""

    def __init__(self, client: Any, backoff: Backoff, connection: Connection | None = None) -> None:
        self.client, self.backoff, self._connection = client, backoff, connection or Connection()
        self.journal: list[str] = []
        self.written = Written()

    def list(self, kind: str, resource_group: str | None) -> list[Document]:
        """All resources of a kind in a resource group, or for None in the subscription.

        A page is sent again while it is throttled or unanswered, and the whole while it does not show what this run wrote.
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
                raise _TakenError(document)

            with self._meaning(f"list of {kind}"):
                try:
                    hooks = self._hooks(take)
                    of = self._of(kind)
                    found = of.list(resource_group, **hooks) if resource_group else of.list_all(**hooks)
                    next(found.by_page(link))
                except _TakenError as taken:
                    return taken.document
            raise RefusedError(f"Azure list of {kind}: the answer is no page")

        found: list[Document] = []
        link: str | None = None
        while True:
            document = ask(partial(page, link), self.backoff)
            found += document.get("value", ())
            link = document.get("nextLink")
            if not link:
                return found

    def get(self, resource_id: str, *, patient: bool = True) -> Document | None:
        """One resource, or None where there is none; with `patient` sent again as `list` is.

        Without, LostError is raised for an answer that does not show what this run wrote.
        """
        for number in range(self.backoff.tries):
            found = self._get(resource_id, patient=patient)
            if not self.written.is_stale(resource_id, found):
                break
            if not patient:
                raise LostError(f"Azure {resource_id}: it is shown as it was before it was written")
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
                with self._meaning(resource_id):
                    self._of(where.kind).get(where.group, *where.names, **self._hooks(found.append))
            except RefusedError as error:
                if error.code in _NOT_THERE:
                    return None
                raise
            return found[-1]

        return ask(send, self.backoff) if patient else send()

    def put(self, resource_id: str, body: Document, etag: str | None) -> Document:
        """Write a resource whole if its ETag is this one, or if it is new for None, and wait for the end.

        Gives it as it is then. Raises SettledError when the condition does not hold, ReplacedError where it was not new
        and was written all the same.
        """
        where = parse_id(resource_id)
        read: list[Document] = []
        answers: list[Any] = []
        options = self._hooks(read.append, answers.append)
        options |= {"content_type": "application/json", "polling_interval": _POLL_SECONDS}
        options["headers"] = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        start = self._of(where.kind).begin_create_or_update
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
                raise _replaced(resource_id, body, answer.document, shown) from failure
        ended = any(one.get("status") == "Succeeded" for one in read)
        if failure is not None and not (ended and answer is not None and isinstance(failure, LostError)):
            raise failure
        return self._end(resource_id, answer, shown)

    def _end(self, resource_id: str, answer: _Answer | None, shown: Sequence[Document]) -> Document:
        """The resource after a write that came to its end: as it was read last, or as the write was answered."""
        fresh = [one for one in shown if not self.written.is_stale(resource_id, one)]
        if fresh:
            self.written.saw(resource_id, fresh[-1])
            return fresh[-1]
        if answer is not None and answer.document:
            return answer.document
        end = self.get(resource_id)
        if end is None:
            raise LostError(f"Azure {resource_id}: it was written, and is not there")
        return end

    def delete(self, resource_id: str) -> None:
        """Delete a resource, if it is there, and wait for the end."""
        where = parse_id(resource_id)
        start = self._of(where.kind).begin_delete
        options = self._hooks(lambda _: None) | {"polling_interval": _POLL_SECONDS}
        self._long(resource_id, lambda: start(where.group, *where.names, **options))
        self.written.deleted(resource_id)

    def _long(self, about: str, start: Callable[[], Any]) -> None:
        """Start an operation and follow it. While it is followed no failure says whether it was done."""
        with self._meaning(about):
            poller = start()
        try:
            with self._meaning(about):
                poller.result()
        except (ThrottledError, SettledError) as error:
            raise LostError(str(error)) from error
        except RefusedError as error:
            if error.code in (*_NOT_THERE, _FORGOTTEN):  # gone again, not shown yet, or nobody knows what became of it
                raise LostError(str(error)) from error
            raise

    def _of(self, kind: str) -> Any:
        return getattr(self.client, _OPERATIONS[kind])

    def _hooks(self, take: Callable[[Document], None], written: Callable[[Any], None] = lambda _: None) -> dict[str, Any]:
        """Options of one call: no retries, every request in the journal, every document that is read to `take`.

        What a PUT was answered, an HTTP response, goes to `written`.
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
                    raise LostError(f"Azure {http.request.url}: the answer is no JSON ({error})") from error
                take(document)

        return {"retry_total": 0, "raw_request_hook": sent, "raw_response_hook": answered}

    @contextmanager
    def _meaning(self, about: str) -> Iterator[None]:
        """Turn the SDK's failures into ours."""
        from azure.core.exceptions import (
            AzureError,
            ClientAuthenticationError,
            DecodeError,
            HttpResponseError,
            ServiceRequestError,
            ServiceResponseError,
        )

        try:
            yield
        except HttpResponseError as error:
            if isinstance(error, ClientAuthenticationError) and error.response is None:  # no token, so nothing was sent
                raise RefusedError(f"Azure {about}: no credentials that are taken: {error}", "NoToken") from error
            if error.response is None or isinstance(error, DecodeError):  # it broke off, and may have been any answer
                raise LostError(f"Azure {about}: the answer cannot be read ({str(error)[:_LONGEST_TEXT]})") from error
            raise self._meaning_of(about, error) from error
        except (ServiceRequestError, ServiceResponseError) as error:
            raise LostError(f"Azure {about}: no answer ({error})") from error
        except AzureError as error:
            raise RefusedError(f"Azure {about}: {error}", type(error).__name__) from error

    def _meaning_of(self, about: str, error: Any) -> Exception:
        status = error.status_code or 0
        code = str(getattr(error.error, "code", None) or "")
        text = f"Azure {about}: {error.message}"
        if status == 429 or code in _BUSY:
            self._slow_down(error.response)
            return ThrottledError(text)
        if status == 412:
            return SettledError(text)
        if 200 <= status < 300:
            return RefusedError(f"{text}. The change was accepted and ended as failed", code or "Failed")
        if status == 408 or status >= 500:
            return LostError(text)
        return RefusedError(text, code)

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
    """The answer of a PUT that was accepted: it is the platform's own when it is the resource, or names the operation.

    201 is for a resource that is new and 200 for one that was there:
    https://github.com/Azure/azure-openapi-validator/blob/main/docs/put-response-codes.md
    """
    for http in answers:
        if http.status_code not in (200, 201):
            continue
        try:
            document = http.json()
        except Exception:  # it broke off: in what way is the transport's own affair
            document = None
        if isinstance(document, dict) and str(document.get("id")).lower() == resource_id.lower():
            return _Answer(http.status_code, document)
        if "Azure-AsyncOperation" in http.headers:
            return _Answer(http.status_code, {})
    return None


def _replaced(resource_id: str, body: Document, now: Document, shown: Sequence[Document]) -> ReplacedError:
    """What to say of something that was replaced.

    How long Azure Resource Graph keeps changes:
    https://learn.microsoft.com/azure/governance/resource-graph/changes/get-resource-changes
    """
    before = next((one for one in shown if (one.get("tags") or {}) != body.get("tags")), None)
    given = now.get("properties") or {}
    on = [str(one["id"]) for message in ("networkInterfaces", "subnets") for one in given.get(message) or ()]
    text = (
        f"Azure {resource_id}: it was to be made, and something of that name was there, which the look right before did "
        "not show. Azure has written over that (it answered 200 and not 201)."
    )
    text += f" It is on {', '.join(on)}." if on else ""
    if before is not None:
        rules = ", ".join(str(rule["name"]) for rule in (before["properties"].get("securityRules") or ())) or "no rules"
        again = {key: before[key] for key in ("location", "tags") if key in before}
        again["properties"] = {key: before["properties"][key] for key in _WRITABLE if key in before["properties"]}
        text += (
            f" What was there: {rules}, with the tags {json.dumps(before.get('tags') or {})}. To bring that back: "
            f"az rest --method put --url '{resource_id}?api-version={_API_VERSION}' --body {shlex.quote(json.dumps(again))}"
        )
    else:
        text += (
            " What was there is not known here, so no snapshot has it. Azure Resource Graph keeps changes for 14 days: "
            f"az graph query -q \"resourcechanges | where properties.targetResourceId =~ '{resource_id}'\""
        )
    return ReplacedError(text, now, before)


def operation(method: str, url: str) -> str:
    """What a request does, as a role's action says it: `virtualNetworks/subnets/write`; polls are `locations/…/read`."""
    found = _of_network(url)
    if not found:
        return f"{_VERBS.get(method, method)}"
    parts = found["rest"].strip("/").split("/")
    kinds = "/".join(parts[::2])
    if parts[0].lower() == "locations":
        kinds = f"locations/{parts[2]}"
    return f"{kinds}/{_VERBS.get(method, method)}"


def etag_of(document: Document) -> str:
    """The ETag of a document."""
    return cast(str, document.get("etag", "*"))
