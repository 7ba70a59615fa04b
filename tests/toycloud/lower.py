"""Policies as filters. A box is written as the list of its six fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, Problem
from esacloud.packets.sets import Box, PacketSet
from esacloud.policy.lowered import GroupLine, Lowered, QuotaUse
from esacloud.policy.model import Policy
from esacloud.policy.packets import flow_boxes

Filters = dict[str, list[list[Any]]]  # interface -> boxes


def lower(policy: Policy, deployment: Deployment) -> Lowered:
    """One filter for each interface. Raises InputError for a filter with more boxes than the quota."""
    filters: Filters = {interface: [] for interface in policy.interfaces}
    for flow in policy.flows:
        filters[flow.interface].extend(list(box) for box in flow_boxes([flow]))
    limit = deployment.clouds["toy"].quotas.get("boxes_per_filter", 500)
    uses = tuple(QuotaUse(f"{name}: boxes", len(boxes), limit) for name, boxes in filters.items())
    problems = [
        Problem(deployment.place, f"{use.quota}: {use.used} are needed, {use.limit} fit.", "Name fewer features or peers.")
        for use in uses
        if use.used > use.limit
    ]
    if problems:
        raise InputError(*problems)
    lines = tuple(
        GroupLine(name, name, _count(boxes, "ingress"), _count(boxes, "egress")) for name, boxes in filters.items()
    )
    return Lowered(policy, lambda: evaluate(filters), lines, uses, (), filters)


def evaluate(filters: Mapping[str, list[list[Any]]]) -> dict[str, PacketSet]:
    """What filters permit, by interface. Raises ValueError or TypeError for what is not a box."""
    return {name: PacketSet.of(box_of(fields) for fields in boxes) for name, boxes in filters.items()}


def box_of(fields: list[Any]) -> Box:
    """A box from its list of fields. Raises ValueError or TypeError for what is not one."""
    direction, address_space, *ranges = fields
    protocols, source_ports, ports, addresses = ((int(first), int(last)) for first, last in ranges)
    return Box(direction, address_space, protocols, source_ports, ports, addresses)


def _count(boxes: list[list[Any]], direction: str) -> int:
    return sum(fields[0] == direction for fields in boxes)
