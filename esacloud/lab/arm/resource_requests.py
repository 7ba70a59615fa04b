"""One request about one resource, or about one of its parts: which method does what, and with which status it is answered.

A write is answered as the platform answers it: 201 or 200 with an operation to follow for PUT, 202 for DELETE, 204 for
deleting what is not there, 200 for PATCH, which ends at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from esacloud.lab.arm.bodies import Body, read_json
from esacloud.lab.arm.errors import ArmError, only
from esacloud.lab.arm.kinds import Kind
from esacloud.lab.arm.messages import Pages, Request, Response
from esacloud.lab.arm.network_security_groups import DEFAULT_RULES, RULES
from esacloud.lab.arm.operations import Operations, Outcome
from esacloud.lab.arm.paths import resource_id
from esacloud.lab.arm.references import child_named
from esacloud.lab.arm.resources import Resources
from esacloud.lab.arm.store import Resource, State


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """A request that has passed the gate. `outcome` is how the operation that it starts ends."""

    request: Request
    api_version: str
    resources: Resources
    operations: Operations
    pages: Pages
    kind: Kind
    group: str
    name: str
    outcome: Outcome

    def answer(self, child_kind: str | None, child: str | None) -> Response:
        """Serve it. `child_kind` and `child` are what the path has behind the resource."""
        if child_kind is None:
            return self._answer_whole()
        parts = [self.kind.child_kind, *([DEFAULT_RULES] if self.kind.child_kind == RULES else [])]
        part = next((name for name in parts if name and name.lower() == child_kind.lower()), None)
        if part is None:
            raise ArmError(404, "InvalidResourceType", f"The resource type '{child_kind}' could not be found.")
        resource = self._parent()
        if child is None:
            only(self.request.method, "GET")
            return Response(200, self.pages.page(self.resources.show_children(resource, part), self.request))
        return self._answer_child(resource, part, child)

    def _answer_whole(self) -> Response:
        method, headers = self.request.method, self.request.headers
        only(method, "GET", "PUT", "PATCH", "DELETE")
        before = self.resources.store.find(self.group, self.kind.name, self.name)
        if method == "DELETE" and before is None:
            return Response(204)
        if method == "PUT":
            if before:
                self.operations.settle(before.id)
            resource, new = self.resources.put(self.kind, self.group, self.name, self._body(), headers)
            headers = self._start(resource, with_result=False)
            return Response(201 if new else 200, self.resources.show(resource), headers)
        if method == "GET":
            self.operations.look_at(resource_id(self.resources.store.subscription, self.group, self.kind.name, self.name))
        resource = self.resources.get(self.kind, self.group, self.name)
        if method == "GET":
            return Response(200, self.resources.show(resource), {"ETag": resource.etag})
        self.operations.settle(resource.id)
        if method == "PATCH":
            return Response(200, self.resources.show(self.resources.patch(resource, self._body(), headers)))
        self.resources.delete(self.kind, resource, headers)
        return Response(202, None, self._start(resource, with_result=True))

    def _answer_child(self, resource: Resource, part: str, child: str) -> Response:
        method, headers = self.request.method, self.request.headers
        only(method, "GET", *(("PUT", "DELETE") if part != DEFAULT_RULES else ()))
        if method == "GET":
            self.operations.look_at(resource.id)
            return Response(200, self.resources.show_one_child(resource, part, child), {"ETag": resource.etag})
        if method == "PUT":
            self.operations.settle(resource.id)
            new = self.resources.put_child(self.kind, resource, child, self._body(), headers)
            headers = self._start(resource, with_result=False)
            return Response(201 if new else 200, self.resources.show_one_child(resource, part, child), headers)
        if child_named(resource, child) is None:
            return Response(204)
        self.operations.settle(resource.id)
        self.resources.delete_child(self.kind, resource, child, headers)
        return Response(202, None, self._start(resource, with_result=True))

    def _parent(self) -> Resource:
        resource = self.resources.store.find(self.group, self.kind.name, self.name)
        if resource is None and self.request.method == "PUT":
            raise ArmError(
                404,
                "ParentResourceNotFound",
                f"Can not perform requested operation on nested resource. Parent resource '{self.name}' not found.",
            )
        return resource or self.resources.get(self.kind, self.group, self.name)

    def _body(self) -> Body:
        return read_json(self.request.content)

    def _start(self, resource: Resource, *, with_result: bool) -> dict[str, str]:
        """Begin the operation that the client then follows; gives its headers."""
        store = self.resources.store

        def end(state: State) -> None:
            if store.resources.get(resource.id.lower()) is resource:
                store.keep(resource, state)

        operation = self.operations.start(resource.id, end, self.outcome)
        return self.operations.headers(operation, self.api_version, resource.location, with_result=with_result)
