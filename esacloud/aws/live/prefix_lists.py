"""What prefix lists count in a group: their maximum of entries, or for those of AWS the weight that AWS publishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from esacloud.aws.limits import managed_prefix_list_weight
from esacloud.aws.live.calls import Calls
from esacloud.aws.live.rules import Sizes, from_described
from esacloud.change.model import LiveRule, State
from esacloud.packets.addresses import Version


def sizes(
    calls: Calls, groups: Iterable[Mapping[str, Any]], desired: State | None, known: Sizes
) -> Iterator[tuple[str, tuple[int, tuple[Version, ...]]]]:
    """What each prefix list counts that a state names: its maximum of entries, or the weight that AWS publishes."""
    stated = _stated_sizes(desired)
    names = {rule.native["source"] for group in groups for rule in from_described(group, None, {}) if _about_list(rule)}
    names |= stated.keys()
    if not names:
        return
    filters = [{"Name": "prefix-list-id", "Values": sorted(names)}]
    found = {
        str(one["PrefixListId"]): one for one in calls.read("DescribeManagedPrefixLists", "PrefixLists", Filters=filters)
    }
    for name in sorted(names):
        size = _size(found[name]) if name in found else None
        yield name, size or stated.get(name) or known.get(name) or (1, (4, 6))


def _size(one: Mapping[str, Any]) -> tuple[int, tuple[Version, ...]] | None:
    weight = managed_prefix_list_weight(str(one.get("PrefixListName", ""))) if one.get("OwnerId") == "AWS" else None
    entries = weight or one.get("MaxEntries")
    return (int(entries), (6 if one.get("AddressFamily") == "IPv6" else 4,)) if entries else None


def _about_list(rule: LiveRule) -> bool:
    kind: str = rule.native["source_kind"]
    return kind == "prefix_list_id"


def _stated_sizes(desired: State | None) -> dict[str, tuple[int, tuple[Version, ...]]]:
    """What prefix lists count, as far as the wanted rules say."""
    found: dict[str, tuple[int, tuple[Version, ...]]] = {}
    for rule in (rule for group in desired.groups for rule in group.rules) if desired else ():
        if _about_list(rule):
            families: tuple[Version, ...] = tuple(4 if "4" in name else 6 for name, _ in rule.counts)
            found[str(rule.native["source"])] = (rule.counts[0][1], families)
    return found
