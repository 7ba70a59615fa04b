"""Reading a deployment's security groups from EC2: by tags, page by page, and what carries them where that matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.addresses import Version
from esacloud.aws.live_calls import Calls
from esacloud.aws.live_place import NAME_TAG, Whereabouts
from esacloud.aws.live_rules import Sizes, from_described
from esacloud.errors import InputError, Place, Problem
from esacloud.live.model import LiveGroup, State
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG

_Described = Mapping[str, Any]


def read(calls: Calls, where: Whereabouts, wanted: State | None) -> State:
    """What is there. What carries the groups is read where the file names it, where groups come or go, and for all to go.

    Raises OutsideError where EC2 cannot be read, InputError where the file names something that is not there.
    """
    tagged = describe(calls, where.vpc, f"tag:{DEPLOYMENT_TAG}", (where.deployment,))
    known = {group["GroupId"] for group in tagged}
    ids = {*where.adopted.values(), *((group.id for group in wanted.groups if group.id) if wanted else ())} - known
    named = describe(calls, where.vpc, "group-id", sorted(ids)) if ids else []
    _check_adopted(where, [*tagged, *named])
    groups = _groups([*tagged, *named], where, wanted)
    if not _carriers_matter(groups, wanted):
        return where.state(groups)
    asked = {one for group in wanted.groups for one in group.attached} if wanted else set()
    carried = _carriers(calls, [group.id or "" for group in groups], sorted(asked), where)
    placed = [_with_carriers(group, carried) for group in groups]
    return where.state(placed, attachments=carried, notes=tuple(_notes(carried, placed)))


def describe(calls: Calls, vpc: str, name: str, values: Iterable[str]) -> list[dict[str, Any]]:
    """Groups of the VPC by one filter."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": name, "Values": list(values)}]
    return calls.read("DescribeSecurityGroups", "SecurityGroups", Filters=filters)


