"""What terraform has applied, according to its state, compared with the policy: packets against packets.

Only groups with the deployment's own tags count, so a state may hold other resources. A reference to a group of the module
itself is `self`, as in a policy. The state is what terraform recorded; `esacloud audit` reads the cloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.errors import InputError, Place, Problem
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG, ActualGroups
from esacloud.policy.packets import SELF, short_reference
from esacloud.policy.proof import differences
from esacloud.terraform.show import resources


def state_packets(state: Any, found: ActualGroups | None, deployment: str) -> dict[str, PacketSet]:
    """What the deployment's groups in the state permit, by interface; `found` are the groups that the cloud's reader sees.

    Raises InputError when the state has none of them, or holds something that cannot be evaluated.
    """
    interface_of, own_names = _own_groups(state, deployment)
    groups = [group for group in (found.groups if found else ()) if group.id in interface_of]
    if unknown := [message for group in groups for message in group.unknown]:
        raise InputError(*(Problem(Place("the state"), f"{text}.", "Apply again, then verify.") for text in unknown))
    boxes: dict[str, list[Box]] = {}
    for group in groups:
        interface = interface_of[group.id]
        permitted = (box for rule in group.rules for box in rule.boxes)
        boxes.setdefault(interface, []).extend(_renamed(permitted, own_names[interface]))
    if not boxes:
        message = f"The state has no group with the tag {DEPLOYMENT_TAG} = {deployment}."
        raise InputError.at("the state", message, "Name the deployment file whose module was applied.")
    return {interface: PacketSet.of(permitted) for interface, permitted in boxes.items()}


def state_deviations(desired: Mapping[str, PacketSet], applied: Mapping[str, PacketSet]) -> tuple[str, ...]:
    """Sentences with witnesses where the state permits other packets than desired; none where they are equal."""
    expected = {interface: PacketSet.of(_renamed(packets.boxes(), set())) for interface, packets in desired.items()}
    found = differences(expected, applied)
    return tuple(sentence for difference in found for sentence in difference.sentences())


def _own_groups(state: Any, deployment: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Address of each of the deployment's groups -> its interface, and interface -> the names that rules use for it."""
    interface_of: dict[str, str] = {}
    names: dict[str, set[str]] = {}
    for item in resources(state):
        tags = item.values.get("tags_all") or item.values.get("tags")
        if not isinstance(tags, Mapping) or tags.get(DEPLOYMENT_TAG) != deployment:
            continue
        if (interface := tags.get(INTERFACE_TAG)) is not None:
            interface_of[item.address] = interface
            references = {item.address, str(item.values.get("id")), str(item.values.get("name"))}
            names.setdefault(interface, set()).update(references)
    return interface_of, names


def _renamed(boxes: Iterable[Box], own: set[str]) -> Iterator[Box]:
    """The boxes with a reference to an own group called `self`, and other references by the last part of their name."""
    for box in boxes:
        _, colon, name = box.address_space.partition(":")
        yield box._replace(address_space=SELF) if colon and name in own else short_reference(box)
