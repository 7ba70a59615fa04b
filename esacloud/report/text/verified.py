"""What `verify` prints, for people and for programs (schemas/verify.schema.json)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from esacloud.packets.sets import PacketSet

if TYPE_CHECKING:
    from esacloud.workflow import Verification

_WITNESSES = 20  # enough to see what happened; the rest is counted


def verified_text(verification: Verification, directory: str) -> str:
    """One line that says proven or not, and a line for each thing found."""
    if verification.proven:
        flows = len(verification.policy.flows)
        return (
            f"{directory}: proven: it permits exactly the packets of the policy ({flows} flows), none more and none less."
        )
    return "\n".join([f"{directory}: NOT proven:", *(f"  {sentence}" for sentence in verification.sentences())])


def verified_document(found: Mapping[str, Verification], directories: Mapping[str, str]) -> dict[str, Any]:
    """The document; both mappings have the clouds as keys."""
    return {
        "proven": all(verification.proven for verification in found.values()),
        "modules": [_module(cloud, verification, directories[cloud]) for cloud, verification in found.items()],
    }


def _module(cloud: str, verification: Verification, directory: str) -> dict[str, Any]:
    return {
        "cloud": cloud,
        "directory": directory,
        "proven": verification.proven,
        "differences": [
            {"interface": found.interface, "extra": _said(found.extra), "missing": _said(found.missing)}
            for found in verification.differences
        ],
        "deviations": list(verification.deviations),
    }


def _said(packets: PacketSet) -> list[str]:
    boxes = [str(box) for box in packets.boxes()]
    more = len(boxes) - _WITNESSES
    return [*boxes[:_WITNESSES], f"and {more} more"] if more > 0 else boxes
