"""Reading a deployment's security groups from EC2: by tags, page by page, and their attachments where those matter.

An answer may be older than the last write. So nothing is decided here that must be true at this moment: steps that need
that write (`execute.py`), or hold the lock and wait until an answer shows it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from esacloud.aws.ip_permissions import REFERENCED, rules_of_group
from esacloud.aws.limits import managed_prefix_list_weight
from esacloud.aws.live.calls import Calls
from esacloud.aws.live.rules import DEFAULT_EGRESS, Size, Sizes, from_described
from esacloud.aws.live.scope import (
    Identity,
    Scope,
    adopted_problems,
    check_names,
    check_tags,
    duplicate_groups,
    identified,
    tags_of,
    was_adopted,
)
from esacloud.change.model import LiveGroup, LiveRule, State
from esacloud.change.retry import LOOKS, RefusedError
from esacloud.errors import Problem, refuse
from esacloud.policy.actual import DEPLOYMENT_TAG

LOCK_TAG = "esacloud:lock"
# of 200 values in a request, one is the VPC: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
FILTER_VALUES = 199
_Described = Mapping[str, Any]


@dataclass
class Seen:
    """What reads have shown besides the groups.

    - `locks`: groups that are locks of this deployment, except that of this run, whose id is `own_lock`.
    - `by_name`: whether to look for groups by their names too: a group was found that the tags did not show.
    - `referring`: id of a group to delete -> groups with rules about it, as text.
    - `sizes`: of prefix lists: entries and families.
    - `attachments_read`: when, by `time.monotonic`, the lists of groups of network interfaces were read.
    """

    locks: tuple[_Described, ...] = ()
    own_lock: str | None = None
    by_name: bool = False
    referring: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    attachments_read: float = 0.0


def read(calls: Calls, where: Scope, desired: State | None, seen: Seen) -> State:
    """The actual state, for None all groups of this deployment; `seen` gets the rest.

    Attachments are read where the file names network interfaces, where an interface has several groups, where groups come
    or go, and where a group still has its default egress. Raises OutsideError where EC2 cannot be read, InputError where
    the file names something that does not exist, or groups of others have this deployment's tags.
    """
    documents = _documents(calls, where, desired, seen)
    refuse(adopted_problems(where, documents))
    check_tags(where, documents.values(), desired)
    seen.sizes.update(_sizes(calls, documents.values(), desired, seen.sizes))
    groups = _groups(documents.values(), where, desired, seen.sizes)
    if desired is not None and (deleted := _deleted(groups, desired)):
        seen.referring = {name: _referring(calls, where.vpc, name) for name in deleted}
    if not _attachments_matter(groups, desired):
        return where.state(groups)
    asked = {name for group in desired.groups for name in group.attached} if desired else set()
    seen.attachments_read = time.monotonic()
    carried = attachments(calls, [group.id or "" for group in groups], sorted(asked))
    place = where.place.at("cloud.aws.interfaces")
    messages = (f"There is no network interface {name} in {where.region}." for name in sorted(asked - carried.keys()))
    refuse(Problem(place, message, "Correct its ID.") for message in messages)
    attached = [with_attachments(group, carried) for group in groups]
    return where.state(attached, attachments=carried, notes=tuple(_notes(carried, attached)))


def describe(calls: Calls, vpc: str, name: str = "", values: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Groups of the VPC by one filter, or all of them."""
    here = {"Name": "vpc-id", "Values": [vpc]}
    filters = [[here, {"Name": name, "Values": part}] for part in _parts(values)] if name else [[here]]
    return [group for some in filters for group in calls.read("DescribeSecurityGroups", "SecurityGroups", Filters=some)]


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    every = list(values)
    for start in range(0, len(every), FILTER_VALUES):
        yield every[start : start + FILTER_VALUES]


def _documents(calls: Calls, where: Scope, desired: State | None, seen: Seen) -> dict[str, dict[str, Any]]:
    """The groups that may be this deployment's, by id."""
    found = _tagged(calls, where, desired, seen)
    locks = {key: found.pop(key) for key, group in list(found.items()) if LOCK_TAG in tags_of(group)}
    seen.locks = tuple(group for key, group in locks.items() if key != seen.own_lock)
    return found if desired is None else _with_untagged(found, calls, where, desired, seen)


