"""What has to change in each group: rules by their keys, descriptions, tags and attachments.

Rules that this module obeys: a desired rule is never unmanaged, whoever made it; a managed rule that is no longer
desired is removed; an unmanaged one is removed only on purge. A group that is no longer desired is deleted only when
`esacloud apply` made it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from esacloud.change.model import GroupChange, LiveGroup, LiveRule, State, Unmanaged

Rules = Mapping[str, LiveRule]  # by key


def group_changes(
    actual: State,
    desired: State,
    unmanaged: Unmanaged,
    *,
    exact: bool = False,
    default_rules: Collection[LiveRule] = (),
) -> Iterator[GroupChange]:
    """The change of every group of either state, unchanged ones included.

    `exact` also removes attachments and tags that are not desired. `default_rules` are those of a new group.
    """
    existing = {group.name: group for group in actual.groups}
    for group in desired.groups:
        found = existing.pop(group.name, None)
        yield _new(group, default_rules) if found is None else _changed(found, group, unmanaged, exact=exact)
    yield from map(_undesired, reversed(existing.values()))


def _new(group: LiveGroup, default_rules: Collection[LiveRule]) -> GroupChange:
    return GroupChange(
        *(group.name, group.interface, None, group),
        add=group.rules,
        default_rules=_without(default_rules, _by_key(group.rules)),
        tags=group.tags,
        attach=group.attached,
    )


def _changed(actual: LiveGroup, desired: LiveGroup, unmanaged: Unmanaged, *, exact: bool) -> GroupChange:
    existing, asked = _by_key(actual.rules), _by_key(desired.rules)
    surplus = _without(existing.values(), asked)
    left = () if unmanaged == "purge" else tuple(rule for rule in surplus if not rule.managed)
    return GroupChange(
        *(actual.name, actual.interface, actual, desired),
        add=_without(asked.values(), existing),
        remove=_without(surplus, _by_key(left)),
        describe=tuple(_redescribed(existing, asked)),
        kept=(*_without(existing.values(), _by_key(surplus)), *left),
        unmanaged=left,
        tags={key: value for key, value in desired.tags.items() if actual.tags.get(key) != value},
        untag=_missing(actual.tags, desired.tags) if exact else (),
        attach=_missing(desired.attached, actual.attached),
        detach=_missing(actual.attached, desired.attached) if exact else (),
    )


def _redescribed(existing: Rules, asked: Rules) -> Iterator[tuple[LiveRule, LiveRule]]:
    for key, rule in asked.items():
        if key in existing and existing[key].description != rule.description:
            yield existing[key], rule


def _undesired(group: LiveGroup) -> GroupChange:
    change = (group.name, group.interface, group, None)
    if group.made_here:
        return GroupChange(*change, remove=group.rules, detach=group.attached, delete=True)
    if not group.adopted:
        return GroupChange(*change, kept=group.rules, unmanaged=group.rules)
    managed = tuple(rule for rule in group.rules if rule.managed)
    others = tuple(rule for rule in group.rules if not rule.managed)
    tags = tuple(key for key in group.tags if key.startswith("esacloud:"))
    return GroupChange(*change, remove=managed, kept=others, unmanaged=others, untag=tags)


def _by_key(rules: Iterable[LiveRule]) -> Rules:
    return {rule.key: rule for rule in rules}


def _without(rules: Iterable[LiveRule], others: Rules) -> tuple[LiveRule, ...]:
    return tuple(rule for rule in rules if rule.key not in others)


def _missing(names: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in known)
