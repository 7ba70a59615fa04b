"""Conditional requests: `If-Match` and `If-None-Match` against a resource's ETag.

Code and messages as Kubernetes' cloud provider reads them: https://github.com/kubernetes-sigs/cloud-provider-azure
(`PreconditionFailedEtagMismatch`). For a resource that is not there, RFC 9110 section 13.1.1 decides. The specification of
network security groups has neither header for a write, and nothing public was found that relies on `If-None-Match`: the
emulator can be told to ignore it.
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.lab.arm.errors import ArmError


def check_preconditions(headers: Mapping[str, str], resource_id: str, etag: str | None) -> None:
    """Refuse with 412 what was asked under a condition that does not hold. `etag` is None when nothing is there."""
    if_match, if_none_match = headers.get("if-match"), headers.get("if-none-match")
    if if_match is not None and (etag is None or not _matches(if_match, etag)):
        raise precondition_failed(if_match, etag, resource_id)
    if if_none_match is not None and etag is not None and _matches(if_none_match, etag):
        raise ArmError(
            412,
            "PreconditionFailed",
            "Precondition failed.",
            (
                (
                    "PreconditionFailedResourceExists",
                    f"Resource {resource_id} exists, which the if-none-match header excludes.",
                ),
            ),
        )


def precondition_failed(asked: str, etag: str | None, resource_id: str) -> ArmError:
    """The refusal of an `If-Match` that does not match."""
    detail = (
        f"Etag provided in if-match header {asked} does not match etag {etag} of resource {resource_id} in NRP data store."
    )
    return ArmError(412, "PreconditionFailed", "Precondition failed.", (("PreconditionFailedEtagMismatch", detail),))


def _matches(asked: str, etag: str) -> bool:
    """Weak comparison, with any of a list, or with `*`."""
    return asked.strip() == "*" or any(_opaque(one) == _opaque(etag) for one in asked.split(","))


def _opaque(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')
