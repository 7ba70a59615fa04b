"""How many rules a prefix list counts as: its maximum of entries, or for lists of AWS the weight that AWS publishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.aws.ip_permissions import rules_of_group
from esacloud.aws.limits import managed_prefix_list_weight
from esacloud.aws.live.calls import Calls
from esacloud.aws.live.rules import Size, Sizes
from esacloud.change.model import State


def sizes(
    calls: Calls, groups: Iterable[Mapping[str, Any]], desired: State | None, known: Sizes
) -> Iterator[tuple[str, Size]]:
    """The size and families of each prefix list that a group or the desired state names."""
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


def _size(prefix_list: Mapping[str, Any]) -> Size | None:
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
