"""The client of azure-mgmt-network, what its failures mean, and the failure of a write that replaced something.

The SDK repeats nothing by itself; its failures become those of `change.retry`.
"""

from __future__ import annotations

import json
import logging
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from esacloud.azure.live.documents import Document, attachments_of, properties_of
from esacloud.change.live import Connection
from esacloud.change.retry import LostError, RefusedError, SettledError, ThrottledError
from esacloud.errors import InputError, OutsideError, Place, Problem

# The answers of the platform while another operation runs, for which kubernetes-sigs/cloud-provider-azure waits too.
_BUSY = frozenset(("AnotherOperationInProgress", "RetryableError", "ReferencedResourceNotProvisioned"))
_LONGEST_TEXT = 200  # characters of a message that may repeat a whole answer
_WRITABLE = ("securityRules", "flushConnection")  # of the properties of a group
_API_VERSION = "2025-05-01"  # of the command in a message


def client_for(connection: Connection, subscription: str) -> Any:
    """A network client with the SDK's chain of credentials, or the existing one. Raises InputError."""
    if connection.client is not None:
        return connection.client
    try:
        from azure.identity import ClientSecretCredential, DefaultAzureCredential
        from azure.mgmt.network import NetworkManagementClient
    except ImportError:
        message = "Access to Azure needs azure-mgmt-network and azure-identity, and at least one is not installed."
        raise InputError(Problem(Place("azure"), message, "Install them: pip install 'esacloud[azure]'.")) from None
    _silence_duplicates()
    options: dict[str, Any] = {"retry_total": 0, "connection_timeout": 10, "read_timeout": 60}  # retry.py retries
    url, given = connection.endpoint_url, connection.credentials
    if url is not None:
        options |= {"base_url": url, "credential_scopes": [f"{url.rstrip('/')}/.default"]}
    if given is None:  # a custom endpoint is not in the directory of authorities
        credential: Any = DefaultAzureCredential(disable_instance_discovery=url is not None)
    else:
        local = {"connection_verify": given["ca_file"], "use_env_settings": False}  # no proxy for this machine
        options |= local
        credential = ClientSecretCredential(
            given["tenant_id"],
            given["client_id"],
            given["client_secret"],
            authority=given["authority"],
            disable_instance_discovery=True,
            **local,
        )
    return NetworkManagementClient(credential, subscription, **options)


def _silence_duplicates() -> None:
    """Keep the SDK's warnings from stderr in a program without logging: the errors contain the same."""
    logger = logging.getLogger("azure.identity")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


@contextmanager
def translated(about: str, slow_down: Callable[[Any], None]) -> Iterator[None]:
    """Turn the SDK's failures into those of `change.retry`. `slow_down` gets the response of a throttled request."""
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
            raise RefusedError(f"Azure {about}: no valid credentials: {error}", "NoToken") from error
        if error.response is None or isinstance(error, DecodeError):  # it broke off, and may have been any answer
            raise LostError(f"Azure {about}: the answer cannot be read ({str(error)[:_LONGEST_TEXT]})") from error
        failure = _failure(about, error)
        if isinstance(failure, ThrottledError):
            slow_down(error.response)
        raise failure from error
    except (ServiceRequestError, ServiceResponseError) as error:
        raise LostError(f"Azure {about}: no answer ({error})") from error
    except AzureError as error:
        raise RefusedError(f"Azure {about}: {error}", type(error).__name__) from error


def _failure(about: str, error: Any) -> OutsideError:
    status = error.status_code or 0
    code = str(getattr(error.error, "code", None) or "")
    text = f"Azure {about}: {error.message}"
    if status == 429 or code in _BUSY:
        return ThrottledError(text)
    if status == 412:
        return SettledError(text)
    if 200 <= status < 300:
        return RefusedError(f"{text}. The change was accepted and ended as failed", code or "Failed")
    if status == 408 or status >= 500:
        return LostError(text)
    return RefusedError(text, code)


class ReplacedError(RefusedError):
    """A write that was to create a resource replaced an existing one: `document` is the resource since then.

    `before` is the resource before, where a read that lagged behind still showed it.
    """

    def __init__(self, text: str, document: Document, before: Document | None) -> None:
        super().__init__(text, "Replaced")
        self.document, self.before = document, before


def replaced(resource_id: str, body: Document, now: Document, shown: Sequence[Document]) -> ReplacedError:
    """The error for a resource that was replaced; `shown` are the reads of it since the write began."""
    before = next((one for one in shown if (one.get("tags") or {}) != body.get("tags")), None)
    text = (
        f"Azure {resource_id}: this name was to be created, and it existed already, though the read right before did not "
        "show it. Azure has replaced it (it answered 200 and not 201)."
    )
    if attached := attachments_of(now):
        text += f" It is attached to {', '.join(attached)}."
    text += _unknown_state(resource_id) if before is None else _known_state(resource_id, before)
    return ReplacedError(text, now, before)


def _known_state(resource_id: str, before: Document) -> str:
    given = properties_of(before)
    rules = ", ".join(str(rule["name"]) for rule in given.get("securityRules") or ()) or "no rules"
    body = {key: before[key] for key in ("location", "tags") if key in before}
    body["properties"] = {key: given[key] for key in _WRITABLE if key in given}
    return (
        f" The replaced group had {rules}, with the tags {json.dumps(before.get('tags') or {})}. To restore it: "
        f"az rest --method put --url '{resource_id}?api-version={_API_VERSION}' --body {shlex.quote(json.dumps(body))}"
    )


def _unknown_state(resource_id: str) -> str:
    """https://learn.microsoft.com/azure/governance/resource-graph/changes/get-resource-changes."""
    return (
        " Its former state is not known, so no snapshot has it. Azure Resource Graph keeps changes for 14 days: "
        f"az graph query -q \"resourcechanges | where properties.targetResourceId =~ '{resource_id}'\""
    )
