"""What terraform has applied, by its state, against what should be: packets against packets.

Only groups with the deployment's own tags are looked at, so that a state may hold much else. A group of the module itself
as a far side is `self`, as in a policy. The state is what terraform believes; `esacloud audit` asks a cloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.errors import InputError, Place, Problem
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG, ActualGroups
from esacloud.policy.packets import SELF
from esacloud.policy.proof import differences
from esacloud.terraform.show import Resource, resources


def state_packets(state: Any, found: ActualGroups | None, deployment: str) -> dict[str, PacketSet]:
    """What the deployment's groups in the state permit, by interface; `found` is what the cloud's reader says of it.

    Raises InputError where the state has none of them, or holds what cannot be judged.
    """
    ours = {item.address: tags for item in resources(state) if (tags := _tags(item)).get(DEPLOYMENT_TAG) == deployment}
    own_names = _own_names(state, ours)
    boxes: dict[str, list[Box]] = {}
    unknown: list[str] = []
    for group in found.groups if found else ():
        if group.id in ours and (interface := ours[group.id].get(INTERFACE_TAG)) is not None:
            unknown += group.unknown
            said = (box for rule in group.rules for box in rule.boxes)
            boxes.setdefault(interface, []).extend(_renamed(said, own_names.get(interface, set())))
    if unknown:
        raise InputError(*(Problem(Place("the state"), f"{said}.", "Apply again, then verify.") for said in unknown))
    if not boxes:
        message = f"It holds no group with the tag {DEPLOYMENT_TAG} = {deployment}."
        raise InputError(Problem(Place("the state"), message, "Name the deployment file whose module was applied."))
    return {interface: PacketSet.of(of_it) for interface, of_it in boxes.items()}


def state_deviations(desired: Mapping[str, PacketSet], applied: Mapping[str, PacketSet]) -> tuple[str, ...]:
    """Sentences with witnesses where the state permits other packets than wanted; none where they are the same."""
    expected = {interface: PacketSet.of(_renamed(packets.boxes(), set())) for interface, packets in desired.items()}
    found = differences(expected, applied)
    return tuple(sentence for difference in found for sentence in difference.sentences())


def _tags(item: Resource) -> Mapping[str, Any]:
    tags = item.values.get("tags_all") or item.values.get("tags")
    return tags if isinstance(tags, Mapping) else {}


def _own_names(state: Any, ours: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """By what names rules may call the module's own groups of each interface: address, id, name."""
    names: dict[str, set[str]] = {}
    for item in resources(state):
        if item.address in ours and (interface := ours[item.address].get(INTERFACE_TAG)) is not None:
            called = {item.address, str(item.values.get("id")), str(item.values.get("name"))}
            names.setdefault(interface, set()).update(called)
    return names


def _renamed(boxes: Iterable[Box], own: set[str]) -> Iterator[Box]:
    """The boxes with a group of our own called `self`, and other references without what stands before their last name."""
    for box in boxes:
        kind, colon, name = box.address_space.partition(":")
        if not colon:
            yield box
        elif name in own:
            yield box._replace(address_space=SELF)
        else:
            yield box._replace(address_space=f"{kind}:{name.rpartition('/')[2]}")
