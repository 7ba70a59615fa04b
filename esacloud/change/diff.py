"""What has to change in each group: rules by their keys, descriptions, tags, and what carries it.

Rules that this module obeys: a rule that the wanted state has is never foreign, whoever made it; a rule that esacloud made
and that nobody wants any more goes; what somebody else made goes, stays or is reported as the caller says. A group that is
not wanted any more is deleted only when `esacloud apply` made it.
"""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.change.model import GroupChange, LiveGroup, LiveRule, State, Unmanaged


def group_changes(
    before: State,
    desired: State,
    unmanaged: Unmanaged,
    *,
    exact_attachments: bool = False,
    begins: tuple[LiveRule, ...] = (),
) -> tuple[GroupChange, ...]:
    """The change of every group that either state has, unchanged ones included.

    `exact_attachments` also detaches from what the wanted state does not name; otherwise that is left alone. `begins` are
    the rules that the cloud gives to a new group.
    """
    return tuple(_changes(before, desired, unmanaged, exact_attachments, begins))


def _changes(
    before: State, desired: State, unmanaged: Unmanaged, exact: bool, begins: tuple[LiveRule, ...]
) -> Iterator[GroupChange]:
    there = {group.name: group for group in before.groups}
    for group in desired.groups:
        found = there.pop(group.name, None)
        yield _made(group, begins) if found is None else _changed(found, group, unmanaged, exact)
    for group in reversed(there.values()):
        yield _gone(group)


def _made(group: LiveGroup, begins: tuple[LiveRule, ...]) -> GroupChange:
    desired_ = {rule.key for rule in group.rules}
    surplus = tuple(rule for rule in begins if rule.key not in desired_)
    return GroupChange(
        group.name,
        group.interface,
        None,
        group,
        add=group.rules,
        begins=surplus,
        tags=group.tags,
        attach=group.attached,
    )


def _changed(before: LiveGroup, desired: LiveGroup, unmanaged: Unmanaged, exact: bool) -> GroupChange:
    is_there = {rule.key: rule for rule in before.rules}
    desired_ = {rule.key: rule for rule in desired.rules}
    surplus = [rule for key, rule in is_there.items() if key not in desired_]
    left = tuple(rule for rule in surplus if not rule.ours and unmanaged != "purge")
    kept = {rule.key for rule in left}
    describe = tuple(
        (is_there[key], rule)
        for key, rule in desired_.items()
        if key in is_there and is_there[key].description != rule.description
    )
    return GroupChange(
        before.name,
        before.interface,
        before,
        desired,
        add=tuple(rule for key, rule in desired_.items() if key not in is_there),
        remove=tuple(rule for rule in surplus if rule.key not in kept),
        describe=describe,
        stays=(*(rule for key, rule in is_there.items() if key in desired_), *left),
        unmanaged=left,
        tags={key: value for key, value in desired.tags.items() if before.tags.get(key) != value},
        untag=tuple(key for key in before.tags if key not in desired.tags) if exact else (),
        attach=tuple(one for one in desired.attached if one not in before.attached),
        detach=tuple(one for one in before.attached if one not in desired.attached) if exact else (),
    )


def _gone(group: LiveGroup) -> GroupChange:
    if group.made_here:
        return GroupChange(group.name, group.interface, group, None, remove=group.rules, detach=group.attached, delete=True)
    if group.adopted:
        ours = tuple(rule for rule in group.rules if rule.ours)
        others = tuple(rule for rule in group.rules if not rule.ours)
        marks = tuple(key for key in group.tags if key.startswith("esacloud:"))
        return GroupChange(
            group.name, group.interface, group, None, remove=ours, stays=others, unmanaged=others, untag=marks
        )
    return GroupChange(group.name, group.interface, group, None, stays=group.rules, unmanaged=group.rules)