def _with_untagged(
    found: dict[str, dict[str, Any]], calls: Calls, where: Scope, desired: State, seen: Seen
) -> dict[str, dict[str, Any]]:
    """The groups, and the desired ones that their tags do not show, by id, or by name where that is worth a call."""
    if ids := {*where.adopted.values(), *(group.id for group in desired.groups if group.id)} - found.keys():
        found |= _by_id(describe(calls, where.vpc, "group-id", sorted(ids)))
    missing = {group.title for group in desired.groups if not group.adopted} - _titles(found.values(), where)
    if missing and (seen.by_name or len(missing) > 1 or found):
        named = describe(calls, where.vpc, "group-name", sorted(missing))
        check_names(where, named, desired)
        found |= _by_id(named)
    return found


def _titles(groups: Iterable[_Described], where: Scope) -> set[str]:
    """The names of groups, and for groups that terraform made the names that `apply` would give to them."""
    identities = ((group, where.identity(group)) for group in groups)
    return {
        where.title(identity.name) if identity and identity.by_terraform else str(group["GroupName"])
        for group, identity in identities
    }


def _tagged(calls: Calls, where: Scope, desired: State | None, seen: Seen) -> dict[str, dict[str, Any]]:
    """Groups with the deployment's tag; for None also those that lost it. Waits until a read shows the lock of this run."""
    for number in range(LOOKS):
        calls.backoff.wait_for_look(number)
        if desired is None:
            every = describe(calls, where.vpc)
            found = _by_id(group for group in every if _may_be_ours(group, where))
            seen.referring = {key: tuple(_referring_among(every, key)) for key in found}
        else:
            found = _by_id(describe(calls, where.vpc, f"tag:{DEPLOYMENT_TAG}", (where.deployment,)))
        if seen.own_lock is None or seen.own_lock in found:
            return found
    raise RefusedError(f"EC2 DescribeSecurityGroups: it does not show {seen.own_lock}, the lock of this run", "NotShown")


def _may_be_ours(group: _Described, where: Scope) -> bool:
    ours = tags_of(group).get(DEPLOYMENT_TAG) == where.deployment or group["GroupId"] in where.adopted.values()
    return ours or where.identity(group) is not None


def _by_id(groups: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(group["GroupId"]): group for group in groups}


def _sizes(calls: Calls, groups: Iterable[_Described], desired: State | None, known: Sizes) -> Iterator[tuple[str, Size]]:
    """The size and families of each prefix list that a group or the desired state names.

    A list counts as its maximum of entries; a list of AWS as the weight that AWS publishes.
    """
    stated = _stated_sizes(desired)
    described = (rule for group in groups for rule in rules_of_group(group))
    names = {rule.source for rule in described if rule.kind == "prefix_list_id"} | stated.keys()
    if not names:
        return
    filters = [{"Name": "prefix-list-id", "Values": sorted(names)}]
    lists = calls.read("DescribeManagedPrefixLists", "PrefixLists", Filters=filters)
    found = {str(prefix_list["PrefixListId"]): _size(prefix_list) for prefix_list in lists}
    for name in sorted(names):
        yield name, found.get(name) or stated.get(name) or known.get(name) or (1, (4, 6))


def _size(prefix_list: _Described) -> Size | None:
    name, entries = str(prefix_list.get("PrefixListName", "")), prefix_list.get("MaxEntries")
    if prefix_list.get("OwnerId") == "AWS":
        entries = managed_prefix_list_weight(name) or entries
    return (int(entries), (6 if prefix_list.get("AddressFamily") == "IPv6" else 4,)) if entries else None


def _stated_sizes(desired: State | None) -> dict[str, Size]:
    """The sizes that the desired rules state."""
    rules = (rule for group in desired.groups for rule in group.rules) if desired else ()
    return {
        str(rule.native["source"]): (rule.counts[0][1], tuple(4 if "4" in name else 6 for name, _ in rule.counts))
        for rule in rules
        if rule.native["source_kind"] == "prefix_list_id"
    }


def _groups(groups: Iterable[dict[str, Any]], where: Scope, desired: State | None, sizes: Sizes) -> list[LiveGroup]:
    known = {group.id: group for group in desired.groups if group.id} if desired else {}
    named: dict[str, tuple[Identity, dict[str, Any]]] = {}
    problems = []
    for group in sorted(groups, key=lambda group: str(group["GroupId"])):
        identity = identified(group, where, known.get(str(group["GroupId"])))
        if identity.name in named:
            problems.append(duplicate_groups(where, identity, named[identity.name][1], group))
        named.setdefault(identity.name, (identity, group))
    refuse(problems)
    firsts = {name: str(group["GroupId"]) for name, (identity, group) in named.items() if name == identity.interface}
    order = sorted(named.items(), key=lambda item: (len(item[0]), item[0]))
    return [live_group(identity, group, firsts.get(identity.interface), where, sizes) for _, (identity, group) in order]


