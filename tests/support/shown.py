"""What `terraform show -json` says, as packets by interface and as changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from esacloud.packets.sets import PacketSet
from esacloud.policy.actual import ActualGroups


def packets_of_module(
    shown: dict[str, Any], module: str, read: Callable[[Any], ActualGroups | None], names: dict[str, str] | None = None
) -> dict[str, PacketSet]:
    """What the groups of one module permit, by interface; nothing in them may be unknown.

    `names` renames address spaces of references: their names in the document -> their names elsewhere.
    """
    found = read(shown)
    assert found is not None
    together: dict[str, PacketSet] = {}
    for group in found.groups:
        if not group.id.startswith(f"{module}."):
            continue
        assert group.interface is not None, group
        assert group.unknown == ()
        boxes = [box for rule in group.rules for box in rule.boxes]
        boxes = [box._replace(address_space=(names or {}).get(box.address_space, box.address_space)) for box in boxes]
        together[group.interface] = together.get(group.interface, PacketSet.of([])) | PacketSet.of(boxes)
    return together


def changes(shown: dict[str, Any]) -> dict[str, list[str]]:
    """The changes of a plan: address -> actions, those that do nothing left out."""
    return {
        change["address"]: change["change"]["actions"]
        for change in shown["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }
