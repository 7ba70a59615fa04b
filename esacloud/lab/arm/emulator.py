"""The emulator as tests and the lab use it: start it, point a client at it, look at what it holds, make it fail."""

from __future__ import annotations

import json
import re
import tempfile
import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esacloud.lab.arm.application import Application
from esacloud.lab.arm.certificates import write_certificate
from esacloud.lab.arm.errors import ArmError
from esacloud.lab.arm.faults import Fault, FaultKind, Faults, refusal
from esacloud.lab.arm.journal import Call, Journal
from esacloud.lab.arm.lag import Lag, Replica
from esacloud.lab.arm.limits import Limits
from esacloud.lab.arm.messages import Pages, Request, Response
from esacloud.lab.arm.oauth import TokenEndpoint
from esacloud.lab.arm.operations import Operations, Outcome
from esacloud.lab.arm.resource_groups import put_group
from esacloud.lab.arm.resources import Resources
from esacloud.lab.arm.server import HttpsServer
from esacloud.lab.arm.store import State, Store

if TYPE_CHECKING:
    from azure.identity import ClientSecretCredential
    from azure.mgmt.network import NetworkManagementClient

SUBSCRIPTION = TENANT = CLIENT = "00000000-0000-0000-0000-000000000000"
SECRET = "testing"  # noqa: S105 - it opens nothing but this emulator
API_VERSION = "2025-05-01"

_subscription_in = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE).match

_OUTCOMES: Mapping[FaultKind, Outcome] = {
    "operation-fails": "Failed",
    "operation-canceled": "Canceled",
    "operation-not-found": "Lost",
}

Snapshot = Mapping[str, dict[str, Any]]
"""Every resource as the API shows it, by its id."""