def tags_of(group: _Described) -> dict[str, str]:
    """The tags of a group."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in group.get("Tags", ())}


def sizes_of(wanted: State | None) -> Sizes:
    """What prefix lists count, as far as the wanted rules say; EC2 tells it nowhere beside the list itself."""
    rules = (rule for group in wanted.groups for rule in group.rules) if wanted else ()
    found: dict[str, tuple[int, tuple[Version, ...]]] = {}
    for rule in rules:
        if rule.native["source_kind"] == "prefix_list_id":
            families: tuple[Version, ...] = tuple(4 if "4" in name else 6 for name, _ in rule.counts)
            found[str(rule.native["source"])] = (rule.counts[0][1], families)
    return found


def _check_adopted(where: Whereabouts, groups: list[dict[str, Any]]) -> None:
    there = {str(group["GroupId"]): group for group in groups}
    problems = []
    for interface, name in where.adopted.items():
        place = Place(where.place.file, where.place.line, where.place.column, f"cloud.aws.interfaces.{interface}.group")
        if name not in there:
            what = f"There is no security group {name} in {where.vpc}."
            problems.append(Problem(place, what, "Write the id of a group in that VPC, or take the key out."))
            continue
        owner = tags_of(there[name]).get(DEPLOYMENT_TAG, where.deployment)
        if owner != where.deployment:
            what = f"The security group {name} belongs to the deployment {owner}."
            problems.append(Problem(place, what, "Name a group of its own for this deployment."))
    if problems:
        raise InputError(*problems)


def _groups(found: list[dict[str, Any]], where: Whereabouts, wanted: State | None) -> list[LiveGroup]:
    """The groups with the names that they have in the deployment, the first of each interface first."""
    asked = {group.id: group for group in wanted.groups if group.id} if wanted else {}
    adopted = {name: interface for interface, name in where.adopted.items()}
    by_interface: dict[str, list[dict[str, Any]]] = {}
    for group in found:
        one = asked.get(group["GroupId"])
        interface = adopted.get(group["GroupId"]) or (one.interface if one else tags_of(group).get(INTERFACE_TAG, ""))
        by_interface.setdefault(interface, []).append(group)
    sizes = sizes_of(wanted)
    out: list[LiveGroup] = []
    for interface, of_it in sorted(by_interface.items()):
        named = _named(interface, of_it, where)
        first = str(named[interface]["GroupId"]) if interface in named else None
        out += (_live_group(name, interface, group, first, where, sizes) for name, group in named.items())
    return out


def _named(interface: str, groups: list[dict[str, Any]], where: Whereabouts) -> dict[str, dict[str, Any]]:
    """The groups of an interface by name: by their tag, else by the next number that is free."""
    named: dict[str, dict[str, Any]] = {}
    rest = []
    adopted = where.adopted.get(interface)
    for group in sorted(groups, key=lambda group: (group["GroupId"] != adopted, str(group["GroupName"]), group["GroupId"])):
        label = tags_of(group).get(NAME_TAG) or str(group["GroupName"])
        name = interface if group["GroupId"] == adopted else label.removeprefix(where.prefix)
        number = name.removeprefix(f"{interface}-")
        if name not in named and (name == interface or (name != number and number.isdigit())):
            named[name] = group
        else:
            rest.append(group)
    for group in rest:
        free = (interface if number == 1 else f"{interface}-{number}" for number in range(1, len(groups) + 2))
        named[next(name for name in free if name not in named)] = group
    return dict(sorted(named.items(), key=lambda item: (len(item[0]), item[0])))


def _live_group(
    name: str, interface: str, group: dict[str, Any], first: str | None, where: Whereabouts, sizes: Sizes
) -> LiveGroup:
    adopted = group["GroupId"] in where.adopted.values()
    return LiveGroup(
        name=name,
        interface=interface,
        title=str(group["GroupName"]),
        description=str(group.get("Description", "")),
        rules=tuple(
            sorted(_owned(from_described(group, first, sizes), where, group, interface), key=lambda rule: rule.key)
        ),
        tags=tags_of(group),
        id=str(group["GroupId"]),
        made_here=not adopted and where.made_here(group, interface),
        adopted=adopted,
    )


def _owned(rules: Iterable[Any], where: Whereabouts, group: dict[str, Any], interface: str) -> Iterable[Any]:
    """In a group of our making, the rules that EC2 gives to every new group are ours to take away again."""
    from dataclasses import replace

    ours = where.made_here(group, interface)
    for rule in rules:
        began_with = rule.key in ("egress all to 0.0.0.0/0", "egress all to ::/0") and not rule.description
        yield replace(rule, ours=True) if ours and began_with else rule


def _carriers_matter(groups: list[LiveGroup], wanted: State | None) -> bool:
    if wanted is None:
        return bool(groups)
    if wanted.attachments is not None:
        return bool(groups) or any(group.attached for group in wanted.groups)
    if any(group.attached for group in wanted.groups):
        return True
    served = {group.interface for group in groups}
    names = {group.name for group in groups}
    grows = any(group.name not in names and group.interface in served for group in wanted.groups)
    return grows or bool(names - {group.name for group in wanted.groups})


def _carriers(calls: Calls, ids: list[str], asked: list[str], where: Whereabouts) -> dict[str, tuple[str, ...]]:
    """Network interface -> ids of the groups on it: those that carry one of ours, and those that the file names."""
    found: dict[str, tuple[str, ...]] = {}
    for name, values in (("group-id", ids), ("network-interface-id", asked)):
        values = [value for value in values if value not in found]
        if values:
            filters = [{"Name": name, "Values": values}]
            for one in calls.read("DescribeNetworkInterfaces", "NetworkInterfaces", Filters=filters):
                found[str(one["NetworkInterfaceId"])] = tuple(str(group["GroupId"]) for group in one.get("Groups", ()))
    missing = [name for name in asked if name not in found]
    if missing:
        place = Place(where.place.file, where.place.line, where.place.column, "cloud.aws.interfaces")
        raise InputError(
            *(
                Problem(place, f"There is no network interface {name} in {where.region}.", "Mend its id.")
                for name in missing
            )
        )
    return dict(sorted(found.items()))


def _with_carriers(group: LiveGroup, carried: Mapping[str, tuple[str, ...]]) -> LiveGroup:
    from dataclasses import replace

    return replace(group, attached=tuple(name for name, ids in carried.items() if group.id in ids))


def _notes(carried: Mapping[str, tuple[str, ...]], groups: list[LiveGroup]) -> Iterable[str]:
    ours = {group.id for group in groups}
    for name, ids in carried.items():
        others = [one for one in ids if one not in ours]
        if others:
            yield f"{name} also carries {', '.join(others)}, not of this deployment; what they permit passes too."