def live_group(identity: Identity, group: dict[str, Any], first: str | None, where: Scope, sizes: Sizes) -> LiveGroup:
    """A group as EC2 describes it; `first` is the id of the first group of its interface."""
    made = where.identity(group)
    adopted = group["GroupId"] in where.adopted.values() or (made is None and was_adopted(group))
    made_here = made is not None and not made.by_terraform and not adopted
    rules = (_owned(rule, made_here) for rule in from_described(group, first, sizes))
    return LiveGroup(
        name=identity.name,
        interface=identity.interface,
        title=str(group["GroupName"]),
        description=str(group.get("Description", "")),
        rules=tuple(sorted(rules, key=lambda rule: rule.key)),
        tags=tags_of(group),
        id=str(group["GroupId"]),
        made_here=made_here,
        adopted=adopted,
    )


def _owned(rule: LiveRule, made_here: bool) -> LiveRule:
    """In a group that `apply` made, the rules that EC2 gives to every new group may be removed."""
    return replace(rule, managed=True) if made_here and rule.key in DEFAULT_EGRESS and not rule.description else rule


def _deleted(groups: Iterable[LiveGroup], desired: State) -> list[str]:
    """The ids of groups that the change deletes."""
    names = {group.name for group in desired.groups}
    return [group.id or "" for group in groups if group.made_here and group.name not in names]


def _referring(calls: Calls, vpc: str, name: str) -> tuple[str, ...]:
    filters = ("ip-permission.group-id", "egress.ip-permission.group-id")
    groups = (group for filtered in filters for group in describe(calls, vpc, filtered, (name,)))
    return tuple(_referring_among(groups, name))


def _referring_among(groups: Iterable[dict[str, Any]], name: str) -> Iterator[str]:
    """Ids of the other groups with rules about a group, in the order in which they were read."""
    for key, group in _by_id(groups).items():
        if key != name and any(rule.kind == REFERENCED and rule.source == name for rule in rules_of_group(group)):
            yield f"{key} ({group['GroupName']})"


def _attachments_matter(groups: list[LiveGroup], desired: State | None) -> bool:
    if desired is None or desired.attachments is not None:
        return bool(groups) or any(group.attached for group in (desired.groups if desired else ()))
    names: dict[str, set[str]] = {}
    for group in (*desired.groups, *groups):
        names.setdefault(group.interface, set()).add(group.name)
    return (
        any(group.attached for group in desired.groups)
        or not {group.name for group in groups} <= {group.name for group in desired.groups}
        or any(len(names[group.interface]) > 1 or _is_unfinished(group, desired) for group in groups)
    )


def _is_unfinished(group: LiveGroup, desired: State) -> bool:
    """Whether a group still has its default egress, so that probably it is not attached yet."""
    keys = {rule.key for one in desired.groups if one.name == group.name for rule in one.rules}
    return group.made_here and any(rule.key in DEFAULT_EGRESS and rule.key not in keys for rule in group.rules)


def attachments(calls: Calls, ids: Iterable[str] = (), names: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Network interface -> ids of the groups on it, for network interfaces with one of these groups or names."""
    found: dict[str, tuple[str, ...]] = {}
    for name, values in (("group-id", list(ids)), ("network-interface-id", list(names))):
        for part in _parts(value for value in values if value not in found):
            filters = [{"Name": name, "Values": part}]
            for one in calls.read("DescribeNetworkInterfaces", "NetworkInterfaces", Filters=filters):
                found[str(one["NetworkInterfaceId"])] = tuple(str(group["GroupId"]) for group in one.get("Groups", ()))
    return dict(sorted(found.items()))


def with_attachments(group: LiveGroup, carried: Mapping[str, tuple[str, ...]]) -> LiveGroup:
    """The group with the network interfaces that it is attached to."""
    return replace(group, attached=tuple(name for name, ids in carried.items() if group.id in ids))


def _notes(carried: Mapping[str, tuple[str, ...]], groups: list[LiveGroup]) -> Iterator[str]:
    ours = {group.id for group in groups}
    for name, ids in carried.items():
        others = [one for one in ids if one not in ours]
        if others:
            yield f"{name} also has {', '.join(others)}, not of this deployment; what they permit passes too."
    interfaces: dict[str, set[str]] = {}
    for group in groups:
        interfaces.setdefault(group.interface, set()).update(group.attached)
    for group in groups:
        if lacking := sorted(interfaces[group.interface] - set(group.attached)):
            yield f"{group.name}: {group.id} is not on {', '.join(lacking)}, where other groups of {group.interface} are."
