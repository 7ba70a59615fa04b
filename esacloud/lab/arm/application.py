"""From a request to its answer: the gate that Resource Manager holds before every resource, and the way to the resource.

The gate, in this order: a bearer token, an api-version, the subscription, the resource group, the kind of resource.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from esacloud.lab.arm.bodies import read_json
from esacloud.lab.arm.errors import ArmError, bad_request, group_not_found, only
from esacloud.lab.arm.kinds import Kind
from esacloud.lab.arm.lag import Replica
from esacloud.lab.arm.messages import Pages, Request, Response
from esacloud.lab.arm.oauth import TokenEndpoint
from esacloud.lab.arm.operations import Operations, Outcome
from esacloud.lab.arm.paths import PROVIDER, Path, parse_path
from esacloud.lab.arm.resource_groups import delete_group, put_group, show_group
from esacloud.lab.arm.resource_requests import ResourceRequest
from esacloud.lab.arm.resources import KINDS, Resources
from esacloud.lab.arm.store import Store

_is_api_version = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?").fullmatch


@dataclass(frozen=True, slots=True)
class Application:
    """Resource Manager without its wire."""

    store: Store
    operations: Operations
    tokens: TokenEndpoint
    pages: Pages
    replica: Replica

    def answer(
        self, request: Request, *, outcome: Outcome = "Succeeded", lags: bool = True, stale: bool = False
    ) -> Response:
        """Serve a request. A refusal is an answer too; what raises is a mistake of the emulator's own.

        `outcome` is how the operation ends that the request starts; `lags`: whether a read may lag behind at all; `stale`:
        whether it is answered from before the last write.
        """
        try:
            answered = self.tokens.answer(request)
            if answered is None:
                self.tokens.check(request.headers.get("authorization"))
                with self.store.lock:
                    answered = self._serve(request, outcome, lags, stale)
        except ArmError as error:
            return Response(error.status, error.document(), error.headers)
        return answered

    def _serve(self, request: Request, outcome: Outcome, lags: bool, stale: bool) -> Response:
        version = _api_version(request.query)
        path = parse_path(request.path)
        if path is None:
            raise ArmError(404, "InvalidResourceType", f"Nothing is known under '{request.path}'.")
        if path.subscription.lower() != self.store.subscription.lower():
            message = f"The subscription '{path.subscription}' could not be found."
            raise ArmError(404, "SubscriptionNotFound", message)
        if path.provider is None:
            return self._serve_groups(request, path)
        if (path.kind or "").lower() == "locations":
            return self._serve_operation(request, path)
        if path.group and self.store.group(path.group) is None:
            raise group_not_found(path.group)
        kind = _kind(path)
        resources = Resources(self._state_for(request, lags, stale))
        if path.name is None:
            only(request.method, "GET")
            return Response(200, self.pages.page(resources.listed(kind, path.group), request))
        if path.group is None:
            raise ArmError(404, "InvalidResourceType", f"'{request.path}' names no resource group.")
        return ResourceRequest(
            request, version, resources, self.operations, self.pages, kind, path.group, path.name, outcome
        ).answer(path.child_kind, path.child)

    def _state_for(self, request: Request, lags: bool, stale: bool) -> Store:
        if request.method == "GET":
            return self.replica.read(stale=stale) if lags else self.store
        self.replica.write_comes()
        return self.store

    def _serve_groups(self, request: Request, path: Path) -> Response:
        if path.group is None:
            only(request.method, "GET")
            if not path.in_groups:
                return Response(200, _subscription(self.store.subscription))
            groups = [show_group(self.store, group) for group in self.store.groups.values()]
            return Response(200, self.pages.page(groups, request))
        if request.method == "PUT":
            group, new = put_group(self.store, path.group, read_json(request.content))
            return Response(201 if new else 200, show_group(self.store, group))
        found = self.store.group(path.group)
        if request.method == "HEAD":
            return Response(204 if found else 404)
        if found is None:
            raise group_not_found(path.group)
        if request.method == "DELETE":
            delete_group(self.store, found)
            return Response(200)
        only(request.method, "GET")
        return Response(200, show_group(self.store, found))

    def _serve_operation(self, request: Request, path: Path) -> Response:
        """`.../locations/{region}/operations/{id}` and `.../operationResults/{id}`: the region is where a name stands."""
        only(request.method, "GET")
        return self.operations.answer(path.child, result=(path.child_kind or "").lower() == "operationresults")


def _api_version(query: Mapping[str, str]) -> str:
    version = query.get("api-version", "")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise bad_request("MissingApiVersionParameter", message)
    if not _is_api_version(version):
        raise bad_request(
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. It is a date, as 2025-05-01, with or without -preview behind it.",
        )
    return version


def _kind(path: Path) -> Kind:
    if (path.provider or "").lower() != PROVIDER.lower():
        message = f"The resource namespace '{path.provider}' is invalid."
        raise ArmError(404, "InvalidResourceNamespace", message)
    kind = KINDS.get((path.kind or "").lower())
    if kind is None:
        message = f"The resource type '{path.kind}' could not be found in the namespace '{PROVIDER}'."
        raise ArmError(404, "InvalidResourceType", message)
    return kind


def _subscription(subscription: str) -> dict[str, str]:
    return {
        "id": f"/subscriptions/{subscription}",
        "subscriptionId": subscription,
        "displayName": "esacloud lab",
        "state": "Enabled",
    }