class ArmEmulator:
    """A local Azure Resource Manager, started by `with ArmEmulator() as arm`.

    - `any_subscription`: whether it also has every other subscription that is asked for, each empty at first;
    - `resource_groups`: those that are there from the start, name to location;
    - `polls`: how often a long-running operation is in progress before it ends; `retry_after`: the seconds between;
    - `page_size`: how many resources a list shows at once; `limits`: how much the subscription may have;
    - `lag`: how many seconds reads are behind, or a `Lag` that says more;
    - `ignores_if_none_match`: whether a write that asks that there be nothing yet is done all the same;
    - `port`: 0 for any that is free; `directory`: where `ca.pem` and `key.pem` go, by default a temporary directory.

    A client reaches it at `url`, trusts it by `ca_file`, and gets its tokens from `authority` (`token_url` for the tenant).
    """

    def __init__(
        self,
        *,
        subscription: str = SUBSCRIPTION,
        any_subscription: bool = False,
        resource_groups: Mapping[str, str] | None = None,
        polls: int = 1,
        retry_after: int = 0,
        page_size: int = 100,
        limits: Limits | None = None,
        lag: float | Lag = 0.0,
        ignores_if_none_match: bool = False,
        port: int = 0,
        directory: Path | None = None,
    ) -> None:
        self.subscription, self.tenant, self.client_id, self.client_secret = subscription, TENANT, CLIENT, SECRET
        self.failures: list[BaseException] = []
        self._resource_groups = dict(resource_groups or {})
        self._polls, self._retry_after, self._page_size = polls, retry_after, page_size
        self._port, self._directory = port, directory
        self._limits, self._any_subscription = limits or Limits(), any_subscription
        self._lag = lag if isinstance(lag, Lag) else Lag(seconds=lag)
        self._ignores_if_none_match = ignores_if_none_match
        self._store = self._new_store(subscription)
        self._faults, self._journal = Faults(), Journal()
        self._stopping = threading.Event()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> ArmEmulator:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop()
        if kind is None and self.failures:
            raise self.failures[0]

    def start(self) -> None:
        """Make the certificate and answer from now on."""
        if self._directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="esacloud-lab-")
        directory = self._directory or Path(self._temporary.name)  # type: ignore[union-attr]
        ca_file, key_file = write_certificate(directory)
        self.ca_file = str(ca_file)
        self._server = HttpsServer(self._port, ca_file, key_file, self._serve)
        self.url = self.authority = self._server.url
        self.token_url = f"{self.authority}/{self.tenant}/oauth2/v2.0/token"
        self._tokens = TokenEndpoint(self.url, self.tenant, self.client_id, self.client_secret)
        self._application = self._of_store(self._store)
        self._others: dict[str, Application] = {}
        self._others_lock = threading.Lock()
        for name, location in self._resource_groups.items():
            self.add_resource_group(name, location)
        self._server.start()

    def stop(self) -> None:
        """Answer no more, close all connections, and remove the certificate unless a directory was given for it."""
        self._stopping.set()
        self._server.stop()
        if self._temporary:
            self._temporary.cleanup()

    # Clients

    def credential(self) -> ClientSecretCredential:
        """The Azure SDK's own credential, which gets its tokens here."""
        from azure.identity import ClientSecretCredential

        return ClientSecretCredential(
            self.tenant,
            self.client_id,
            self.client_secret,
            authority=self.authority,
            disable_instance_discovery=True,
            connection_verify=self.ca_file,
        )

    def client(self, **options: Any) -> NetworkManagementClient:
        """The Azure SDK's own network client, pointed here. `options` go to it: `retry_total=0`, `read_timeout=1`, ..."""
        from azure.mgmt.network import NetworkManagementClient

        return NetworkManagementClient(self.credential(), self.subscription, **(self.client_options() | options))

    def client_options(self) -> dict[str, Any]:
        """What any management client of the Azure SDK needs to be pointed here."""
        return {
            "base_url": self.url,
            "credential_scopes": [f"{self.url}/.default"],
            "connection_verify": self.ca_file,
        }

    def environment(self) -> dict[str, str]:
        """The environment variables from which the Azure SDK and the Azure CLI take credentials and trust."""
        return {
            "AZURE_SUBSCRIPTION_ID": self.subscription,
            "AZURE_TENANT_ID": self.tenant,
            "AZURE_CLIENT_ID": self.client_id,
            "AZURE_CLIENT_SECRET": self.client_secret,
            "AZURE_AUTHORITY_HOST": self.authority,
            "REQUESTS_CA_BUNDLE": self.ca_file,
            "SSL_CERT_FILE": self.ca_file,
        }

    def token(self) -> str:
        """A bearer token for a client that brings none of its own."""
        return self._tokens.new_token()

    # What it holds

    def add_resource_group(self, name: str, location: str) -> None:
        """Make a resource group, as its owner would have done before."""
        with self._store.lock:
            put_group(self._store, name, {"location": location})

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Ask without a wire, past journal and faults, as somebody else would. `If_Match=` is the header `If-Match`."""
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        named["authorization"] = f"Bearer {self.token()}"
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, {"api-version": API_VERSION}, named, content)
        return self._application.answer(request, lags=False)

    def stand(self, path: str, state: State, *, reads: int | None = None) -> None:
        """Let a resource stand in a provisioning state: until it is written again, or until so many reads have seen it.

        After those it has succeeded, or, where it was `Deleting`, it is gone.
        """
        store, operations = self._store, self._application.operations
        with store.lock:
            resource = store.resources[path.lower()]
            operations.settle(resource.id)
            store.keep(resource, state)

            def end(_: State) -> None:
                if store.resources.get(path.lower()) is not resource:
                    return
                if state == "Deleting":
                    store.remove(resource)
                else:
                    store.keep(resource, "Succeeded")

            if reads is not None:
                operations.rest(resource.id, reads, end)

    def fall_behind(self, lag: Lag) -> None:
        """Let reads lag from now on, or, with `Lag()`, no longer. The current state shows at once."""
        self._lag = lag
        with self._others_lock:
            for application in (self._application, *self._others.values()):
                with application.store.lock:
                    application.replica.fall_behind(lag)

    def snapshot(self) -> Snapshot:
        """All that it holds at this moment, to keep."""
        resources = Resources(self._store)
        with self._store.lock:
            return {one.id: deepcopy(resources.show(one)) for one in self._store.resources.values()}

    def listen(self, listener: Callable[[Snapshot], None]) -> None:
        """Have the listener called with a snapshot after every change, before anybody can make the next.

        What it raises is kept in `failures`, and the first of them is raised at the end of the `with` block.
        """

        def call() -> None:
            try:
                listener(self.snapshot())
            except BaseException as failure:
                self.failures.append(failure)

        with self._store.lock:
            self._store.listeners.append(call)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The requests so far, in the order in which they were answered."""
        return tuple(self._journal.calls)

    # Faults

    def fail_next(
        self,
        method: str | None,
        path: str,
        kind: FaultKind,
        *,
        skip: int = 0,
        times: int = 1,
        retry_after: int = 1,
    ) -> None:
        """Let the next request of this method (None: of any) whose path matches the regular expression meet a fault.

        The first `skip` of them pass; then `times` of them meet it. `retry_after` is what `throttled` asks for, in seconds.
        """
        self._faults.add(Fault(kind, method, re.compile(path, re.IGNORECASE), skip, times, retry_after))

    def forget_faults(self) -> None:
        """Take back the faults that no request has met."""
        self._faults.clear()

    def _of_store(self, store: Store) -> Application:
        operations = Operations(self.url, store.subscription, self._polls, self._retry_after)
        return Application(store, operations, self._tokens, Pages(self.url, self._page_size), Replica(store, self._lag))

    def _new_store(self, subscription: str) -> Store:
        return Store(subscription, self._limits, self._ignores_if_none_match)

    def _application_for(self, request: Request) -> Application:
        """The subscription that the request is about, where the emulator has more than one."""
        found = _subscription_in(request.path) if self._any_subscription else None
        if found is None or found[1].lower() == self.subscription.lower():
            return self._application
        with self._others_lock:
            return self._others.setdefault(found[1].lower(), self._of_store(self._new_store(found[1])))

    def _serve(self, request: Request) -> Response | None:
        fault = self._faults.take(request)
        try:
            response = self._respond(request, fault)
        except Exception as failure:  # a mistake of the emulator: the test gets the error, the client a 500
            self.failures.append(failure)
            response = Response(500, ArmError(500, "InternalServerError", f"The emulator failed: {failure!r}").document())
        self._journal.add(request, response.status if response else None, fault.kind if fault else None)
        if fault and fault.kind == "timeout-after":
            self._stopping.wait()
        return response

    def _respond(self, request: Request, fault: Fault | None) -> Response | None:
        if fault is None:
            return self._application_for(request).answer(request)
        if refused := refusal(fault, request):
            return Response(refused.status, refused.document(), refused.headers)
        if fault.kind == "cut-before":
            return None
        outcome = _OUTCOMES.get(fault.kind, "Succeeded")
        response = self._application_for(request).answer(request, outcome=outcome, stale=fault.kind == "stale")
        return response if fault.kind in _OUTCOMES or fault.kind == "stale" else None
