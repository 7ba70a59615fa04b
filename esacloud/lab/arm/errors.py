"""A refusal as Resource Manager words it: a status, a code, a message, and details.

The body is `{"error": {"code", "message", "details"}}` with one object of `code` and `message` for each detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ArmError(Exception):
    """A request that is refused, with nothing changed."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"({code}) {message}")
        self.status, self.code, self.message, self.details = status, code, message, details
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """The body of the answer."""
        details = [{"code": code, "message": message} for code, message in self.details]
        return {"error": {"code": self.code, "message": self.message, "details": details}}


def bad_request(code: str, message: str, *details: tuple[str, str]) -> ArmError:
    """A refusal of what the request says."""
    return ArmError(400, code, message, details)


def unreadable(what: str) -> ArmError:
    """A body that is JSON, but not of the form that the resource has.

    Code and message: https://github.com/hashicorp/terraform-provider-azurerm/issues/32505; the detail is in our words.
    """
    return bad_request("InvalidRequestFormat", "Cannot parse the request.", ("InvalidJson", what))


def resource_not_found(kind: str, name: str, group: str) -> ArmError:
    """A resource that is not there; its resource group is."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource 'Microsoft.Network/{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def child_not_found(resource_id: str) -> ArmError:
    """A part of a resource that is not there; the resource itself is."""
    return ArmError(404, "NotFound", f"Resource {resource_id} not found.")


def group_not_found(group: str) -> ArmError:
    """A resource group that is not there."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def only(method: str, *methods: str) -> None:
    """Refuse a method that the address does not have."""
    if method not in methods:
        raise ArmError(405, "HttpMethodNotAllowed", f"The method '{method}' is not supported for this resource.")
